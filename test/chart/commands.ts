// Every command that the documents show: in blocks, tables and sentences, the chart's notes, comments of deploy/ and values.yaml.
// What becomes of each is in command-fates.ts.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './helm.js';

export interface Command {
  readonly document: string;
  /** On one line, without comment, prompt and `&`. */
  readonly text: string;
  /** The language of its block; undefined outside of blocks. */
  readonly block?: string;
}

const program =
  /^(kubectl|helm|tctl|npm|npx|node|docker|teleport-operator|dist\/bundle\/teleport-operator|curl|git|go|export|\.ci\/run)(?=[ ]|$)/;

export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

function below(folder: string, pattern: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name));
}

/** What a reader may copy from; the changelog only tells what there is. */
export const documents: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...below('docs', /\.md$/),
  ...below('charts', /(README\.md|NOTES\.txt|\/values\.yaml)$/),
  ...below('deploy', /\.(yaml|lua)$/),
]
  .filter((path) => existsSync(join(root, path)))
  .toSorted();

const block = /^```(\w*)\n(.*?)^```$/gms;

/** The blocks of a document in one language, as they stand. */
export function blocks(document: string, language: string): string[] {
  return [...read(document).matchAll(block)]
    .filter(([, name]) => name === language)
    .map(([, , content = '']) => content);
}

function plain(line: string): string {
  return line
    .replace(/^[\s#]*(\$ )?/, '')
    .replace(/(^|\s)# .*$/, '')
    .replace(/&\s*$/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

export function commandsOf(document: string): Command[] {
  const text = read(document);
  const inBlocks = [...text.matchAll(block)].flatMap(([, language = '', content = '']) =>
    content
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      // what a program printed is no command; in a block without a language commands have a prompt
      .filter((line) => language !== '' || line.startsWith('$ '))
      .map((line) => ({ document, text: plain(line), block: language })),
  );
  const rest = text.replaceAll(block, '');
  // in Markdown it may go on in the next line
  const span = document.endsWith('.md') ? /`([^`]+)`/g : /`([^`\n]+)`/g;
  const inline = [...rest.matchAll(span)].map(([, code = '']) => ({ document, text: plain(code) }));
  // lines of their own in notes and comments
  const lines = document.endsWith('.md')
    ? []
    : rest
        .split('\n')
        .filter((line) => /^(#   |     )\S/.test(line))
        .map((line) => ({ document, text: plain(line) }));
  return [...inBlocks, ...inline, ...lines].filter(({ text: command }) => isCommand(command));
}

function isCommand(text: string): boolean {
  return program.test(text) && (text.includes(' ') || text === '.ci/run');
}
