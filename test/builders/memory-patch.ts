// Patches of the Kubernetes in memory (memory-kube-client.ts): a merge patch as RFC 7386 has it, and the steps of a JSON patch that
// the operator uses. They change the object that they are given.
import type { Patch } from '../../src/kube/client.js';
import { KubeError } from '../../src/kube/errors.js';
import type { KubeObject } from '../../src/kube/object.js';

type Mapping = Record<string, unknown>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function merge(into: object, patch: unknown): void {
  if (!isMapping(patch)) throw new KubeError('BadRequest', 'a merge patch is a mapping', { status: 400 });
  const target: Mapping = Object.assign(into);
  for (const [name, value] of Object.entries(patch)) {
    const present = target[name];
    if (value === null) delete target[name];
    else if (isMapping(value)) {
      const inner = isMapping(present) ? present : {};
      merge(inner, value);
      target[name] = inner;
    } else target[name] = value;
  }
}

export function jsonPatch(object: KubeObject, steps: Extract<Patch, { type: 'json' }>['body']): void {
  for (const { op, path, value } of steps) {
    const names = path.split('/').slice(1);
    const last = names.pop() ?? '';
    let at: unknown = object;
    for (const name of names) at = Object(at)[name];
    const present = Object(at)[last];
    if (op === 'test' && JSON.stringify(present) !== JSON.stringify(value)) {
      throw new KubeError('Invalid', 'testing value failed', { status: 422, reason: 'Invalid' });
    }
    if (op === 'remove') {
      if (Array.isArray(at)) at.splice(Number(last), 1);
      else delete Object(at)[last];
    }
    if (op === 'add' || op === 'replace') Object(at)[last] = value;
  }
}
