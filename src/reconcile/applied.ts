// What was last applied, as the object's status remembers it: enough to tell an unchanged object over an
// unchanged resource without writing, and never a secret or a hash of one.
import type { Message } from '@bufbuild/protobuf';
import { canonical, textHash } from '../kinds/canonical.js';
import { hasSensitive } from '../kinds/codec/redact.js';
import type { AnyKind } from '../kinds/kind.js';
import type { KubeObject } from '../kube/object.js';

/** `.status.applied`. */
export interface Applied {
  /** Hash of the resource as it was wanted, without its secrets. */
  readonly hash: string;
  /** Revision that the write gave, or empty where Teleport did not tell. */
  readonly revision: string;
  /** Hash of the resource as Teleport stored it, without what the server owns and without secrets. */
  readonly resourceHash: string;
}

/** Reads it from the object's status; undefined where there is none or it is damaged. */
export function readApplied(object: KubeObject): Applied | undefined {
  const value = object.status?.['applied'];
  if (typeof value !== 'object' || value === null) return undefined;
  const { hash, revision, resourceHash } = value as Record<string, unknown>;
  if (typeof hash !== 'string' || typeof resourceHash !== 'string') return undefined;
  return { hash, revision: typeof revision === 'string' ? revision : '', resourceHash };
}

/**
 * Hash of a wanted resource. Secrets don't enter it, so where there are any, the object's generation stands
 * for them (every edit of the spec changes it), and the versions of the Secrets that were looked up. That of a
 * one-time resource tells its spec apart from its labels: other labels don't make it again.
 */
export function wantedHash(
  kind: AnyKind,
  wanted: Message,
  generation: number,
  secretVersions: readonly string[] = [],
): string {
  const hashOf = (dropped: readonly string[]): string => {
    const text = canonical(kind.schema, wanted, new Set(dropped));
    return textHash(
      hasSensitive(kind.schema, wanted) ? [text, generation, ...secretVersions].join('#') : text,
    );
  };
  const whole = hashOf(kind.form.serverOwned);
  return isOneTime(kind, wanted) ? `${hashOf([kind.form.metadata])}.${whole}` : whole;
}

/** Whether Teleport deletes the resource at its first use. */
export function isOneTime(kind: AnyKind, resource: Message): boolean {
  return kind.oneTime?.is(resource) ?? false;
}

/** Whether two hashes of a one-time resource stand for the same spec, whatever its labels and description. */
export function isSameSpec(hash: string, other: string | undefined): boolean {
  return hash.split('.')[0] === other?.split('.')[0];
}

/** Stands for the hash of a resource that Teleport took and does not show us. */
export const unreadable = 'unreadable';

/** Stands for the hash of a one-time resource that is being made: what is gone after this was noted was used. */
export const armed = 'armed';

/** Hash of a stored resource: what a change made behind our back would alter. */
export function storedHash(kind: AnyKind, stored: Message): string {
  return textHash(storedText(kind, stored));
}

/** Canonical text of a stored resource without what the server owns. */
export function storedText(kind: AnyKind, stored: Message): string {
  return canonical(kind.schema, stored, notCompared(kind));
}

const notComparedOf = new WeakMap<AnyKind, ReadonlySet<string>>();

/** Dotted paths that the server owns. */
export function notCompared(kind: AnyKind): ReadonlySet<string> {
  const known = notComparedOf.get(kind);
  if (known) return known;
  const paths = new Set([...kind.form.serverOwned, ...kind.serverOwned]);
  notComparedOf.set(kind, paths);
  return paths;
}
