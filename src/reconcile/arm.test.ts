// A one-time token made once and no more, whatever fails or dies between the steps and whenever it is used.
import type { Message } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { inMemory } from '../../test/builders/memory-kind.js';
import { anObject, type ObjectWith } from '../../test/builders/object.js';
import { reconcilerParts } from '../../test/builders/reconciler-parts.js';
import { VirtualClock } from '../core/virtual-clock.js';
import type { ProvisionTokenV2 } from '../gen/teleport/types/provision_token_pb.js';
import { provisionToken } from '../kinds/provision-token.js';
import { KubeError } from '../kube/errors.js';
import type { KubeObject } from '../kube/object.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { readApplied } from './applied.js';
import { Mirror } from './mirror.js';
import { annotations, finalizer } from './names.js';
import type { Outcome } from './outcome.js';
import { reconcile } from './reconciler.js';
import { mergedStatus, statusOf } from './status.js';

const spec = { join_method: 'token', roles: ['Bot'], bot_name: 'ci' };

/** Where the process dies: before the step is done, or just after. */
type Moment = readonly ['create' | 'record' | 'update' | 'status', 'before' | 'after'];

class Died extends Error {}

function world(given: ObjectWith = {}) {
  const { kind, teleport } = inMemory(provisionToken);
  const clock = new VirtualClock();
  const mirror = new Mirror([kind]);
  /** As Kubernetes has it. */
  let stored: KubeObject = anObject({
    kind: 'TeleportProvisionToken',
    spec,
    // As our CRD has it from the start.
    status: { observedGeneration: -1 },
    ...given,
    metadata: { finalizers: [finalizer], ...given.metadata },
  });
  const state = {
    die: undefined as Moment | undefined,
    usedAtOnce: false,
    made: 0,
    recordFails: 0,
    /** As the Go operator's CRD does. */
    forgets: false,
    dead: false,
  };
  const usable = (): boolean => {
    const token = teleport.resources.get('engineer') as ProvisionTokenV2 | undefined;
    return token !== undefined && kind.oneTime?.is(token) === true;
  };
  /** What Auth does at the first join. */
  const use = (): void => {
    if (usable()) teleport.resources.delete('engineer');
  };
  /** A step of I/O; a process that has died takes no other. */
  const step = async <T>(name: Moment[0], act: () => T | Promise<T>): Promise<T> => {
    const dies = state.die?.[0] === name ? state.die[1] : undefined;
    state.dead ||= dies === 'before';
    if (state.dead) throw new Died();
    const result = await act();
    state.dead = dies === 'after';
    if (state.dead) throw new Died();
    return result;
  };
  for (const verb of ['create', 'update'] as const) {
    const { run, method } = kind.calls[verb];
    const stepwise = (client: TeleportClient, resource: Message) =>
      step(verb, async () => {
        const reply = await run(client, resource);
        if (usable()) state.made++;
        if (state.usedAtOnce) use();
        return reply;
      });
    Object.assign(kind.calls, { [verb]: { method, run: stepwise } });
  }
  const process = () =>
    reconcilerParts({
      kind,
      clock,
      mirror,
      objects: {
        addFinalizer: async (object) => object,
        removeFinalizer: async () => {},
        record: async (object, fields) => {
          if (state.recordFails-- > 0) throw new KubeError('Unavailable', 'made to fail');
          return step('record', () => {
            if (!state.forgets) stored = { ...object, status: { ...object.status, ...fields } };
            return stored;
          });
        },
      },
    });
  let parts = process();
  /** A pass and its status; waits go by. */
  const pass = async (): Promise<Outcome> => {
    const running = reconcile(parts, stored, new AbortController().signal).then(
      async ({ object, outcome }) => {
        const status = statusOf(outcome);
        if (status) {
          await step('status', () => {
            const merged = mergedStatus(object, status, object, () => []);
            stored = { ...object, status: { ...object.status, ...merged } };
          });
        }
        return outcome;
      },
    );
    const progress = { over: false };
    void running.catch(() => {}).finally(() => (progress.over = true));
    while (!progress.over) await clock.advance(100);
    return running;
  };
  return {
    teleport,
    clock,
    state,
    usable,
    use,
    pass,
    edit: (change: Partial<KubeObject>) => void (stored = { ...stored, ...change }),
    object: () => stored,
    restart: () => {
      Object.assign(state, { die: undefined, dead: false });
      parts = process();
    },
  };
}

describe('a one-time token', () => {
  it('is made in two steps, and its intention is on record between them', async () => {
    const { pass, teleport, object, state, usable, restart } = world();
    state.die = ['record', 'after'];
    await expect(pass()).rejects.toThrow(Died);
    expect(teleport.resources.size).toBe(1);
    expect(usable()).toBe(false);
    expect(readApplied(object())?.resourceHash).toBe('armed');
    restart();
    expect(await pass()).toMatchObject({ type: 'synced', wrote: 'created' });
    expect(usable()).toBe(true);
    expect(readApplied(object())?.resourceHash).not.toBe('armed');
    expect(state.made).toBe(1);
  });

  const moments = (['create', 'record', 'update', 'status'] as const).flatMap((step) =>
    (['before', 'after'] as const).map((when): Moment => [step, when]),
  );

  describe.each([true, false])('that is used at once (%s)', (usedAtOnce) => {
    it.each(moments)('and whose maker dies at the step %s, %s it: is made once', async (...die) => {
      const { pass, state, usable, restart, clock } = world();
      state.die = die;
      state.usedAtOnce = usedAtOnce;
      await pass().catch(() => {});
      restart();
      await pass();
      await clock.advance(60_000);
      const last = await pass();
      expect(state.made).toBe(1);
      expect(usable()).toBe(!usedAtOnce);
      expect(last.type).toBe(usedAtOnce ? 'consumed' : 'synced');
    });
  });

  it('whose last reply is lost is not made again when it was used', async () => {
    const { pass, teleport, state } = world();
    state.usedAtOnce = true;
    teleport.hooks.update = () => {
      delete teleport.hooks.update;
      teleport.resources.delete('engineer');
      state.made++;
      throw new TeleportError('Unavailable', 'the reply is lost');
    };
    expect(await pass()).toMatchObject({ type: 'failed', reason: 'TeleportUnavailable' });
    expect((await pass()).type).toBe('consumed');
    expect(state.made).toBe(1);
  });

  it('is looked at again after a stale read that shows the stand-in', async () => {
    const { pass, teleport, state, restart, use } = world();
    state.die = ['record', 'after'];
    await pass().catch(() => {});
    restart();
    const standIn = teleport.resources.get('engineer');
    if (!standIn) throw new Error('no stand-in');
    // what the pass before did last: armed, and used at once; the cache does not show it yet
    teleport.hooks.get = () => {
      delete teleport.hooks.get;
      teleport.resources.delete('engineer');
    };
    expect((await pass()).type).toBe('consumed');
    expect(state.made).toBe(0);
    use();
  });

  it('is made when the intention could not be recorded at first', async () => {
    const { pass, state, usable } = world();
    state.recordFails = 1;
    await expect(pass()).rejects.toThrow('made to fail');
    expect(usable()).toBe(false);
    expect(await pass()).toMatchObject({ type: 'synced', wrote: 'created' });
    expect(state.made).toBe(1);
  });

  it('of another spec is made anew, once, whether the old one was used or not', async () => {
    for (const used of [true, false]) {
      const { pass, state, use, edit, restart, clock } = world();
      await pass();
      await clock.advance(60_000);
      if (used) use();
      edit({ spec: { ...spec, bot_name: 'cd' } });
      state.die = ['update', 'after'];
      state.usedAtOnce = true;
      await pass().catch(() => {});
      restart();
      await pass();
      await clock.advance(60_000);
      expect((await pass()).type).toBe('consumed');
      expect(state.made).toBe(2);
    }
  });

  it('of the same spec gets other labels in one step', async () => {
    const { pass, teleport, edit, object } = world();
    await pass();
    const before = teleport.calls.length;
    edit({ metadata: { ...object().metadata, labels: { team: 'ci' } } });
    expect(await pass()).toMatchObject({ wrote: 'updated' });
    expect(teleport.calls.slice(before).filter((verb) => verb !== 'get')).toEqual(['update']);
  });

  it('is made from its stand-in even where drift is only reported', async () => {
    const { pass, state, usable, restart } = world({
      metadata: { annotations: { [annotations.drift]: 'report' } },
    });
    state.die = ['record', 'after'];
    await pass().catch(() => {});
    restart();
    expect(await pass()).toMatchObject({ type: 'synced' });
    expect(usable()).toBe(true);
  });

  it('leaves nothing when its object goes half-way', async () => {
    const { pass, state, edit, object, teleport, restart } = world();
    state.die = ['record', 'before'];
    await pass().catch(() => {});
    restart();
    edit({ metadata: { ...object().metadata, deletionTimestamp: '2026-11-21T00:00:00Z' } });
    expect((await pass()).type).toBe('gone');
    expect(teleport.resources.size).toBe(0);
  });

  it('that becomes one of another join method half-way is written over its stand-in', async () => {
    const { pass, state, edit, teleport, restart } = world();
    state.die = ['record', 'after'];
    await pass().catch(() => {});
    restart();
    edit({
      spec: { join_method: 'gcp', roles: ['Bot'], bot_name: 'ci', gcp: { allow: [{ project_ids: ['p'] }] } },
    });
    expect(await pass()).toMatchObject({ type: 'synced' });
    expect((teleport.resources.get('engineer') as ProvisionTokenV2).Spec?.JoinMethod).toBe('gcp');
  });
});

describe('under a CRD that drops what is on record, a one-time token', () => {
  const forgetful = () => {
    const all = world({ status: { conditions: [] } });
    all.state.forgets = true;
    return all;
  };

  it('is not begun: no stand-in stays behind', async () => {
    const { pass, teleport } = forgetful();
    expect(await pass()).toMatchObject({ type: 'failed', reason: 'KindDisabled' });
    expect(teleport.calls.filter((call) => call !== 'get' && call !== 'list')).toEqual([]);
  });

  it('that the Go operator made stays usable though it is edited, until the CRD is ours', async () => {
    const { pass, edit, teleport, state, usable } = forgetful();
    state.forgets = false;
    await pass();
    expect(usable()).toBe(true);
    state.forgets = true;
    edit({ spec: { ...spec, bot_name: 'cd' }, status: { conditions: [] } });
    expect(await pass()).toMatchObject({ type: 'failed', reason: 'KindDisabled' });
    expect(usable()).toBe(true);
    expect(teleport.resources.get('engineer')).toMatchObject({ Spec: { BotName: 'ci' } });
    state.forgets = false;
    expect(await pass()).toMatchObject({ type: 'synced', wrote: 'updated' });
    expect(teleport.resources.get('engineer')).toMatchObject({ Spec: { BotName: 'cd' } });
  });
});
