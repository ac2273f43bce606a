// Writes that Teleport answers with nothing, and somebody else who writes before the operator has looked.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { held, remembered, world } from '../../test/builders/reconciler-world.js';
import type { AppV3 } from '../gen/teleport/types/app_pb.js';
import type { ProvisionTokenV2 } from '../gen/teleport/types/provision_token_pb.js';
import { app } from '../kinds/app.js';
import { provisionToken } from '../kinds/provision-token.js';
import type { KubeObject } from '../kube/object.js';
import type { Passed } from './parts.js';

const anApp = (uri = 'https://one.example.com'): KubeObject => held({ kind: 'TeleportAppV3', spec: { uri } });

function silent(base: typeof app = app) {
  const all = world(base);
  const { clock, teleport } = all;
  return {
    ...all,
    /** A pass; waits go by. */
    pass: async (object: KubeObject): Promise<Passed> => {
      const running = all.pass(object);
      await clock.advance(10_000);
      return running;
    },
    stored: () => teleport.resources.get('engineer') as AppV3 | undefined,
    writes: () => teleport.calls.filter((call) => call !== 'get'),
    /** Changes what is stored, as a new revision. */
    write: (revision: string, change: (stored: AppV3) => void): void => {
      const stored = teleport.resources.get('engineer') as AppV3;
      change(stored);
      app.form.setRevision(stored, revision);
    },
  };
}

describe('a silent write', () => {
  it.each(['create', 'update'] as const)(
    'over which somebody writes at once (%s) is made once more',
    async (verb) => {
      const { pass, teleport, stored, write, writes } = silent();
      let object = anApp();
      if (verb === 'update')
        object = { ...remembered(await pass(object)), spec: { uri: 'https://two.example.com' } };
      const before = writes().length;
      let foreign = 0;
      teleport.hooks[verb] = () => {
        if (foreign++ === 0)
          write('foreign', ({ Spec: spec }) =>
            Object.assign(spec ?? {}, { URI: 'https://evil.example.com' }),
          );
      };
      const last = await pass(object);
      expect(last.outcome).toMatchObject({ type: 'synced', wrote: `${verb}d` });
      expect(stored()?.Spec?.URI).toBe(`https://${verb === 'update' ? 'two' : 'one'}.example.com`);
      expect(writes().slice(before)).toEqual([verb, 'update']);
      expect((await pass(remembered(last))).outcome).toMatchObject({ wrote: 'nothing' });
    },
  );

  it('that Teleport stores as something that nobody foresaw is made once more, and then believed', async () => {
    const { pass, teleport, write, writes } = silent();
    let revision = 0;
    const normalize = (): void =>
      write(`n${revision++}`, ({ Spec: spec }) =>
        Object.assign(spec ?? {}, { PublicAddr: 'app.example.com' }),
      );
    Object.assign(teleport.hooks, { create: normalize, update: normalize });
    const first = await pass(anApp());
    expect(first.outcome).toMatchObject({ type: 'synced', wrote: 'created' });
    expect(writes()).toEqual(['create', 'update']);
    expect((await pass(remembered(first))).outcome).toMatchObject({ wrote: 'nothing' });
    expect(writes()).toEqual(['create', 'update']);
  });

  it('is not made once more over what somebody has taken from us meanwhile', async () => {
    const { pass, teleport, write, writes } = silent();
    teleport.hooks.create = () =>
      write('theirs', ({ Metadata: metadata }) => Object.assign(metadata ?? {}, { Labels: {} }));
    const first = await pass(anApp());
    expect(writes()).toEqual(['create']);
    const edited = { ...remembered(first), spec: { uri: 'https://two.example.com' } };
    expect((await pass(edited)).outcome).toMatchObject({ reason: 'NotOwned' });
  });

  it('of a one-time token is made once, whatever is found: it may have been used', async () => {
    const { pass, teleport, writes } = silent(provisionToken);
    const spec = { join_method: 'token', roles: ['Bot'], bot_name: 'ci' };
    teleport.hooks.update = () => {
      const token = teleport.resources.get('engineer') as ProvisionTokenV2;
      if (token.Spec) token.Spec.BotName = 'other';
    };
    await pass(anObject({ kind: 'TeleportProvisionToken', spec, status: { observedGeneration: -1 } }));
    expect(writes()).toEqual(['create', 'update']);
  });
});
