// Runs a TypeScript file of this repository: bundles our own files in memory, leaves packages to
// node_modules, and hands the remaining arguments on. Node 20 cannot read TypeScript itself.
//
//   node tools/run.mjs tools/gen.ts [args...]
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [entry, ...args] = process.argv.slice(2);
if (!entry) {
  console.error('usage: node tools/run.mjs FILE.ts [args...]');
  process.exit(2);
}
/** Files find what lies beside them by import.meta.url, so each keeps its own, bundled or not. */
const ownUrls = {
  name: 'own-urls',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      if (path.includes('node_modules') || !source.includes('import.meta.url')) return undefined;
      return {
        contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
        loader: 'ts',
      };
    }),
};
const { outputFiles } = await build({
  entryPoints: [resolve(root, entry)],
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  logLevel: 'error',
  plugins: [ownUrls],
});
const folder = join(root, 'node_modules', '.cache', 'run');
mkdirSync(folder, { recursive: true });
const file = join(folder, `${process.pid}-${entry.replaceAll(/\W/g, '_')}.mjs`);
writeFileSync(file, outputFiles[0].contents);
process.on('exit', () => rmSync(file, { force: true }));
process.argv = [process.argv[0], file, ...args];
process.setSourceMapsEnabled(true);
await import(pathToFileURL(file).href);
