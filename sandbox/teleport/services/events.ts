// AuthService/WatchEvents: permission first, then whether the kind can be watched at all (observed.md 19);
// INIT, then PUT with the resource and DELETE with a header.
import { create } from '@bufbuild/protobuf';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { type Event, EventSchema, Operation } from '../../../src/gen/teleport/client/event_pb.js';
import type { WatchKind } from '../../../src/gen/teleport/types/watch_pb.js';
import type { Access } from '../access/access.js';
import type { Caller } from '../access/caller.js';
import { accessDenied, badParameter } from '../refusal.js';
import { storedKind } from '../state/kinds.js';
import type { Change } from '../state/store.js';
import { callerOf, type Service } from './service.js';

/** Kinds that Auth's cache lets be watched although this server stores none of them. */
const watchableElsewhere = new Set(['cert_authority', 'cluster_auth_preference', 'proxy', 'auth_server']);

export const eventService: Service = (router, { access }) => {
  router.service(AuthService, {
    watchEvents: async function* (request, handler) {
      const kinds = confirmed(access, callerOf(handler), request.Kinds, request.AllowPartialSuccess);
      const queue: Event[] = [
        create(EventSchema, {
          Type: Operation.INIT,
          Resource: {
            case: 'WatchStatus',
            value: {
              Kind: 'watch-status',
              Version: 'v1',
              Metadata: { Name: 'watch-status', Namespace: 'default' },
              Spec: { Kinds: kinds },
            },
          },
        }),
      ];
      let wake = (): void => {};
      const stop = access.state.reads.subscribe((change) => {
        const wanted = kinds.find(
          (kind) => kind.Kind === change.kind.kind && (kind.Name === '' || kind.Name === change.name),
        );
        if (!wanted) return;
        queue.push(eventOf(change));
        wake();
      });
      const ended = new Promise<void>((resolve) => handler.signal.addEventListener('abort', () => resolve()));
      try {
        while (!handler.signal.aborted) {
          const event = queue.shift();
          if (event) yield event;
          else await Promise.race([ended, new Promise<void>((resolve) => (wake = resolve))]);
        }
      } finally {
        stop();
      }
    },
  });
};

function eventOf(change: Change): Event {
  if (change.type === 'put') {
    const value = { case: change.kind.event, value: change.resource } as Event['Resource'];
    return create(EventSchema, { Type: Operation.PUT, Resource: value });
  }
  return create(EventSchema, {
    Type: Operation.DELETE,
    Resource: {
      case: 'ResourceHeader',
      value: { Kind: change.kind.kind, Version: 'v1', Metadata: { Name: change.name, Namespace: 'default' } },
    },
  });
}

/** The kinds of the request that the caller may watch and the cache carries. @throws as observed.md 19 */
function confirmed(
  access: Access,
  caller: Caller,
  kinds: readonly WatchKind[],
  partial: boolean,
): WatchKind[] {
  if (kinds.length === 0) throw accessDenied("can't setup global watch");
  const permitted = kinds.filter((kind) => {
    const verb = kind.Kind === 'cert_authority' && !kind.LoadSecrets ? 'readnosecrets' : 'read';
    if (access.may(caller, kind.Kind, verb)) return true;
    if (partial) return false;
    throw accessDenied(`access denied to perform action "${verb}" on "${kind.Kind}"`);
  });
  const watched = permitted.filter((kind) => {
    if (storedKind(kind.Kind)?.event !== undefined || watchableElsewhere.has(kind.Kind)) return true;
    if (partial) return false;
    throw badParameter(`cache "auth" does not support watching resource "${kind.Kind}"`);
  });
  if (watched.length === 0)
    throw badParameter('cache "auth" does not support any of the requested resources');
  return watched;
}
