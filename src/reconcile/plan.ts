// What to do about a resource. Pure: from what is wanted, what is there and what was last applied.
import { clone, type Message } from '@bufbuild/protobuf';
import type { AnyKind } from '../kinds/kind.js';
import { copyWhereEmpty, isEmpty, valueAt } from '../kinds/paths.js';
import { type Applied, storedHash, storedText, unreadable, wantedHash } from './applied.js';
import { ownership } from './ownership.js';

export type Plan =
  | { readonly do: 'create'; readonly resource: Message; readonly hash: string }
  | { readonly do: 'update'; readonly resource: Message; readonly hash: string; readonly drift: boolean }
  | { readonly do: 'nothing'; readonly applied: Applied }
  | { readonly do: 'consumed'; readonly applied: Applied }
  /** Teleport took it and does not show it; writing it again would tell nothing new. */
  | { readonly do: 'hidden'; readonly applied: Applied }
  /** A field that can't change would have to. */
  | { readonly do: 'stuck'; readonly path: string }
  | { readonly do: 'refuse' };

export interface Situation {
  readonly kind: AnyKind;
  readonly wanted: Message;
  /** As Teleport holds it now; undefined where it doesn't. */
  readonly existing: Message | undefined;
  /** What the object's status remembers. */
  readonly applied: Applied | undefined;
  readonly generation: number;
  /** Of the Secrets whose values are in `wanted`. */
  readonly secretVersions?: readonly string[];
}

/** Decides. Neither message is changed. */
export function plan({ kind, wanted, existing, applied, generation, secretVersions }: Situation): Plan {
  const hash = wantedHash(kind, wanted, generation, secretVersions);
  const sameWish = applied?.hash === hash;
  if (!existing) {
    if (sameWish && kind.oneTime(wanted)) return { do: 'consumed', applied };
    if (sameWish && applied.resourceHash === unreadable) return { do: 'hidden', applied };
    return { do: 'create', resource: wanted, hash };
  }
  if (ownership(kind.form.head(existing).labels) !== 'ours') return { do: 'refuse' };
  const stuck = kind.immutable.find((path) => wouldChange(path, existing, wanted));
  if (stuck !== undefined) return { do: 'stuck', path: stuck };
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

/** Secrets come back empty, so an empty existing value can't be compared. */
function wouldChange(path: string, existing: Message, wanted: Message): boolean {
  const [before, after] = [valueAt(existing, path), valueAt(wanted, path)];
  return !isEmpty(before) && !isEmpty(after) && before !== after;
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
