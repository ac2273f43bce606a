// Links between the documents of this repository must lead somewhere. Addresses on the web are not asked.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Sentences about relative links, in the given Markdown files, to files or headings that there are not. */
export function brokenLinks(root: string, paths: readonly string[]): string[] {
  const found: string[] = [];
  for (const path of paths) {
    for (const [, target = ''] of prose(readFileSync(join(root, path), 'utf8')).matchAll(
      /\]\(([^)\s]+)\)/g,
    )) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = '', anchor] = target.split('#');
      const resolved = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, resolved))) found.push(`${path}: ${target} is not there`);
      else if (anchor && resolved.endsWith('.md') && !headings(join(root, resolved)).has(anchor)) {
        found.push(`${path}: ${target}: ${resolved} has no such heading`);
      }
    }
  }
  return found;
}

/** The anchors of a document's headings, made as GitHub makes them. */
function headings(path: string): Set<string> {
  const lines = prose(readFileSync(path, 'utf8')).matchAll(/^#+\s+(.*)$/gm);
  return new Set(
    [...lines].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}

/** A document without its blocks of code. */
function prose(text: string): string {
  return text.replaceAll(/^```.*?^```/gms, '');
}
