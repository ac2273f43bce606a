// What is switched off, and only that: kinds that need a licence. Their objects say which, deletions wait and say so, and all of it
// goes on by itself when the licence comes. What the bot may do is gates.test.ts's matter.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Condition } from '../../src/kube/object.js';
import { kubeServers } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import {
  type RunningEmbeddedTeleport,
  startCheckedTeleport,
  startEmbeddedTeleport,
} from '../env/teleport-embedded.js';
import { openScene, type Scene } from './scene.js';

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
