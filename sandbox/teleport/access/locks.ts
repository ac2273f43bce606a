// Locks: which one holds a user or one of its roles, and the one that a generation mismatch creates.
import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { type LockV2, LockV2Schema } from '../../../src/gen/teleport/types/lock_pb.js';
import type { ClusterState } from '../state/cluster.js';
import { locks } from '../state/kinds.js';

/** The lock in force on the user or one of the roles. */
export function lockInForce(
  state: ClusterState,
  user: string,
  roleNames: readonly string[],
): LockV2 | undefined {
  return state.reads.list(locks).find((lock) => {
    const target = lock.Spec?.Target;
    const expires = lock.Spec?.Expires;
    if (expires && timestampMs(expires) <= state.clock.now()) return false;
    if (!target) return false;
    return (
      (target.User !== '' && target.User === user) || (target.Role !== '' && roleNames.includes(target.Role))
    );
  });
}

/** What a join is told of a lock (observed.md 13). */
export function lockMessage(lock: LockV2): string {
  const target = lock.Spec?.Target;
  const what = target?.User ? `User:"${target.User}"` : `Role:"${target?.Role ?? ''}"`;
  const message = lock.Spec?.Message;
  return `lock targeting ${what} is in force${message ? `: ${message}` : ''}`;
}

/** Locks a bot's user for good, as Auth does when a renewable certificate turns up twice. */
export function lockForMismatch(state: ClusterState, user: string): void {
  state.store.put(
    locks,
    create(LockV2Schema, {
      Kind: 'lock',
      Version: 'v2',
      Metadata: { Name: randomUUID(), Namespace: 'default' },
      Spec: {
        Target: { User: user },
        Message:
          `The bot user "${user}" has been locked due to a certificate generation mismatch, ` +
          'possibly indicating a stolen certificate.',
        CreatedAt: timestampFromMs(state.clock.now()),
        CreatedBy: 'system',
      },
    }),
  );
}
