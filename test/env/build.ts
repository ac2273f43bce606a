// The operator's program as `npm run build` makes it, in a folder named after the sources' content: test runs
// side by side never build over one another, and nothing stale is ever tested.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

let built: string | undefined;

/**
 * Path of main.js: OPERATOR_PROGRAM where that is set, else built from the sources as they are at the first
 * call; a test file works with one build all the time.
 * @throws with the compiler's output when they don't compile
 */
export function operatorProgram(): string {
  built ??= process.env['OPERATOR_PROGRAM'] ?? build();
  return built;
}

function build(): string {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|json)$/.test(name) && !name.endsWith('.test.ts'))
    .toSorted();
  const hash = createHash('sha256').update(readFileSync(join(root, 'tsconfig.json')));
  for (const name of sources) hash.update(name).update(readFileSync(join(root, 'src', name)));
  const builds = join(root, 'node_modules', '.cache', 'operator');
  const folder = join(builds, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    const draft = `${folder}.${process.pid}`;
    mkdirSync(draft, { recursive: true });
    compile(draft);
    // files below node_modules are CommonJS unless a package.json says otherwise
    writeFileSync(join(draft, 'package.json'), '{ "type": "module" }\n');
    cpSync(join(root, 'src/gen/crds.json'), join(draft, 'gen/crds.json'));
    try {
      renameSync(draft, folder);
    } catch {
      rmSync(draft, { recursive: true, force: true }); // another test run was first
    }
  }
  return join(folder, 'main.js');
}

function compile(outDir: string): void {
  const compiler = join(root, 'node_modules/.bin/tsc');
  try {
    execFileSync(compiler, ['-p', 'tsconfig.build.json', '--outDir', outDir], { cwd: root, stdio: 'pipe' });
  } catch (error) {
    rmSync(outDir, { recursive: true, force: true });
    throw new Error(`the operator does not compile:\n${String((error as { stdout: Buffer }).stdout)}`, {
      cause: error,
    });
  }
}
