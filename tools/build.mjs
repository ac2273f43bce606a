// npm run build: compiles src/ to dist/ and makes dist/main.js executable. Where the sources have type errors
// the old dist/ is gone and no new one is made, so that nobody runs a half of each.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const { status, error } = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json', '--noEmitOnError'],
  { cwd: root, stdio: 'inherit' },
);
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);
// tsc writes JSON modules anew with its own indentation; ship the bytes that are committed.
cpSync(join(root, 'src', 'gen', 'crds.json'), join(dist, 'gen', 'crds.json'));
const main = join(dist, 'main.js');
if (!existsSync(main)) {
  console.error('build: src/main.ts was not compiled');
  process.exit(1);
}
chmodSync(main, 0o755);
