// The Dockerfile read, and its first stage run without an image builder: command by command in a plain folder that holds what the stage
// would hold.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from './helm.js';

export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** What a COPY takes, from where: the context, if it does not say, or the stage that it names. */
export function copyOf(rest: string): { from?: string; sources: string[]; target: string } {
  const words = rest.split(' ');
  const from = words.find((word) => word.startsWith('--from='))?.slice('--from='.length);
  const paths = words.filter((word) => !word.startsWith('--'));
  return { ...(from === undefined ? {} : { from }), sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** The stages of the Dockerfile, each from its FROM. */
export function stages(): Instruction[][] {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/\\\n/g, ' ');
  const all: Instruction[][] = [];
  for (const line of text.split('\n')) {
    const [, name = '', rest = ''] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    if (name === 'FROM') all.push([]);
    if (name !== '') all.at(-1)?.push({ name, rest });
  }
  return all;
}

export interface Stage {
  /** For whatever a test puts beside it, too. */
  readonly folder: string;
  /** What the stage has made: the last one's root, but for Node. */
  readonly out: string;
  /** The commands, as they stand in the Dockerfile. */
  readonly ran: readonly string[];
}

/** Runs the first stage in a folder of its own; a minute at most. */
export function runFirstStage(): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'operator-stage-'));
  const out = join(folder, 'rootfs');
  const ran: string[] = [];
  const work = join(folder, 'src');
  mkdirSync(work);
  for (const { name, rest } of stages()[0] ?? []) {
    if (name === 'COPY') {
      const { sources, target } = copyOf(rest);
      for (const source of sources) {
        // a folder's content comes into the target, a file into it where it ends with a slash
        const to = target.endsWith('/') ? join(work, target, source) : join(work, target);
        cpSync(join(root, source), to, { recursive: true });
      }
    } else if (name === 'RUN' && rest.startsWith('npm ci')) {
      // the packages that are installed here are those of the lock file: `.ci/run` installed them so
      symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));
      ran.push(rest);
    } else if (name === 'RUN') {
      // a plain folder is no root, and Node stands elsewhere
      const command = rest
        .replace('--out /rootfs', `--out ${out}`)
        .replace('/usr/local/bin/node', process.execPath);
      expect(command).not.toBe(rest);
      execFileSync('/bin/sh', ['-ec', command], { cwd: work, stdio: 'pipe' });
      ran.push(rest);
    }
  }
  return { folder, out, ran };
}
