// What is switched off, and only that: kinds for which the operator's role in Teleport has no right. Their objects say what is
// needed, deletions wait and say so, and all of it goes on by itself when the right comes. Licences are licence.test.ts's matter.
import { beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { BotService } from '../../src/gen/teleport/machineid/v1/bot_service_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import type { RunningOperator } from '../env/operator.js';
import { makeBot, operatorRole } from '../env/teleport-bot.js';
import { atWork } from './at-work.js';
import { kindOf, type Scene, unique } from './scene.js';

/** Kinds that the Go operator's chart gives no right for, and what Teleport says of it. */
const forbidden: readonly (readonly [string, object, RegExp])[] = [
  ['TeleportAppV3', { uri: 'http://localhost:80' }, /"create" on "app"/],
  ['TeleportDatabaseV3', { protocol: 'postgres', uri: 'localhost:5432' }, /"create" on "db"/],
  ['TeleportLockV2', { target: { user: 'mallory' } }, /"read" on "lock"/],
  [
    'TeleportAccessMonitoringRuleV1',
    { subjects: ['access_request'], condition: 'true', notification: { name: 'slack', recipients: ['a'] } },
    /on "access_monitoring_rule"/,
  ],
  [
    'TeleportSAMLIdPServiceProviderV1',
    { entity_id: 'https://127.0.0.1:1/sp', acs_url: 'https://sp.example.com/acs' },
    /"create" on "saml_idp_service_provider"/,
  ],
];
const allowed: readonly (readonly [string, object])[] = [
  ['TeleportRoleV7', { allow: { logins: ['one'] } }],
  ['TeleportUser', { roles: ['access'] }],
  ['TeleportProvisionToken', { roles: ['Node'], join_method: 'token' }],
  ['TeleportBotV1', { roles: ['access'] }],
  ['TeleportOpenSSHServerV2', { addr: '192.0.2.1:22', hostname: 'host' }],
  [
    'TeleportWorkloadIdentityV1',
    {
      spiffe: { id: '/a' },
      rules: { allow: [{ conditions: [{ attribute: 'user.name', eq: { value: 'x' } }] }] },
    },
  ],
];

describe.each(pairs())("kinds that the bot's role forgets, on $name", ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator running', () => {
    let scene: Scene;
    let operator: RunningOperator;
    /** Kinds at work whose resources Teleport does not let be listed. */
    const unlisted = async () =>
      [
        ...(await (await fetch(`${operator.healthUrl}/readyz?verbose`)).text()).matchAll(
          /(Teleport\w+): its resources can not be listed in Teleport/g,
        ),
      ].map(([, kind = '']) => kind);
    const botName = async (): Promise<string> => {
      for await (const page of kindOf('TeleportBotV1').calls.list?.pages(
        scene.teleport.admin,
        new AbortController().signal,
      ) ?? [])
        for (const bot of page) {
          const { name } = kindOf('TeleportBotV1').form.head(bot);
          if (name.startsWith('operator-')) return name;
        }
      throw new Error('the operator has no bot');
    };
    /** How often objects of each kind were found without a right. */
    const triesOf = async (...kinds: string[]) => {
      const metrics = await (await fetch(operator.metricsUrl)).text();
      const tries = (kind: string) =>
        new RegExp(`passes_total\\{kind="${kind}",outcome="KindDisabled"\\} (\\d+)`).exec(metrics)?.[1];
      return kinds.map((kind) => Number(tries(kind) ?? 0));
    };
    const names = new Map([...forbidden, ...allowed].map(([kind]) => [kind, unique(kind.toLowerCase())]));
    const nameOf = (kind: string): string => names.get(kind) ?? '';
    atWork(
      start,
      (opened, running) => {
        scene = opened;
        operator = running;
      },
      { rights: 'chart' },
    );
    beforeAll(async () => {
      for (const [kind, spec] of [...forbidden, ...allowed]) await scene.create(kind, nameOf(kind), spec);
    }, 90_000);

    it.each(forbidden)(
      'switch off %s, with the right that it lacks',
      async (kind, _spec, text) => {
        const off = { type: 'Ready', status: 'False', reason: 'KindDisabled' } as const;
        const { message } = await scene.until(kind, nameOf(kind), off, 30_000);
        expect(message).toMatch(text);
        expect(message).toMatch(/rule of the operator's role in Teleport/);
      },
      35_000,
    );

    it.each(allowed)(
      'leave %s at work',
      async (kind) => {
        await scene.untilReady(kind, nameOf(kind), 30_000);
      },
      35_000,
    );

    it('come on at once when the bot gets a second role that may', async () => {
      const { admin } = scene.teleport;
      const all = { Values: { '*': { Values: ['*'] } } };
      await admin.unary(AuthService.method.upsertRoleV2, {
        Role: {
          Kind: 'role',
          Version: 'v7',
          Metadata: { Name: 'more', Namespace: 'default' },
          Spec: {
            Allow: {
              Rules: [{ Resources: ['app'], Verbs: ['list', 'create', 'read', 'update', 'delete'] }],
              AppLabels: all,
            },
          },
        },
      });
      await admin.unary(BotService.method.upsertBot, {
        bot: {
          kind: 'bot',
          version: 'v1',
          metadata: { name: await botName() },
          spec: { roles: [operatorRole, 'more'] },
        },
      });
      await scene.untilReady('TeleportAppV3', nameOf('TeleportAppV3'), 20_000);
    }, 30_000);

    it('hold a deletion up, which says why', async () => {
      const kind = 'TeleportLockV2';
      await scene.create(kind, 'waiting', { target: { user: 'mallory' } });
      const off = { type: 'Ready', status: 'False', reason: 'KindDisabled' } as const;
      await scene.until(kind, 'waiting', off, 30_000);
      await scene.remove(kind, 'waiting');
      await expect
        .poll(async () => (await scene.find(kind, 'waiting'))?.metadata.deletionTimestamp, {
          timeout: 10_000,
        })
        .toBeDefined();
      await scene.until(kind, 'waiting', off, 30_000);
      expect((await scene.find(kind, 'waiting'))?.metadata.finalizers).toEqual([
        'resources.teleport.dev/deletion',
      ]);
    }, 60_000);

    it('come on at once when the role learns of them, without a restart, are listed, and watched', async () => {
      expect(await unlisted()).toContain('TeleportLockV2');
      // By now the next try of each is at least a quarter of a minute away.
      await eventually(
        async () =>
          expect(
            Math.min(...(await triesOf('TeleportDatabaseV3', 'TeleportAccessMonitoringRuleV1'))),
          ).toBeGreaterThan(6),
        {
          timeoutMs: 60_000,
        },
      );
      await makeBot(scene.teleport.admin, {
        name: unique('other'),
        join: { method: 'token' },
        rights: 'all',
      });
      const by = Date.now() + 8_000;
      for (const [kind] of forbidden) await scene.untilReady(kind, nameOf(kind), by - Date.now());
      await scene.untilGone('TeleportLockV2', 'waiting', 10_000);
      await eventually(async () => expect(await unlisted()).toEqual([]), { timeoutMs: 20_000 });
      // Their lists come every two minutes; the stream that began without them is opened anew with them.
      const { admin } = scene.teleport;
      const { calls, form } = kindOf('TeleportLockV2');
      const name = nameOf('TeleportLockV2');
      await eventually(
        async () => {
          const lock = await calls.get.run(admin, name);
          Object.assign(form.head(lock).labels, { slipped: 'in' });
          await calls.update.run(admin, lock);
          const corrected = async () => form.head(await calls.get.run(admin, name)).labels;
          await eventually(async () => expect(await corrected()).not.toHaveProperty('slipped'), {
            timeoutMs: 3_000,
          });
        },
        { timeoutMs: 20_000 },
      );
    }, 150_000);
  });
});
