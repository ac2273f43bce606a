// Drops what the operator never reads and what would fill its memory: who set which field, and kubectl's copy
// of the whole object. Only for what lists and watches bring in, never for what is written back.
import type { ObjectMeta } from './object.js';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

/** Removes managedFields and the last-applied annotation from a freshly parsed object, in place. */
export function slim<T extends { metadata: ObjectMeta }>(object: T): T {
  const metadata: ObjectMeta & { managedFields?: unknown } = object.metadata;
  delete metadata.managedFields;
  if (metadata.annotations && lastApplied in metadata.annotations) {
    delete metadata.annotations[lastApplied];
    if (Object.keys(metadata.annotations).length === 0) delete metadata.annotations;
  }
  return object;
}
