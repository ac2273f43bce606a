// Which npm packages are in a bundle, as esbuild's metafile tells, and what their licences say.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The packages whose files are in the bundle, sorted by name.
 * @returns {{name: string, version: string, license: string, folder: string}[]}
 */
export function packagesOf(root, metafile) {
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) folders.add(match[1]);
  }
  return [...folders]
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
      // as package-lock.json names it; node_modules may be a link to another place
      const path = folder.slice(folder.indexOf('node_modules/'));
      return { name, version, license, folder: join(root, folder), path };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** The licence texts, as most licences demand of those who hand copies on. */
export function licences(packages) {
  return packages
    .map(({ name, version, license, folder }) => {
      const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)(\.|$)/i.test(entry));
      const text =
        file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8').trim() : '';
      return `${name} ${version} (${license})\n\n${text || `No text in the package; ${license}.`}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
