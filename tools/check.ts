// npm run check: everything that can be judged without running the operator. All steps run, also after one
// has failed, so that one run tells all there is to mend. The list of steps is below; to add one, add a line.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CustomResourceDefinition, undescribed } from '../src/kinds/crd/index.js';
import { unprovedRows } from './check/failure-modes.js';
import { brokenLinks } from './check/links.js';
import { bannedWords, codeFolders, longFiles } from './check/sources.js';
import { looseVersions } from './check/versions.js';
import { layerViolations } from './layers.js';

interface Verdict {
  readonly problems: readonly string[];
  /** Shown also where nothing is wrong. */
  readonly notes?: readonly string[];
}

interface Step {
  readonly name: string;
  run(): Verdict;
}

const sources = readSources();
const manifest = readJson('package.json') as { dependencies: Record<string, string> };

/** Tests that only read: what the documents say against what the code has. */
const documentTests = ['test/chart/commands.test.ts', 'src/reconcile/catalogue.test.ts'];

const steps: readonly Step[] = [
  { name: 'format', run: () => program('biome', ['check', '--colors=off', '--reporter=summary', '.']) },
  { name: 'lint', run: () => program('oxlint', ['--type-aware', '--deny-warnings', '--format=unix']) },
  { name: 'types', run: () => program('tsc', ['-p', '.', '--pretty', 'false']) },
  {
    name: 'layers',
    run: () => ({ problems: layerViolations(sources, Object.keys(manifest.dependencies)) }),
  },
  { name: 'words', run: () => ({ problems: bannedWords(sources) }) },
  {
    name: 'sizes',
    run: () => {
      const { listed, refused } = longFiles(sources);
      return { problems: refused, notes: listed };
    },
  },
  { name: 'failure modes', run: failureModes },
  {
    // A change of a document alone breaks these, and nothing else that is quick would tell.
    name: 'documents',
    run: () => program('vitest', ['run', '--reporter=dot', ...documentTests]),
  },
  { name: 'links', run: () => ({ problems: brokenLinks('.', documents()) }) },
  {
    name: 'versions',
    run: () => ({ problems: looseVersions(manifest, readJson('package-lock.json') as object) }),
  },
  { name: 'generated', run: () => outcome(process.execPath, ['tools/run.mjs', 'tools/gen.ts', '--check']) },
  { name: 'descriptions', run: descriptions },
];

const failed: string[] = [];
for (const step of steps) {
  const start = performance.now();
  const { problems, notes = [] } = attempt(step);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${problems.length > 0 ? 'FAILED' : 'ok    '} ${step.name} (${seconds} s)`);
  for (const note of notes) console.log(`         ${note}`);
  for (const problem of problems) console.log(`       - ${problem.replaceAll('\n', '\n         ')}`);
  if (problems.length > 0) failed.push(step.name);
}
if (failed.length > 0) {
  console.log(`check failed: ${failed.join(', ')}`);
  process.exitCode = 1;
} else {
  console.log('check passed');
}

function attempt(step: Step): Verdict {
  try {
    return step.run();
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function program(name: string, args: readonly string[]): Verdict {
  return outcome(join('node_modules', '.bin', name), args);
}

/** What a program prints is a problem where it fails. */
function outcome(command: string, args: readonly string[]): Verdict {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  if (error) throw error;
  if (status === 0) return { problems: [] };
  const text = [stdout, stderr].map((part) => part.trim()).filter((part) => part !== '');
  return { problems: [text.join('\n') || `${command} ended with code ${status}`] };
}

/** What happens when something is down, slow or wrong is shown by a test. */
function failureModes(): Verdict {
  const path = 'docs/failure-modes.md';
  const problems = unprovedRows(readFileSync(path, 'utf8'), (test) => sources.get(test));
  return { problems: problems.map((problem) => `${path}: ${problem}`) };
}

/** Every property of every CRD helps the reader of `kubectl explain`. */
function descriptions(): Verdict {
  const crds = readJson('src/gen/crds.json') as CustomResourceDefinition[];
  const missing = crds.flatMap(undescribed);
  return {
    problems: missing.map((path) => `${path}: write what it means as a comment in proto/, then npm run gen`),
  };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Our own Markdown. */
function documents(): string[] {
  const below = readdirSync('.', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^(\.|node_modules$|dist$)/.test(entry.name))
    .flatMap(({ name }) =>
      readdirSync(name, { recursive: true, encoding: 'utf8' }).map((path) => join(name, path)),
    );
  return [...readdirSync('.'), ...below].filter((path) => path.endsWith('.md'));
}

/** Our own TypeScript, less what is generated, by path from the root. */
function readSources(): Map<string, string> {
  const files = new Map<string, string>();
  for (const folder of codeFolders) {
    if (!existsSync(folder)) continue;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (!entry.isFile() || !/\.(ts|mjs)$/.test(path) || path.startsWith(join('src', 'gen'))) continue;
      files.set(path, readFileSync(path, 'utf8'));
    }
  }
  return files;
}
