// Which npm packages are in a bundle, as esbuild's metafile tells, and what their licences say.
import { readdirSync, readFileSync } from 'node:fs';
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

/**
 * What is left of each package where npm would have put it, and of our own: scanners of images know npm packages by their package.json.
 * @returns {{path: string, text: string}[]}
 */
export function manifests(root, packages) {
  const own = { ...JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')), path: '' };
  return [own, ...packages].map(({ path, name, version, license }) => ({
    path: join(path, 'package.json'),
    text: `${JSON.stringify({ name, version, license })}\n`,
  }));
}

/**
 * The licence texts and notices, as most licences demand of those who hand copies on.
 * @throws Error for a package that brings neither a text nor notices in its files, and is not under the licence of our own
 */
export function licences(root, metafile, packages) {
  return packages
    .map((found) => {
      const { name, version, license, folder } = found;
      const parts = textsOf(folder);
      if (!parts.some(({ licence }) => licence)) {
        parts.push(...heads(root, metafile, found));
        if (license.includes('Apache-2.0'))
          parts.push({
            text: 'The text of Apache-2.0 is in LICENSE beside this file.',
          });
      }
      if (parts.length === 0)
        throw new Error(`${name} ${version} (${license}) has no licence text to hand on`);
      return `${name} ${version} (${license.replace(/^\((.*)\)$/, '$1')})\n\n${parts.map(({ text }) => text).join('\n\n')}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** Files of the package that say what may be done with it. */
function textsOf(folder) {
  return readdirSync(folder)
    .filter((entry) => /^(licen[cs]e|copying|notice)(\.|$)/i.test(entry))
    .map((entry) => ({
      licence: !/^notice/i.test(entry),
      text: readFileSync(join(folder, entry), 'utf8').trim(),
    }));
}

/** Notices at the head of the package's files in the bundle, which the bundler drops: each once. */
function heads(root, metafile, { path }) {
  const texts = Object.keys(metafile.inputs)
    .filter((input) => input.includes(`${path}/`))
    .map((input) => /^(?:\/\/.*\n)+/.exec(readFileSync(join(root, input), 'utf8'))?.[0] ?? '')
    .filter((comment) => /copyright/i.test(comment))
    .map((comment) => comment.replaceAll(/^\/\/ ?/gm, '').trim());
  return [...new Set(texts)].map((text) => ({ text }));
}
