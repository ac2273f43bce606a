// The examples in docs/examples as text: each object is of a kind the operator knows and decodes without a
// complaint, and every kind has an example. That they become Ready on a server is shown elsewhere.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { fromObject } from '../src/kinds/codec/index.js';
import { kinds } from '../src/kinds/index.js';
import { group } from '../src/kinds/kind.js';

interface Example {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: unknown;
}

const folder = fileURLToPath(new URL('../docs/examples/', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');
const objectsOf = (file: string): Example[] =>
  parseAllDocuments(textOf(file)).map((document) => document.toJS() as Example);

const isOurs = ({ apiVersion }: Example): boolean => apiVersion.startsWith(`${group}/`);

describe.each(files)('%s', (file) => {
  it('opens with a comment on what it shows', () => {
    expect(textOf(file)).toMatch(/^# \S/);
  });

  it.each(objectsOf(file).filter(isOurs))(
    '$kind $metadata.name is an object the operator reads',
    (example) => {
      const kind = kinds.find(({ object }) => object.kind === example.kind);
      if (!kind) throw new Error(`no kind ${example.kind}`);
      expect(kind.object.versions.map(({ name }) => `${group}/${name}`)).toContain(example.apiVersion);
      expect(example.metadata.namespace).toBeUndefined();
      const { schema, hidden } = kind.spec;
      expect(() => fromObject(schema, example.spec, { path: 'spec', hidden })).not.toThrow();
    },
  );

  it('brings the Secrets that it refers to, and no others', () => {
    const objects = objectsOf(file);
    const secrets = objects.filter(({ kind }) => kind === 'Secret').map(({ metadata }) => metadata.name);
    const used = textOf(file).matchAll(/secret:\/\/([^/]+)\//g);
    expect(new Set(secrets)).toEqual(new Set([...used].map(([, name]) => name)));
    expect(objects.filter((object) => !isOurs(object)).map(({ kind }) => kind)).toEqual(
      secrets.map(() => 'Secret'),
    );
  });
});

it('has an example of every kind, and no name twice', () => {
  const all = files.flatMap(objectsOf).filter(isOurs);
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(kinds.map(({ object }) => object.kind)));
  // Roles of all versions share one namespace of names in Teleport.
  const names = all.map(({ kind, metadata }) => `${kind.replace(/V\d$/, '')}/${metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
});
