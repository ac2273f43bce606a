// The objects of docs/examples as text, for the documents that show them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Example } from './docs-kinds.js';

/** Every object in the files' order; comment lines before an object are its file's, not its own. */
export function readExamples(folder: string): Example[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .split(/^---$/m)
        .map((text) => text.replace(/^(\s*#.*\n|\s*\n)+/, '').trimEnd())
        .map((text) => ({ file, text, kind: (parse(text) as { kind?: string } | null)?.kind ?? '' })),
    );
}
