// The operator's program as `npm run build` makes it, in a folder named after the sources' content: test runs
// side by side never build over one another, and nothing stale is ever tested.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
  const hash = createHash('sha256');
  // what is in it beside the sources, and how it is put together
  for (const name of ['package-lock.json', 'tsconfig.json', 'tools/build.mjs', 'tools/bundle/program.mjs'])
    hash.update(readFileSync(join(root, name)));
  for (const name of sources) hash.update(name).update(readFileSync(join(root, 'src', name)));
  const builds = join(root, 'node_modules', '.cache', 'operator');
  const folder = join(builds, hash.digest('hex').slice(0, 16));
  if (!existsSync(folder)) {
    const draft = `${folder}.${process.pid}`;
    mkdirSync(draft, { recursive: true });
    compile(draft);
    // files below node_modules are CommonJS unless a package.json says otherwise
    writeFileSync(join(draft, 'package.json'), '{ "type": "module" }\n');
    try {
      renameSync(draft, folder);
    } catch {
      rmSync(draft, { recursive: true, force: true }); // another test run was first
    }
  }
  return join(folder, 'main.js');
}

function compile(outDir: string): void {
  try {
    execFileSync(process.execPath, ['tools/build.mjs', '--out', outDir], { cwd: root, stdio: 'pipe' });
  } catch (error) {
    rmSync(outDir, { recursive: true, force: true });
    const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
    throw new Error(`the operator does not compile:\n${String(stdout)}${String(stderr)}`, { cause: error });
  }
}
