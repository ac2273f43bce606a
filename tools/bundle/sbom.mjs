// A CycloneDX list of what a bundle is made of: the packages esbuild put in, with their checksums from
// package-lock.json. An image builder adds what is in the base image.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** CycloneDX 1.5. The same input gives the same bytes: no time, no random serial number. */
export function sbom(root, packages) {
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: component('application', own) },
    components: packages.map(({ path, ...found }) => ({
      ...component('library', found),
      hashes: hashes(lock[path]?.integrity),
    })),
  };
}

function component(type, { name, version, license }) {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  return { type, name, version, purl, 'bom-ref': purl, licenses: [licenceOf(license)] };
}

/** One licence by its SPDX id; several as an expression. */
function licenceOf(license) {
  return /[ ()]/.test(license) ? { expression: license } : { license: { id: license } };
}

/** npm's integrity is base64, CycloneDX wants hexadecimal digits. */
function hashes(integrity) {
  const match = /^sha512-(.*)$/.exec(integrity ?? '');
  return match ? [{ alg: 'SHA-512', content: Buffer.from(match[1], 'base64').toString('hex') }] : [];
}
