// Tokens that Teleport writes to itself: no revision guards their update, and Auth's cache shows what was written up to a
// second late, so an edit at that moment must not put an older state back.
import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import {
  ProvisionTokenStatusV2Schema,
  type ProvisionTokenV2,
} from '../../src/gen/teleport/types/provision_token_pb.js';
import { group } from '../../src/kinds/kind.js';
import { makeForgetful } from '../env/crds.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import type { RunningOperator } from '../env/operator.js';
import { atWork } from './at-work.js';
import { type Scene, unique } from './scene.js';

const kind = 'TeleportProvisionToken';
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHp0rOSYKgMK8GxBCyxlVbGrzLlqVGWkKcdLpq0VBs0f';

/** Teleport 18.0 has bound_keypair behind this. */
const env = { TELEPORT_UNSTABLE_BOUND_KEYPAIR_JOINING_EXPERIMENT: 'true' };

describe.each(pairs({ staleMs: 500 }, { env }))('tokens, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let operator: RunningOperator;
    atWork(start, (opened, running) => {
      scene = opened;
      operator = running;
    });

    const latest = async (name: string): Promise<ProvisionTokenV2 | undefined> => {
      const { ProvisionTokens } = await scene.teleport.admin.unary(AuthService.method.getTokens, {});
      return ProvisionTokens.find(({ Metadata }) => Metadata?.Name === name);
    };
    const upsert = (value: ProvisionTokenV2) =>
      scene.teleport.admin.unary(AuthService.method.upsertTokenV2, { Token: { case: 'V2', value } });
    /** The cache has heard of what was written; what it does not know it looks up. */
    const cached = async (): Promise<void> => {
      const until = performance.now() + 1_200;
      await eventually(() => performance.now() > until);
    };
    const once = (bot = unique('bot')) => ({ join_method: 'token', roles: ['Bot'], bot_name: bot });

    it('of bound_keypair keep what a join has just written, though they are edited at that moment', async () => {
      const name = unique('bound');
      await scene.create(kind, name, {
        join_method: 'bound_keypair',
        roles: ['Bot'],
        bot_name: unique('bot'),
        bound_keypair: { onboarding: { initial_public_key: key }, recovery: { limit: 1 } },
      });
      await scene.untilReady(kind, name);
      for (let limit = 2; limit <= 6; limit++) {
        await cached();
        const joined = await latest(name);
        if (!joined) throw new Error('the token is gone');
        // as Auth does at each join
        joined.Status = create(ProvisionTokenStatusV2Schema, {
          BoundKeypair: { BoundPublicKey: key, BoundBotInstanceID: 'one', RecoveryCount: limit },
        });
        await upsert(joined);
        await scene.patch(kind, name, { spec: { bound_keypair: { recovery: { limit } } } });
        await scene.untilReady(kind, name);
        await eventually(async () =>
          expect((await latest(name))?.Spec?.BoundKeypair?.Recovery?.Limit).toBe(limit),
        );
        expect((await latest(name))?.Status?.BoundKeypair).toMatchObject({
          BoundBotInstanceID: 'one',
          RecoveryCount: limit,
        });
      }
    }, 60_000);

    it('of one use are not brought back by other labels that are set the moment after that use', async () => {
      for (let times = 0; times < 5; times++) {
        const name = unique('once');
        await scene.create(kind, name, once());
        await scene.untilReady(kind, name);
        await cached();
        await scene.teleport.admin.unary(AuthService.method.deleteToken, { Name: name });
        await scene.patch(kind, name, { metadata: { labels: { team: `${times}` } } });
        await scene.until(kind, name, { type: 'Ready', status: 'True', reason: 'Consumed' });
        expect(await latest(name)).toBeUndefined();
      }
    }, 60_000);

    it('of one use are not made where the CRD is the Go operator’s, which drops the memory of their use', async () => {
      const [edited, before] = [unique('edited'), unique('bot')];
      await scene.create(kind, edited, once(before));
      await scene.untilReady(kind, edited);
      const restore = await makeForgetful(scene.admin, `teleportprovisiontokens.${group}`);
      try {
        const name = unique('forgotten');
        await eventually(
          async () => {
            await scene.create(kind, name, once());
            const { message } = await scene.until(kind, name, {
              type: 'Ready',
              status: 'False',
              reason: 'KindDisabled',
            });
            expect(message).toContain('teleport-operator crds | kubectl apply --server-side -f -');
          },
          { timeoutMs: 10_000 },
        );
        expect(await latest(name)).toBeUndefined();
        // One that is there stays usable, as it was, though its spec is another.
        await scene.patch(kind, edited, { spec: once() });
        await scene.until(kind, edited, { type: 'Ready', status: 'False', reason: 'KindDisabled' });
        expect((await latest(edited))?.Spec).toMatchObject({ JoinMethod: 'token', BotName: before });
        const usual = unique('usual');
        await scene.create(kind, usual, { join_method: 'token', roles: ['Node'] });
        await scene.untilReady(kind, usual);
        const told = operator.logs().filter(({ message }) => message.includes('drops what is remembered'));
        expect(told.map(({ level }) => level)).toEqual(['WARN']);
        for (const each of [name, edited, usual]) {
          await scene.remove(kind, each);
          await scene.untilGone(kind, each);
          await eventually(async () => expect(await latest(each)).toBeUndefined());
        }
      } finally {
        await restore();
      }
    }, 60_000);
  });
});
