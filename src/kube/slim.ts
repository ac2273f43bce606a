// Drops what the operator never reads and what would fill its memory: who set which field, kubectl's copy of the whole
// object, and the copies of strings that all objects have. Only for what lists and watches bring in, never for what is
// written back.
import type { ObjectMeta } from './object.js';
import { shared } from './shared-strings.js';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

interface Slimmable {
  apiVersion?: string;
  kind?: string;
  metadata: ObjectMeta;
  status?: unknown;
}

/** Removes managedFields and the last-applied annotation from a freshly parsed object, in place. */
export function slim<T extends Slimmable>(object: T): T {
  // A copy without them: what `delete` has touched takes V8 several times the memory.
  const { managedFields: _, ...metadata }: ObjectMeta & { managedFields?: unknown } = object.metadata;
  object.metadata = metadata;
  const { annotations } = metadata;
  if (annotations && lastApplied in annotations) {
    const { [lastApplied]: __, ...others } = annotations;
    if (Object.keys(others).length > 0) metadata.annotations = others;
    else delete metadata.annotations;
  }
  if (object.apiVersion !== undefined) object.apiVersion = shared(object.apiVersion);
  if (object.kind !== undefined) object.kind = shared(object.kind);
  if (metadata.namespace !== undefined) metadata.namespace = shared(metadata.namespace);
  if (metadata.creationTimestamp !== undefined)
    metadata.creationTimestamp = shared(metadata.creationTimestamp);
  if (metadata.finalizers) metadata.finalizers = metadata.finalizers.map(shared);
  shareConditions(object.status);
  return object;
}

function shareConditions(status: unknown): void {
  const conditions: unknown = (status as { conditions?: unknown } | null | undefined)?.conditions;
  if (!Array.isArray(conditions)) return;
  for (const condition of conditions as unknown[]) {
    if (typeof condition !== 'object' || condition === null) continue;
    const fields = condition as Record<string, unknown>;
    for (const [name, value] of Object.entries(fields)) {
      if (typeof value === 'string') fields[name] = shared(value);
    }
  }
}
