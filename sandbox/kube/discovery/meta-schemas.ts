// The schemas that every object's schema points to, described in our own words for `kubectl explain`.
import { flag, list, map, object, text, texts, time, whole } from '../schema/build.js';
import type { Schema } from '../schema/schema.js';

const prefix = 'io.k8s.apimachinery.pkg.apis.meta.v1.';

export function metaName(name: string): string {
  return `${prefix}${name}`;
}

export function metaRef(name: string): { $ref: string } {
  return { $ref: `#/components/schemas/${prefix}${name}` };
}

const ownerReference = object(
  {
    apiVersion: text('the API version of the owner'),
    kind: text('the kind of the owner'),
    name: text('the name of the owner'),
    uid: text('the uid of the owner'),
    controller: flag('the owner manages this object'),
    blockOwnerDeletion: flag('the owner stays until this object is gone'),
  },
  'An object that this one belongs to.',
  ['apiVersion', 'kind', 'name', 'uid'],
);

const managedField = object(
  {
    manager: text('who wrote'),
    operation: text('Apply or Update'),
    apiVersion: text('the version the fields are named in'),
    time: time('when'),
    fieldsType: text('the form of fieldsV1'),
    fieldsV1: { type: 'object', description: 'the fields' },
    subresource: text('the subresource that was written to'),
  },
  'Fields and who wrote them last.',
);

/** metav1 types by short name. */
export const metaSchemas: Record<string, Schema> = {
  ObjectMeta: object(
    {
      name: text('The name, unique among objects of the kind within the namespace. It cannot be changed.'),
      generateName: text('A start for a name that the server completes, used when no name is given.'),
      namespace: text('The namespace that the object lives in.'),
      uid: text(
        'What tells this object from all others, past ones of the same name included. Set by the server.',
      ),
      resourceVersion: text(
        'Changes with every write; send it back to write only if nobody else has. Set by the server.',
      ),
      generation: whole('Counts the changes of the spec. Set by the server.', 'int64'),
      creationTimestamp: time('When the object was made. Set by the server.'),
      deletionTimestamp: time('When deletion was asked for; the object goes when its finalizers are gone.'),
      deletionGracePeriodSeconds: whole('How long the object may take to end.', 'int64'),
      labels: map({ type: 'string' }, 'Keys and values to select objects by.'),
      annotations: map({ type: 'string' }, 'Keys and values that say more about the object.'),
      finalizers: texts('Who must finish before the object may go.'),
      ownerReferences: list(ownerReference, 'What the object belongs to.'),
      managedFields: list(managedField, 'Who wrote which fields. Kept by the server.'),
    },
    'What every object has: its name, labels, and what the server notes about it.',
  ),
  ListMeta: object(
    {
      resourceVersion: text('The version of the whole list.'),
      continue: text('Where the next page starts.'),
      remainingItemCount: whole('How many objects are left.', 'int64'),
    },
    'What every list has.',
  ),
  DeleteOptions: object(
    {
      gracePeriodSeconds: whole('How long the object may take to end.', 'int64'),
      propagationPolicy: text('What happens to what it owns.'),
      preconditions: object(
        { uid: text('only this object'), resourceVersion: text('only this version') },
        'Delete only if.',
      ),
      dryRun: texts('Only try.'),
    },
    'How to delete.',
  ),
  Patch: { type: 'object', description: 'A change of an object.' },
  Status: { type: 'object', description: 'How a request went.' },
};
