// The lock RPCs of AuthService. What a lock does is access/locks.ts.
import { create } from '@bufbuild/protobuf';
import { EmptySchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { callerName } from '../access/caller.js';
import { badParameter, notFound } from '../refusal.js';
import { nameOf } from '../state/head.js';
import { locks } from '../state/kinds.js';
import { callerOf, checkMetadata, type Service } from './service.js';

export const lockService: Service = (router, { access }) => {
  const { store, reads, audit, clock } = access.state;

  router.service(AuthService, {
    getLock: (request, handler) => {
      access.check(callerOf(handler), 'lock', 'read');
      if (request.Name === '') throw badParameter('missing lock name');
      const lock = reads.get(locks, request.Name);
      if (!lock) throw notFound(`"lock" "${request.Name}" does not exist`);
      return lock;
    },
    getLocks: (_request, handler) => {
      access.check(callerOf(handler), 'lock', 'list', 'read');
      return { Locks: reads.list(locks) };
    },
    upsertLock: (lock, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'lock', 'create', 'update');
      lock.Kind = 'lock';
      lock.Version = 'v2';
      checkMetadata(lock.Metadata);
      const target = lock.Spec?.Target;
      const targets = Object.entries(target ?? {}).filter(
        ([key, value]) => !key.startsWith('$') && value !== '',
      );
      if (!lock.Spec || targets.length === 0) throw badParameter('at least one target field must be set');
      if (lock.Spec.CreatedBy === '') lock.Spec.CreatedBy = callerName(caller);
      lock.Spec.CreatedAt ??= timestampFromMs(clock.now());
      store.put(locks, lock);
      audit.add('lock.created', 'lock', nameOf(lock), callerName(caller));
      return create(EmptySchema);
    },
    deleteLock: (request, handler) => {
      const caller = callerOf(handler);
      access.check(caller, 'lock', 'delete');
      if (request.Name === '') throw badParameter('missing lock name');
      if (!store.delete(locks, request.Name)) throw notFound(`lock "${request.Name}" is not found`);
      audit.add('lock.deleted', 'lock', request.Name, callerName(caller));
      return create(EmptySchema);
    },
  });
};
