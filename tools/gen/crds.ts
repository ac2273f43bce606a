// src/gen/crds.json: the CRDs of all kinds as one JSON list, in the order of src/kinds/index.ts.
import { crdFor, type Describe } from '../../src/kinds/crd/index.js';
import type { AnyKind } from '../../src/kinds/kind.js';

export function crdsJson(kinds: readonly AnyKind[], describe: Describe): string {
  return `${JSON.stringify(
    kinds.map((kind) => crdFor(kind, describe)),
    undefined,
    1,
  )}\n`;
}
