// A creation whose reply is lost, and the object deleted before Auth's cache has caught up. In virtual time.
import { expect, it } from 'vitest';
import { inMemory } from '../../test/builders/memory-kind.js';
import { reconcilerParts } from '../../test/builders/reconciler-parts.js';
import { going, held } from '../../test/builders/reconciler-world.js';
import { VirtualClock } from '../core/virtual-clock.js';
import type { AnyKind } from '../kinds/kind.js';
import { provisionToken } from '../kinds/provision-token.js';
import { roleV7 } from '../kinds/role.js';
import type { KubeObject } from '../kube/object.js';
import { TeleportError } from '../teleport/errors.js';
import { Mirror } from './mirror.js';
import { reconcile } from './reconciler.js';

function world(base: AnyKind = roleV7) {
  const { kind, teleport } = inMemory(base);
  const clock = new VirtualClock();
  const parts = reconcilerParts({ kind, clock, mirror: new Mirror([kind]) });
  const pass = (object: KubeObject) => reconcile(parts, object, new AbortController().signal);
  const unread = (): void =>
    void teleport.failNext.set('get', new TeleportError('NotFound', 'role engineer is not found'));
  return { teleport, clock, pass, unread };
}

it('waits until a read is certain, and deletes what was made', async () => {
  const { teleport, clock, pass, unread } = world();
  teleport.hooks.create = () => {
    throw new TeleportError('Unavailable', 'the connection to Teleport ended before the answer came');
  };
  expect((await pass(held())).outcome).toMatchObject({ type: 'failed', step: 'write' });
  expect(teleport.resources.has('engineer')).toBe(true);
  unread();
  const last = pass(going());
  await clock.advance(3_000);
  expect((await last).outcome).toEqual({ type: 'gone', resource: 'deleted' });
  expect(teleport.resources.size).toBe(0);
});

it('waits for nothing where Teleport refused the write, or where time has passed', async () => {
  const { teleport, clock, pass } = world();
  teleport.failNext.set('create', new TeleportError('BadParameter', 'no'));
  await pass(held());
  expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'absent' });
  teleport.failNext.set('create', new TeleportError('DeadlineExceeded', 'no answer'));
  await pass(held());
  await clock.advance(3_000);
  expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'absent' });
});

it('waits also for the stand-in of a one-time token', async () => {
  const { teleport, clock, pass, unread } = world(provisionToken);
  const token = {
    kind: 'TeleportProvisionToken',
    spec: { join_method: 'token', roles: ['Bot'], bot_name: 'ci' },
    status: { observedGeneration: -1 },
  };
  teleport.hooks.create = () => {
    throw new TeleportError('Unavailable', 'the connection to Teleport ended before the answer came');
  };
  expect((await pass(held(token))).outcome).toMatchObject({ type: 'failed', step: 'write' });
  expect(teleport.resources.has('engineer')).toBe(true);
  unread();
  const last = pass(going(token));
  await clock.advance(3_000);
  expect((await last).outcome).toEqual({ type: 'gone', resource: 'deleted' });
  expect(teleport.resources.size).toBe(0);
});

it('still doubts a write whose next try was refused, and no longer one that was answered', async () => {
  const { teleport, clock, pass, unread } = world();
  teleport.failNext.set('create', new TeleportError('Unavailable', 'no answer'));
  await pass(held());
  teleport.failNext.set('create', new TeleportError('LimitExceeded', 'too many'));
  await pass(held());
  let done = false;
  const waiting = pass(going()).finally(() => (done = true));
  await clock.advance(2_999);
  expect(done).toBe(false);
  await clock.advance(1);
  expect((await waiting).outcome).toEqual({ type: 'gone', resource: 'absent' });
  teleport.failNext.set('create', new TeleportError('Unavailable', 'no answer'));
  await pass(held());
  await pass(held());
  unread();
  expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'deleted' });
});
