// npm run build: compiles src/ to dist/ and makes dist/main.js executable.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
if (existsSync('src/gen/crds.json')) cpSync('src/gen/crds.json', 'dist/gen/crds.json');
chmodSync('dist/main.js', 0o755);
