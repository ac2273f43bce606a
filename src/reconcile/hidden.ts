// Whether a resource that bears our label may be that of an object which can't be read now: Kubernetes forbids its
// kind, or its lists fail. Pure. Its stored version tells: it is not the one that this object's kind writes, and that one's is.
import type { Message } from '@bufbuild/protobuf';
import type { AnyKind } from '../kinds/kind.js';
import { type Applied, storedHash } from './applied.js';
import type { Hidden } from './claims.js';

export interface Suspect {
  readonly kind: AnyKind;
  readonly existing: Message | undefined;
  /** What the object's status remembers; what is as we left it is ours. */
  readonly applied: Applied | undefined;
  /** Kinds that can't be read (claims.ts). */
  readonly hidden?: readonly Hidden[];
}

export function madeByHidden({ kind, existing, applied, hidden = [] }: Suspect): boolean {
  if (hidden.length === 0 || !existing) return false;
  const { version } = kind.form.names(existing);
  if (version === kind.resource.version) return false;
  if (!hidden.some(({ kind: { resource } }) => resource.version === version)) return false;
  return applied?.resourceHash !== storedHash(kind, existing);
}
