// What is switched off, and only that: kinds for which the operator's role in Teleport has no right, and kinds that
// need a licence. Their objects say what is needed, deletions wait and say so, and all of it goes on by itself when
// the right or the licence comes.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { BotService } from '../../src/gen/teleport/machineid/v1/bot_service_pb.js';
import type { Condition } from '../../src/kube/object.js';
import { eventually } from '../env/eventually.js';
import { kubeServers, pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { makeBot, operatorRole } from '../env/teleport-bot.js';
import {
  type RunningEmbeddedTeleport,
  startCheckedTeleport,
  startEmbeddedTeleport,
} from '../env/teleport-embedded.js';
import { atWork } from './at-work.js';
import { kindOf, openScene, type Scene, unique } from './scene.js';

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

describe('kinds that need a licence', () => {
  const licensed: readonly (readonly [string, object, string])[] = [
    [
      'TeleportOIDCConnector',
      {
        client_id: 'a',
        client_secret: 'b',
        issuer_url: 'https://idp',
        redirect_url: ['https://t'],
        claims_to_roles: [{ claim: 'g', value: 'v', roles: ['access'] }],
      },
      'needs Teleport Enterprise with OIDC.',
    ],
    [
      'TeleportSAMLConnector',
      {
        acs: 'https://t/acs',
        issuer: 'i',
        sso: 'https://idp/sso',
        attributes_to_roles: [{ name: 'g', value: 'v', roles: ['access'] }],
      },
      'needs Teleport Enterprise with SAML.',
    ],
    [
      'TeleportLoginRule',
      { priority: 1, traits_expression: 'external' },
      'needs Teleport Enterprise with OIDC or SAML.',
    ],
    [
      'TeleportAccessList',
      { title: 't', owners: [{ name: 'alice' }], audit: { recurrence: {} }, grants: { roles: ['access'] } },
      'needs Teleport Enterprise with Identity Governance (advanced access workflows).',
    ],
    [
      'TeleportOktaImportRule',
      { priority: 1, mappings: [{ match: [{ app_ids: ['a'] }], add_labels: { a: 'b' } }] },
      'needs Teleport Enterprise with Identity Governance (advanced access workflows).',
    ],
  ];
  let scene: Scene;
  let operator: RunningOperator;
  let upgraded: { close(): Promise<void> } | undefined;
  beforeAll(async () => {
    const kube = kubeServers()[0];
    if (!kube) throw new Error('there is no embedded Kubernetes');
    scene = await openScene({ kube: await kube.start(), teleport: await startEmbeddedTeleport() });
    operator = await startOperator(await scene.operator());
    await operator.untilReady();
    for (const [kind, spec] of licensed) {
      await scene.create(kind, 'stays', spec);
      await scene.create(kind, 'goes', spec);
    }
  }, 90_000);
  afterAll(async () => {
    await operator?.stop();
    await upgraded?.close();
    await scene?.close();
  });

  it.each(licensed)('say so: %s', async (kind, _spec, text) => {
    const off = { type: 'Ready', status: 'False', reason: 'KindDisabled' } as const;
    const { message } = await scene.until(kind, 'stays', off, 30_000);
    expect(message).toBe(`${kind} ${text}`);
  });

  it('are shown in the metric and beside /readyz, which stays ready', async () => {
    const metrics = await (await fetch(operator.metricsUrl)).text();
    for (const [kind] of licensed) {
      expect(metrics).toContain(`teleport_operator_kind_available{kind="${kind}",reason="Unlicensed"} 0`);
    }
    expect(metrics).toContain('teleport_operator_kind_available{kind="TeleportUser",reason=""} 1');
    const details = await fetch(`${operator.healthUrl}/readyz?verbose`);
    expect(details.status).toBe(200);
    expect(await details.text()).toContain('TeleportOIDCConnector is off: ');
  });

  /** The same cluster with another licence. */
  const restart = async (enterprise: boolean): Promise<void> => {
    const { server } = scene.teleport as RunningEmbeddedTeleport;
    await (upgraded ?? server).close();
    upgraded = await startCheckedTeleport({
      clusterName: server.clusterName,
      dataFrom: server.state,
      authPort: Number(server.authAddress.split(':')[1]),
      proxyPort: Number(server.proxyAddress.split(':')[1]),
      enterprise,
    });
  };

  it('come on with the licence; nothing is lost meanwhile', async () => {
    await restart(true);
    for (const [kind] of licensed) await scene.untilReady(kind, 'stays', 60_000);
    for (const [kind] of licensed) await scene.untilReady(kind, 'goes', 60_000);
  }, 90_000);

  it('hold deletions up when the licence is gone, and say why', async () => {
    await restart(false);
    const kind = 'TeleportLoginRule';
    await expect
      .poll(async () => (await fetch(operator.metricsUrl)).text(), { timeout: 60_000 })
      .toContain(`teleport_operator_kind_available{kind="${kind}",reason="Unlicensed"} 0`);
    await scene.remove(kind, 'goes');
    await expect
      .poll(
        async () => {
          const conditions = ((await scene.find(kind, 'goes'))?.status?.['conditions'] ?? []) as Condition[];
          return conditions.find(({ type }) => type === 'Ready')?.message;
        },
        { timeout: 20_000 },
      )
      .toMatch(/needs Teleport Enterprise .*The deletion waits for it/);
    await restart(true);
    await scene.untilGone(kind, 'goes', 90_000);
  }, 180_000);
});
