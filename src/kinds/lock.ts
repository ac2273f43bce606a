// TeleportLockV2: shuts a user, role, device … out at once. When it was made and by whom is the server's.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { LockSpecV2Schema, type LockV2, LockV2Schema } from '../gen/teleport/types/lock_pb.js';
import { call, nothing, whole } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';

export const lock = declareKind({
  object: {
    kind: 'TeleportLockV2',
    plural: 'teleportlocksv2',
    shortNames: ['lockv2', 'locksv2'],
    versions: [{ name: 'v1', storage: true }],
    columns: [{ name: 'Message', jsonPath: '.spec.message', type: 'string' }],
    description:
      'A lock: whoever it is aimed at is shut out of the cluster at once, until it expires or is deleted.',
  },
  resource: { kind: 'lock', version: 'v2' },
  schema: LockV2Schema,
  form: legacyForm(LockV2Schema),
  spec: { schema: LockSpecV2Schema, hidden: ['created_at', 'created_by'] },
  kept: ['Spec.CreatedAt', 'Spec.CreatedBy'],
  serverOwned: ['Spec.CreatedAt', 'Spec.CreatedBy'],
  watched: true,
  calls: {
    get: call(
      AuthService.method.getLock,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: call(AuthService.method.upsertLock, (created: LockV2) => created, nothing),
    update: call(AuthService.method.upsertLock, (updated: LockV2) => updated, nothing),
    list: whole(AuthService.method.getLocks, {}, ({ Locks }) => Locks),
    delete: call(AuthService.method.deleteLock, (Name: string) => ({ Name }), nothing),
  },
});
