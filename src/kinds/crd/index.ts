// A kind's declaration and the .proto comments to its CustomResourceDefinition. Pure: tools/gen calls it and
// commits the result as src/gen/crds.json, which the `crds` command prints and the sandbox serves.
import { group, type Kind, type PrinterColumn } from '../kind.js';
import { type Describe, messageSchema } from './schema.js';
import { statusSchema } from './status.js';
import type { CrdColumn, CustomResourceDefinition, Schema } from './types.js';

export { undescribed } from './descriptions.js';
export type { Describe } from './schema.js';
export type { CustomResourceDefinition, Schema } from './types.js';

/** `kubectl get teleport` lists all kinds of this category. */
export const category = 'teleport';

const ready = '.status.conditions[?(@.type=="Ready")]';

/**
 * The CRD of a kind. Every version has the same schema, for objects are not converted between them.
 * @throws Error where a message has no structural schema
 */
export function crdFor(kind: Pick<Kind, 'object' | 'spec'>, describe: Describe): CustomResourceDefinition {
  const { object } = kind;
  const schema = objectSchema(kind, describe);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${object.plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind: object.kind,
        listKind: `${object.kind}List`,
        plural: object.plural,
        singular: object.kind.toLowerCase(),
        ...(object.shortNames.length > 0 ? { shortNames: [...object.shortNames] } : {}),
        categories: [category],
      },
      versions: object.versions.map((version) => ({
        name: version.name,
        served: true,
        storage: version.storage,
        subresources: { status: {} },
        additionalPrinterColumns: columns(object.columns),
        schema: { openAPIV3Schema: structuredClone(schema) },
      })),
    },
  };
}

function objectSchema(kind: Pick<Kind, 'object' | 'spec'>, describe: Describe): Schema {
  const spec = messageSchema(kind.spec.schema, describe, kind.spec.hidden);
  const about = describe(kind.spec.schema);
  return {
    description: kind.object.description,
    type: 'object',
    properties: {
      apiVersion: {
        description: `API group and version that the object is written in: ${kind.object.versions
          .map((version) => `${group}/${version.name}`)
          .join(' or ')}.`,
        type: 'string',
      },
      kind: { description: `Always ${kind.object.kind}.`, type: 'string' },
      metadata: { type: 'object' },
      spec: about ? { description: about, ...spec } : spec,
      status: statusSchema(),
    },
  };
}

function columns(own: readonly PrinterColumn[]): CrdColumn[] {
  return [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: `${ready}.status`,
      description: 'Whether Teleport holds what the spec says',
    },
    { name: 'Reason', type: 'string', jsonPath: `${ready}.reason`, description: 'Why it does or does not' },
    ...own.map(({ name, type, jsonPath, priority }) => ({
      name,
      type,
      jsonPath,
      ...(priority === undefined ? {} : { priority }),
    })),
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ];
}
