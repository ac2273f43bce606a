// Contract: the kinds that the operator's mirror follows by WatchEvents. That Auth lets them be watched, and what it tells of
// each: the resource as it is stored, and after a deletion its kind and name.
import type { Message } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { revisionOf } from '../../../sandbox/teleport/state/head.js';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import { type Event, Operation } from '../../../src/gen/teleport/client/event_pb.js';
import { kinds } from '../../../src/kinds/index.js';
import type { RunningTeleport } from '../../env/types.js';
import { operatorClient } from './clients.js';
import { watched } from './coverage.js';
import { watcher } from './events.js';
import { unique } from './expectations.js';
import { type Row, rows } from './kinds.js';

const lock: Row = {
  kind: 'lock',
  get: (client, Name) => client.unary(AuthService.method.getLock, { Name }),
  create: (client, Name) =>
    client.unary(AuthService.method.upsertLock, {
      Version: 'v2',
      Metadata: { Name },
      Spec: { Target: { User: 'nobody' } },
    }),
  remove: (client, Name) => client.unary(AuthService.method.deleteLock, { Name }),
  missing: '',
};

export function watchedContract(teleport: () => RunningTeleport): void {
  it('lets the operator watch all of its kinds in one stream', async () => {
    const operator = await operatorClient(teleport(), unique('op'));
    const watch = watcher(operator, [...watched], true);
    const { Resource } = await watch.next();
    if (Resource.case !== 'WatchStatus') throw new Error('INIT without a status');
    expect(Resource.value.Spec?.Kinds.map(({ Kind }) => Kind)).toEqual(watched);
    await watch.stop();
    operator.close();
  });

  it.each([lock, ...rows].filter(({ kind }) => watched.includes(kind)))(
    'tells of a $kind that is written and deleted',
    async ({ kind, singleton, create, get, remove }) => {
      const { admin } = teleport();
      const operator = await operatorClient(teleport(), unique('op'));
      const form = kinds.find(({ resource }) => resource.kind === kind)?.form;
      if (!form) throw new Error(`no kind ${kind}`);
      const name = singleton ?? unique(kind.replaceAll('_', '-'));
      const watch = watcher(operator, [kind]);
      expect((await watch.next()).Type).toBe(Operation.INIT);
      const nameOf = ({ Resource }: Event): string =>
        Resource.case === 'ResourceHeader'
          ? (Resource.value.Metadata?.Name ?? '')
          : form.head(Resource.value as Message).name;
      const next = async (): Promise<Event> => {
        for (;;) {
          const event = await watch.next();
          if (nameOf(event) === name) return event;
        }
      };

      await create(admin, name);
      const put = await next();
      expect(put.Type).toBe(Operation.PUT);
      const stored = await get(admin, name);
      expect(revisionOf(put.Resource.value as Message)).toBe(revisionOf(stored));
      await remove(admin, name);
      const gone = await next();
      expect(gone.Type).toBe(Operation.DELETE);
      expect(gone.Resource).toMatchObject({
        case: 'ResourceHeader',
        value: { Kind: kind, Metadata: { Name: name } },
      });
      await watch.stop();
      operator.close();
    },
  );
}
