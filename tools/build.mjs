// npm run build: checks the types of src/ and makes dist/main.js, the program that the image runs too. Where the sources have
// type errors the old dist/ is gone and no new one is made, so that nobody runs a half of each.
//
//   node tools/build.mjs [--out dist]
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildProgram } from './bundle/program.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } });
const dist = resolve(values.out);

rmSync(dist, { recursive: true, force: true });
const { status, error } = spawnSync(
  process.execPath,
  [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
  { cwd: root, stdio: 'inherit' },
);
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);
await buildProgram({ root, folder: dist, name: 'main.js' });
chmodSync(join(dist, 'main.js'), 0o755);
