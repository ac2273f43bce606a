// Holds CRDs against test/facts/crds.json: every object that is valid for the Go operator's CRD must be valid
// for ours and lose no field. More properties, versions and kinds than there are fine.
import type { CustomResourceDefinition, Schema } from '../../src/kinds/crd/index.js';

export interface CrdFacts {
  group: string;
  scope: string;
  kinds: Record<string, KindFacts>;
  status: Schema;
  specs: Record<string, Schema>;
}

interface KindFacts {
  plural: string;
  singular: string;
  listKind: string;
  shortNames: string[];
  /** Columns as `name jsonPath`. */
  versions: Record<string, { served: boolean; storage: boolean; columns: string[] }>;
  /** The key of its schema in specs. */
  spec: string;
}

/** Whatever narrows a schema. */
const bounds = ['enum', 'pattern', 'minimum', 'minLength', 'maxLength', 'required'] as const;

export function compareCrd(facts: CrdFacts, crd: CustomResourceDefinition): string[] {
  const { names, versions } = crd.spec;
  const wanted = facts.kinds[names.kind];
  const spec = facts.specs[wanted?.spec ?? ''];
  if (!wanted || !spec) return [];
  const found: string[] = [];
  const same = (what: string, actual: unknown, fact: unknown): void => {
    if (actual !== fact) found.push(`${names.kind}: ${what} is ${String(actual)}, should be ${String(fact)}`);
  };
  same('name', crd.metadata.name, `${wanted.plural}.${facts.group}`);
  same('group', crd.spec.group, facts.group);
  same('scope', crd.spec.scope, facts.scope);
  for (const name of ['plural', 'singular', 'listKind'] as const) same(name, names[name], wanted[name]);
  for (const name of wanted.shortNames) {
    if (!names.shortNames?.includes(name)) found.push(`${names.kind}: short name ${name} is missing`);
  }
  for (const [name, version] of Object.entries(wanted.versions)) {
    const at = `${names.kind} ${name}`;
    const actual = versions.find((candidate) => candidate.name === name);
    if (!actual) {
      found.push(`${at}: is missing`);
      continue;
    }
    same(`${name} served`, actual.served, version.served);
    same(`${name} storage`, actual.storage, version.storage);
    const columns = actual.additionalPrinterColumns.map((column) => `${column.name} ${column.jsonPath}`);
    for (const column of version.columns) {
      if (!columns.includes(column)) found.push(`${at}: column ${column} is missing`);
    }
    const properties = actual.schema.openAPIV3Schema.properties ?? {};
    found.push(...narrower(spec, properties['spec'], `${at} .spec`));
    found.push(...narrower(facts.status, properties['status'], `${at} .status`));
  }
  return found;
}

/** Where a value that the wanted schema takes would be refused, or lose fields. */
export function narrower(wanted: Schema, actual: Schema | undefined, at: string): string[] {
  if (!actual) return [`${at}: is missing`];
  const form = formOf(wanted);
  if (formOf(actual) !== form) return [`${at}: is ${formOf(actual)}, should be ${form}`];
  const found: string[] = [];
  if (wanted.nullable && !actual.nullable) found.push(`${at}: refuses null`);
  if (actual.format !== undefined && actual.format !== wanted.format) {
    found.push(`${at}: format ${actual.format}, should be ${wanted.format ?? 'none'}`);
  }
  for (const bound of bounds) {
    if (actual[bound] !== undefined && JSON.stringify(actual[bound]) !== JSON.stringify(wanted[bound])) {
      found.push(`${at}: has a ${bound} of its own`);
    }
  }
  for (const [name, property] of Object.entries(wanted.properties ?? {})) {
    found.push(...narrower(property, actual.properties?.[name], `${at}.${name}`));
  }
  if (wanted.items) found.push(...narrower(wanted.items, actual.items, `${at}[]`));
  if (wanted.additionalProperties) {
    found.push(...narrower(wanted.additionalProperties, actual.additionalProperties, `${at}{}`));
  }
  return found;
}

/** Free forms are forms too: one that is free where the Go operator's is not leaves mistakes to nobody. */
function formOf(schema: Schema): string {
  if (schema['x-kubernetes-preserve-unknown-fields']) return 'free-form';
  if (schema['x-kubernetes-int-or-string']) return 'integer or string';
  return schema.type ?? 'without a type';
}
