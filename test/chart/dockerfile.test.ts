// The Dockerfile, stage by stage: what goes into each, what each takes from the others, and how the last one is set up. The program that
// comes out is image.test.ts’s matter.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { version } from '../../src/cli/version.js';
import { copyOf, runFirstStage, stages } from './first-stage.js';
import { root } from './helm.js';

/** What is taken out of Node's own image, as that is laid out: there is none here to look into. */
const ofNode = ['/usr/local/bin/node', '/usr/local/LICENSE'];

describe('the image', () => {
  let folder: string;
  let out: string;
  let ran: readonly string[];
  beforeAll(() => {
    ({ folder, out, ran } = runFirstStage());
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is made by the commands of the first stage', () => {
    expect(ran).toEqual([
      'npm ci --ignore-scripts',
      "node tools/bundle.mjs --out /rootfs --node '/usr/local/bin/node --no-concurrent-recompilation'",
    ]);
  });

  it('takes into the stage only what .dockerignore lets through', () => {
    const kept = readFileSync(join(root, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    const copied = (stages()[0] ?? [])
      .filter(({ name }) => name === 'COPY')
      .flatMap(({ rest }) => copyOf(rest).sources);
    expect(kept.map((line) => line.slice(1)).toSorted()).toEqual(copied.toSorted());
  });

  it('finds in every stage what it copies from the others', () => {
    const all = stages();
    const copies = all.flat().filter(({ name, rest }) => name === 'COPY' && rest.startsWith('--from='));
    const made = all.flatMap((stage) => {
      const { 1: name = '' } = / AS (\S+)$/.exec(stage[0]?.rest ?? '') ?? [];
      return stage.filter((line) => line.name === 'COPY').map(({ rest }) => `${name}:${copyOf(rest).target}`);
    });
    expect(copies).toHaveLength(4);
    for (const { rest } of copies) {
      const { from = '', sources } = copyOf(rest);
      for (const source of sources) {
        if (from === 'bundle')
          expect(existsSync(join(out, source.replace(/^\/rootfs/, ''))), rest).toBe(true);
        else if (from === 'node') expect(ofNode, rest).toContain(source);
        else expect(made.filter((path) => path.startsWith(`${from}:${source}`)).length, rest).toBe(2);
      }
    }
    // where the bundle's first line looks for it
    expect(made).toContain('runtime:/rootfs/usr/local/bin/node');
  });

  it('holds Node in a layer that is the same whenever it is made', () => {
    const [, , runtime = []] = stages();
    const work = join(folder, 'runtime');
    const paths = runtime
      .filter(({ name }) => name === 'COPY')
      .map(({ rest }) => copyOf(rest).target.replace(/^\/rootfs/, work));
    for (const path of paths) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, '');
    }
    // as Node's own image has it
    utimesSync(join(work, 'usr/local/bin/node'), 1_767_225_600, 1_767_225_600);
    const runs = runtime
      .filter(({ name }) => name === 'RUN')
      .map(({ rest }) => rest.replaceAll('/rootfs', work));
    expect(runs).toHaveLength(1);
    for (const command of runs) execFileSync('/bin/sh', ['-ec', command]);
    const files = readdirSync(work, { recursive: true, encoding: 'utf8' });
    expect(files).toHaveLength(6);
    for (const file of ['.', ...files])
      expect(lstatSync(join(work, file)).mtime.toISOString(), file).toBe('2026-01-01T00:00:00.000Z');
    // one layer each on that of the base, and Node's below ours, which changes with each version
    const layers = (stages().at(-1) ?? []).filter(({ name }) =>
      ['COPY', 'RUN', 'ADD', 'WORKDIR'].includes(name),
    );
    expect(layers.map(({ rest }) => rest)).toEqual(['--from=runtime /rootfs/ /', '--from=bundle /rootfs/ /']);
  });

  it('takes bases of its own choice or of the builder’s, in exact versions, with no shell in the last', () => {
    const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
    expect(text).toMatch(/^ARG NODE=node:\d+\.\d+\.\d+-/m);
    expect(text).toMatch(/^ARG BASE=gcr\.io\/distroless\/cc-[a-z0-9]+:nonroot$/m);
    const bases = stages().map(([first]) => first?.rest);
    expect(bases).toEqual([
      '--platform=$BUILDPLATFORM ${NODE} AS bundle',
      '${NODE} AS node',
      '--platform=$BUILDPLATFORM ${NODE} AS runtime',
      '${BASE}',
    ]);
  });

  it('runs as nobody, without a shell, with labels that name version and list', () => {
    const last = stages().at(-1) ?? [];
    const said = (name: string) =>
      last
        .filter((line) => line.name === name)
        .map(({ rest }) => rest)
        .join(' ');
    expect(said('USER')).toBe('65532:65532');
    expect(said('ENTRYPOINT')).toBe('["/teleport-operator"]');
    expect(said('RUN')).toBe('');
    // where the build isn't told
    expect(last.find(({ rest }) => rest.startsWith('VERSION='))?.rest).toBe(`VERSION=${version}`);
    for (const label of ['licenses', 'version', 'revision', 'created', 'base.name'])
      expect(said('LABEL')).toContain(`org.opencontainers.image.${label}=`);
    expect(existsSync(join(out, /sbom="\/([^"]*)"/.exec(said('LABEL'))?.[1] ?? ''))).toBe(true);
  });
});
