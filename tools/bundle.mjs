// npm run bundle: src/ and the packages it needs as the program that the image runs (bundle/program.mjs), with the
// licences of what is in it and a list of it (SBOM). Nothing else is needed beside Node.
//
//   node tools/bundle.mjs [--out dist/bundle] [--node /usr/bin/env node]
//
// With SOURCE_DATE_EPOCH (seconds since 1970) set, everything is dated with it.
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { licences, manifests, packagesOf } from './bundle/packages.mjs';
import { buildProgram } from './bundle/program.mjs';
import { sbom } from './bundle/sbom.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'dist', 'bundle') },
    // the image has no /usr/bin/env
    node: { type: 'string', default: '/usr/bin/env node' },
  },
});
const out = resolve(values.out);
const app = join(out, 'app');
const main = join(app, 'teleport-operator.mjs');
const start = performance.now();

rmSync(out, { recursive: true, force: true });
mkdirSync(app, { recursive: true });
const metafile = await buildProgram({ root, folder: app, name: basename(main), node: values.node });
// Teleport's chart starts /teleport-operator; Node resolves the link, so the .mjs is seen
symlinkSync('app/teleport-operator.mjs', join(out, 'teleport-operator'));

const packages = packagesOf(root, metafile);
copyFileSync(join(root, 'LICENSE'), join(app, 'LICENSE'));
writeFileSync(join(app, 'THIRD-PARTY-LICENSES.txt'), licences(root, metafile, packages));
// no name that scanners read (`*.cdx.json`): they would list each package twice
writeFileSync(join(app, 'bom.json'), `${JSON.stringify(sbom(root, packages), undefined, 1)}\n`);
for (const { path, text } of manifests(root, packages)) {
  mkdirSync(dirname(join(app, path)), { recursive: true });
  writeFileSync(join(app, path), text);
}
const files = readdirSync(out, { recursive: true }).map((name) => join(out, String(name)));
// whatever the umask of who checked this out: another user runs it, and the same commit is to give the same layer
for (const path of [...files, out]) {
  const stat = lstatSync(path);
  if (!stat.isSymbolicLink()) chmodSync(path, stat.isDirectory() || path === main ? 0o755 : 0o644);
}
const date = process.env.SOURCE_DATE_EPOCH;
if (date !== undefined && date !== '') {
  // folders last: what is made in them dates them anew
  for (const path of [...files, out]) lutimesSync(path, Number(date), Number(date));
}
const scripts = files.filter((path) => path.endsWith('.mjs'));
const kilobytes = (paths) => Math.round(paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1000);
const maps = files.filter((path) => path.endsWith('.map'));
console.log(
  `${main}: ${kilobytes(scripts)} kB, source maps ${kilobytes(maps)} kB, ${packages.length} packages, ${Math.round(performance.now() - start)} ms`,
);
