// What to do about a resource. Pure: from what is wanted, what is there and what was last applied.
import { clone, type Message } from '@bufbuild/protobuf';
import type { AnyKind } from '../kinds/kind.js';
import { copyWhereEmpty } from '../kinds/paths.js';
import { type Applied, storedHash, storedText, wantedHash } from './applied.js';
import { ownership } from './ownership.js';

export type Plan =
  | { readonly do: 'create'; readonly resource: Message; readonly hash: string }
  | { readonly do: 'update'; readonly resource: Message; readonly hash: string; readonly drift: boolean }
  | { readonly do: 'nothing'; readonly applied: Applied }
  | { readonly do: 'consumed'; readonly applied: Applied }
  | { readonly do: 'refuse' };

export interface Situation {
  readonly kind: AnyKind;
  readonly wanted: Message;
  /** As Teleport holds it now; undefined where it doesn't. */
  readonly existing: Message | undefined;
  /** What the object's status remembers. */
  readonly applied: Applied | undefined;
  readonly generation: number;
}

/** Decides. Neither message is changed. */
export function plan({ kind, wanted, existing, applied, generation }: Situation): Plan {
  const hash = wantedHash(kind, wanted, generation);
  const sameWish = applied?.hash === hash;
  if (!existing) {
    if (sameWish && kind.oneTime(wanted)) return { do: 'consumed', applied };
    return { do: 'create', resource: wanted, hash };
  }
  if (ownership(kind.form.head(existing).labels) !== 'ours') return { do: 'refuse' };
  const revision = kind.form.revision(existing);
  if (sameWish && isAsStored(kind, existing, revision, applied)) {
    // The revision may be a newer one (a sign-in, a lock): the memory of it is not worth a status write.
    return { do: 'nothing', applied };
  }
  const resource = clone(kind.schema, wanted);
  for (const path of kind.kept) copyWhereEmpty(path, existing, resource);
  if (!applied && looksApplied(kind, resource, existing)) {
    return { do: 'nothing', applied: { hash, revision, resourceHash: storedHash(kind, existing) } };
  }
  kind.form.setRevision(resource, revision);
  return { do: 'update', resource, hash, drift: sameWish };
}

function isAsStored(kind: AnyKind, existing: Message, revision: string, applied: Applied): boolean {
  if (applied.revision !== '' && applied.revision === revision) return true;
  return applied.resourceHash === storedHash(kind, existing);
}

/** Whether the existing resource is what a write of the wanted one would leave. Any doubt is a no. */
function looksApplied(kind: AnyKind, wanted: Message, existing: Message): boolean {
  const expected = clone(kind.schema, wanted);
  const found = clone(kind.schema, existing);
  kind.defaults(expected);
  kind.defaults(found);
  return storedText(kind, expected) === storedText(kind, found);
}
