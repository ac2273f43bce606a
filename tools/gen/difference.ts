// Compares what the generators made with what is committed, and says it in words for `npm run check`.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface Difference {
  readonly path: string;
  readonly kind: 'missing' | 'changed' | 'stale';
  /** The first line that differs, as it stands and as it should. */
  readonly detail: string;
}

/**
 * What would change if the files were written.
 * @param owned folders in which every file is generated, so that one which no generator makes is stale
 */
export function differences(
  root: string,
  files: ReadonlyMap<string, string>,
  owned: readonly string[],
): Difference[] {
  const found: Difference[] = [];
  for (const [path, wanted] of files) {
    const file = join(root, path);
    if (!existsSync(file)) {
      found.push({ path, kind: 'missing', detail: '' });
      continue;
    }
    const actual = readFileSync(file, 'utf8');
    if (actual !== wanted) found.push({ path, kind: 'changed', detail: firstChange(actual, wanted) });
  }
  for (const folder of owned) {
    for (const path of filesBelow(root, folder)) {
      if (!files.has(path)) found.push({ path, kind: 'stale', detail: '' });
    }
  }
  return found;
}

/** Makes the tree as the generators want it. */
export function apply(
  root: string,
  files: ReadonlyMap<string, string>,
  changes: readonly Difference[],
): void {
  for (const { path, kind } of changes) {
    const file = join(root, path);
    if (kind === 'stale') {
      rmSync(file);
      continue;
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, files.get(path) ?? '');
  }
}

function filesBelow(root: string, folder: string): string[] {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

/** `line 12: "old" is now "new"`, long lines cut. */
export function firstChange(actual: string, wanted: string): string {
  const before = actual.split('\n');
  const after = wanted.split('\n');
  const line = after.findIndex((text, index) => text !== before[index]);
  const at = line < 0 ? after.length : line;
  const show = (text: string | undefined): string =>
    text === undefined ? 'nothing' : JSON.stringify(text.trim().slice(0, 90));
  return `line ${at + 1}: ${show(before[at])} should be ${show(after[at])}`;
}
