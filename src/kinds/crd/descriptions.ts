// Whether a CRD helps the reader of `kubectl explain`: finds what is described by nothing, or only by its own
// name. Used by `npm run check` and the tests.
import type { CustomResourceDefinition, Schema } from './types.js';

/** Words that say nothing beside the name. */
const filler = new Set(
  'a an the of for to in on is are be this that it its which value values field fields setting option list name contains holds specifies defines represents sets describes'.split(
    ' ',
  ),
);

/**
 * Paths of properties that have no description, or one that only repeats the property's name.
 * A kind's `metadata` is described by Kubernetes itself.
 */
export function undescribed(crd: CustomResourceDefinition): string[] {
  const found = new Set<string>();
  for (const version of crd.spec.versions) {
    const at = crd.spec.names.kind;
    const root = version.schema.openAPIV3Schema;
    if (saysNothing(at, root.description)) found.add(at);
    walk(root, at, found);
  }
  found.delete(`${crd.spec.names.kind}.metadata`);
  return [...found];
}

function walk(schema: Schema, at: string, found: Set<string>): void {
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (saysNothing(name, property.description)) found.add(`${at}.${name}`);
    walk(property, `${at}.${name}`, found);
  }
  if (schema.items) walk(schema.items, `${at}[]`, found);
  if (schema.additionalProperties) walk(schema.additionalProperties, `${at}{}`, found);
}

/** Whether a description is missing or holds no word beyond the name and filler. */
export function saysNothing(name: string, description: string | undefined): boolean {
  const known = new Set(words(name).map(stem));
  const own = words(description ?? '').filter((word) => !filler.has(word) && !known.has(stem(word)));
  return own.length < 2;
}

function words(text: string): string[] {
  return text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
}

/** Singular and plural are one word here. */
function stem(word: string): string {
  return word.replace(/(ies|es|s)$/, '');
}
