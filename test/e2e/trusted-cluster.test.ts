// A trusted cluster between two real Teleports: the token comes out of a Secret, the object bears the root
// cluster's name, and what can't be changed is said to be so. The embedded Teleport has no second one to trust.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustedClusterV2Schema } from '../../src/gen/teleport/types/trusted_cluster_pb.js';
import { kubeServers } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { type RealTeleport, startRealTeleport } from '../env/teleport-real.js';
import { differences } from './differences.js';
import { kindOf, openScene, type Scene } from './scene.js';

const binDir = process.env['TELEPORT_BIN_DIR'] ?? '';
const realKube = kubeServers()[1];
const kind = 'TeleportTrustedClusterV2';
const rootName = 'root.test';
const token = 'a-token-of-the-root-cluster';

describe.skipIf(binDir === '' || realKube === undefined || realKube.skipped)(
  'between two real Teleports',
  () => {
    let root: RealTeleport;
    let scene: Scene;
    let operator: RunningOperator;
    beforeAll(async () => {
      root = await startRealTeleport(binDir, { clusterName: rootName });
      const leaf = await startRealTeleport(binDir, { trustedCa: root.proxyCa });
      if (!realKube) throw new Error('there is no API server');
      scene = await openScene({ kube: await realKube.start(), teleport: leaf });
      await root.tctl('tokens', 'add', '--type=trusted_cluster', `--value=${token}`, '--ttl=1h');
      operator = await startOperator(await scene.operator());
      await operator.untilReady();
      await scene.admin.create(`/api/v1/namespaces/${scene.namespace}/secrets`, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'root',
          annotations: { 'resources.teleport.dev/allow-lookup-from-cr': rootName },
        },
        stringData: { token },
      });
    }, 120_000);
    afterAll(async () => {
      await operator?.stop();
      await scene?.close();
      await root?.stop();
    });

    const spec = () => ({
      enabled: true,
      token: 'secret://root/token',
      web_proxy_addr: root.proxyAddress,
      tunnel_addr: root.proxyAddress,
      role_map: [{ remote: 'access', local: ['access'] }],
    });

    it('is made with the token of the Secret', async () => {
      await scene.create(kind, rootName, spec());
      await scene.untilReady(kind, rootName, 30_000);
      const leaf = scene.teleport as RealTeleport;
      const shown = JSON.parse(await leaf.tctl('get', `trusted_cluster/${rootName}`, '--format=json')) as {
        spec: object;
      }[];
      const { token: _, ...rest } = spec();
      expect(differences(rest, shown[0]?.spec)).toEqual([]);
      expect(operator.output()).not.toContain(token);
    }, 40_000);

    it('waits for a role that its map names', async () => {
      await scene.patch(kind, rootName, { spec: { role_map: [{ remote: 'access', local: ['later'] }] } });
      const ready = await scene.until(kind, rootName, { type: 'Ready', status: 'False' });
      expect(ready.reason).toBe('DependencyNotReady');
      await scene.create('TeleportRoleV7', 'later', { allow: { logins: ['later'] } });
      await scene.untilReady(kind, rootName, 30_000);
    }, 60_000);

    it('is switched off and on, without a token too', async () => {
      const enabled = async () => {
        const stored = await scene.stored(kind, rootName);
        return (stored as { Spec?: { Enabled?: boolean } } | undefined)?.Spec?.Enabled ?? false;
      };
      await scene.patch(kind, rootName, { spec: { enabled: false, token: null } });
      await scene.untilReady(kind, rootName);
      await expect.poll(enabled, { timeout: 10_000 }).toBe(false);
      await scene.patch(kind, rootName, { spec: { enabled: true, tunnel_addr: null } });
      await scene.untilReady(kind, rootName);
      await expect.poll(enabled, { timeout: 10_000 }).toBe(true);
      expect(kindOf(kind).schema).toBe(TrustedClusterV2Schema);
    }, 40_000);

    it('says what can not be changed, and does not try', async () => {
      await scene.patch(kind, rootName, { spec: { web_proxy_addr: '127.0.0.1:1' } });
      const ready = await scene.until(kind, rootName, { type: 'Ready', status: 'False' });
      expect(ready.reason).toBe('FieldImmutable');
      await scene.patch(kind, rootName, { spec: { web_proxy_addr: root.proxyAddress } });
      await scene.untilReady(kind, rootName);
    }, 40_000);

    it('is refused under another name, as Teleport itself would', async () => {
      await root.tctl('tokens', 'add', '--type=trusted_cluster', `--value=${token}-2`, '--ttl=1h');
      await scene.create(kind, 'another.test', { ...spec(), token: `${token}-2` });
      const ready = await scene.until(kind, 'another.test', { type: 'Ready', status: 'False' });
      expect(ready).toMatchObject({ reason: 'Rejected' });
      expect(ready.message).toMatch(/must be the same as the remote cluster name/);
      expect(ready.message).not.toContain(token);
      await scene.remove(kind, 'another.test');
      await scene.untilGone(kind, 'another.test');
    }, 40_000);

    it('is taken over where it was made by hand', async () => {
      const leaf = scene.teleport as RealTeleport;
      const get = async () =>
        JSON.parse(await leaf.tctl('get', `trusted_cluster/${rootName}`, '--format=json')) as {
          metadata: { labels?: Record<string, string> };
        }[];
      const [made] = await get();
      delete made?.metadata.labels;
      const file = join(mkdtempSync(join(tmpdir(), 'by-hand-')), 'cluster.json');
      writeFileSync(file, JSON.stringify(made));
      await leaf.tctl('create', '-f', file);
      rmSync(dirname(file), { recursive: true });
      await expect.poll(async () => (await get())[0]?.metadata.labels, { timeout: 10_000 }).toBeUndefined();
      // Auth doesn't tell of changes of these
      await scene.patch(kind, rootName, {
        metadata: { annotations: { 'teleport.dev/reconcile-at': 'now' } },
      });
      const ready = await scene.until(kind, rootName, { type: 'Ready', status: 'False' }, 30_000);
      expect(ready.reason).toBe('NotOwned');
      await scene.patch(kind, rootName, { metadata: { annotations: { 'teleport.dev/adopt': 'true' } } });
      await scene.untilReady(kind, rootName, 30_000);
      expect((await get())[0]?.metadata.labels).toEqual({ 'teleport.dev/origin': 'kubernetes' });
    }, 90_000);

    it('goes with its object', async () => {
      await scene.remove(kind, rootName);
      await scene.untilGone(kind, rootName);
      await expect.poll(() => scene.stored(kind, rootName), { timeout: 10_000 }).toBeUndefined();
    }, 40_000);
  },
);
