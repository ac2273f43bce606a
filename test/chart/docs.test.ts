// The documents about running it: their commands are run here, as the lists of command-fates.ts say (that every one stands in
// a list: commands.test.ts). Blocks marked `sh` of install, migrate, upgrade, uninstall and gitops run as they stand, each document's in
// order, on a real kube-apiserver, those with tctl on a real Teleport. Messages are in messages.test.ts.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../env/eventually.js';
import { type KubeAdmin, openKube } from '../env/kube-admin.js';
import { startRealKube } from '../env/kube-real.js';
import { freePorts } from '../env/ports.js';
import { type RunningProcess, startProcess } from '../env/process.js';
import { type RealTeleport, startRealTeleport } from '../env/teleport-real.js';
import type { RunningKube } from '../env/types.js';
import { besideRelease, inCheckout, inTeleport, onEmptyCluster, trial } from './command-fates.js';
import { blocks, read } from './commands.js';
import { assets, helm, helmBinary, root } from './helm.js';
import { type StandIn, standIn } from './stand-in.js';
import { administer, type Workplace, workplace } from './workplace.js';

const shell = (document: string) => blocks(`docs/${document}`, 'sh');

const asRun = (list: Readonly<Record<string, string | true>>) =>
  Object.entries(list).map(([shown, run]) => (run === true ? shown : run));

describe('in a checkout', () => {
  let place: Workplace;
  beforeAll(() => {
    place = workplace();
  }, 60_000);
  afterAll(() => place?.remove());

  it.each(asRun(inCheckout))(
    '%s',
    (command) => {
      const OUT = mkdtempSync(join(place.folder, 'out-'));
      // dist/ of the checkout itself may be older than the sources
      const cwd = command.startsWith('node dist/') ? place.folder : root;
      expect(place.run(command, { OUT, HOME: process.env['HOME'] }, cwd)).toBeDefined();
    },
    240_000,
  );
});

const noKube = helmBinary === undefined || assets === '';
describe.skipIf(noKube)(
  `with a cluster${noKube ? ' (KUBEBUILDER_ASSETS is not set, or no helm)' : ''}`,
  () => {
    let kube: RunningKube;
    let admin: KubeAdmin;
    let place: Workplace;
    const run = (commands: string, env: NodeJS.ProcessEnv = {}) =>
      place.run(commands, { KUBECONFIG: kube.kubeconfigPath, ...env });
    beforeEach(async () => {
      place = workplace();
      kube = await startRealKube(assets);
      admin = openKube(kube.kubeconfigPath);
    }, 180_000);
    afterEach(async () => {
      admin?.close();
      await kube?.stop();
      place?.remove();
    });

    const crds = () => admin.list('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    const upstream = (...args: string[]): StandIn => {
      const chart = standIn();
      const flags = [
        '--set=teleportAddress=x:3025,token=y',
        '--namespace=teleport-iac',
        '--create-namespace',
      ];
      helm(['install', 'teleport-operator', chart.folder, ...flags, ...args], kube?.kubeconfigPath);
      return chart;
    };

    it('the blocks of install.md', async () => {
      const [, inKubernetes, see, beside, rendered] = shell('install.md');
      run(inKubernetes ?? '');
      // an API server tells of new kinds a moment after it has them
      await eventually(() => expect(run(see ?? '')).toContain('teleportrolev7'));
      run(beside ?? '');
      expect(await admin.list('/apis/apps/v1/namespaces/teleport/deployments')).toHaveLength(1);
      run(rendered ?? '');
      expect(shell('install.md')).toHaveLength(5);
    }, 180_000);

    it('the blocks of upgrade.md and uninstall.md', async () => {
      run(shell('install.md')[1] ?? '');
      for (const block of shell('upgrade.md')) run(block);
      const [uninstall, all] = shell('uninstall.md');
      run(uninstall ?? '');
      expect((await crds()).length).toBeGreaterThan(20);
      run(all ?? '');
      expect(shell('uninstall.md')).toHaveLength(2);
    }, 180_000);

    it('the blocks of migrate.md', async () => {
      const chart = upstream();
      const [change, protect] = shell('migrate.md');
      run(change ?? '');
      run(protect ?? '');
      expect(shell('migrate.md')).toHaveLength(2);
      chart.remove();
    }, 180_000);

    it('the block of migrate.md about CRDs that another release owns: none of them goes', async () => {
      const chart = upstream();
      const count = (await crds()).length;
      run(shell('migrate.md')[1] ?? '');
      const flags = ['--namespace=teleport-iac', '--set=installCRDs=never', '--set=teleportAddress=x:3025'];
      helm(['upgrade', 'teleport-operator', chart.folder, ...flags], kube?.kubeconfigPath);
      expect(await crds()).toHaveLength(count);
      run(besideRelease['helm upgrade --install … --set installCRDs=always --take-ownership'] as string);
      expect((await crds()).length).toBeGreaterThan(count);
      for (const { metadata } of await crds())
        expect(metadata.labels).toMatchObject({ 'teleport.dev/release': 'teleport-iac_keeper' });
      chart.remove();
    }, 180_000);

    it('the block of gitops.md', async () => {
      run('kubectl create namespace teleport-iac');
      for (const block of shell('gitops.md')) run(block);
      expect(await admin.list('/apis/apps/v1/namespaces/teleport-iac/deployments')).toHaveLength(1);
    }, 180_000);

    it('tables and sentences, on an empty cluster', () => {
      for (const command of asRun(onEmptyCluster)) expect(run(command), command).not.toBe('');
    }, 180_000);

    it('tables and sentences, beside a release', async () => {
      run(shell('install.md')[1] ?? '');
      run('kubectl config set-context --current --namespace=teleport-iac');
      const finalizers = ['resources.teleport.dev/deletion'];
      for (const name of ['engineer', 'left'])
        await eventually(() =>
          admin.create('/apis/resources.teleport.dev/v1/namespaces/teleport-iac/teleportrolesv7', {
            apiVersion: 'resources.teleport.dev/v1',
            kind: 'TeleportRoleV7',
            metadata: { name, namespace: 'teleport-iac', finalizers },
          }),
        );
      // The Lease of an operator that led, which no Pod does here.
      await admin.create('/apis/coordination.k8s.io/v1/namespaces/teleport-iac/leases', {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: '431e83f4.teleport.dev', namespace: 'teleport-iac' },
      });
      const ACCOUNT = await kube.serviceAccountKubeconfig('teleport-iac', 'teleport-operator');
      const said: string[] = [];
      // discovery of new kinds takes a moment
      await eventually(() => expect(run('kubectl get teleport')).toContain('teleportrolev7'));
      for (const command of asRun(besideRelease)) said.push(run(command, { ACCOUNT }));
      expect(said.join('\n')).toContain('teleportrolev7.resources.teleport.dev/engineer');
      expect(said.join('\n')).toMatch(/left.*stays|stays.*left/i);
      expect(said.at(-1)).toContain('"left" deleted');
      const left = '/apis/resources.teleport.dev/v1/namespaces/teleport-iac/teleportrolesv7';
      expect(await admin.list(left)).toEqual([]);
    }, 240_000);
  },
);

const binaries = process.env['TELEPORT_BIN_DIR'] ?? '';

describe.skipIf(noKube || binaries === '')(
  `README.md${noKube || binaries === '' ? ' (KUBEBUILDER_ASSETS or TELEPORT_BIN_DIR is not set, or no helm)' : ''}`,
  () => {
    let teleport: RealTeleport;
    let kube: RunningKube;
    let place: Workplace;
    let operator: RunningProcess | undefined;
    beforeAll(async () => {
      [teleport, kube] = await Promise.all([startRealTeleport(binaries), startRealKube(assets)]);
      place = workplace();
      await administer(teleport, place, binaries);
    }, 240_000);
    afterAll(async () => {
      await operator?.stop();
      await Promise.all([teleport?.stop(), kube?.stop()]);
      place?.remove();
    });

    it('its trial ends as it says', async () => {
      const run = (command: string) => place.run(command, { KUBECONFIG: kube.kubeconfigPath });
      const [crds, namespace, role, bot, start, apply, get] = trial as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      for (const command of [crds, namespace, role]) run(command);
      const [, token = ''] = /token: (\S+)/i.exec(run(bot)) ?? [];
      const args = start.replace('teleport.example.com:443', teleport.authAddress).replace('<token>', token);
      const [health, metrics] = await freePorts(2);
      operator = await startProcess({
        name: 'teleport-operator',
        command: process.execPath,
        args: [
          ...args.split(' ').slice(1),
          `-health-probe-bind-address=127.0.0.1:${health}`,
          `-metrics-bind-address=127.0.0.1:${metrics}`,
        ],
        cwd: place.folder,
        logPath: join(place.folder, 'operator.log'),
        env: { KUBECONFIG: kube.kubeconfigPath },
      });
      const [, yaml = ''] = /^```yaml\n(.*?)^```/ms.exec(read('README.md')) ?? [];
      writeFileSync(join(place.folder, 'engineer.yaml'), yaml);
      await eventually(() => run(apply), { timeoutMs: 20_000 });
      const [, heading = '', row = ''] =
        /^NAME +(.*)\n(\S+ +True +Synced)/m.exec(blocks('README.md', '').join('\n')) ?? [];
      const squeeze = (text: string) => text.replaceAll(/ +/g, ' ');
      await eventually(() => expect(squeeze(run(get))).toContain(squeeze(row)), { timeoutMs: 30_000 });
      expect(squeeze(run(get))).toContain(squeeze(heading));
    }, 180_000);
  },
);

describe.skipIf(binaries === '')(
  `in Teleport${binaries === '' ? ' (TELEPORT_BIN_DIR is not set)' : ''}`,
  () => {
    let teleport: RealTeleport;
    let place: Workplace;
    const tokens = read('docs/join-tokens.yaml').split(/^---$/m);
    beforeAll(async () => {
      teleport = await startRealTeleport(binaries);
      place = workplace();
      await administer(teleport, place, binaries);
      writeFileSync(join(place.folder, 'token.yaml'), tokens[0] ?? '');
    }, 180_000);
    afterAll(async () => {
      await teleport?.stop();
      place?.remove();
    });

    it('the first block of install.md, and what tables and sentences show', async () => {
      place.run(shell('install.md')[0] ?? '');
      expect(await teleport.tctl('get', 'bot/operator')).toContain('operator');
      for (const command of asRun(inTeleport)) expect(place.run(command), command).not.toBe('');
    }, 240_000);

    const methods = tokens.map((token) => [/join_method: (\w+)/.exec(token)?.[1] ?? '', token] as const);
    it.each(methods)(
      'a join token of method %s',
      async (method, token) => {
        writeFileSync(join(place.folder, 'one.yaml'), token);
        const words: Record<string, RegExp> = {
          spacelift: /requires Teleport Enterprise/,
          bound_keypair: /experiment is not enabled/,
        };
        const expected = words[method];
        if (expected) expect(() => place.run('tctl create -f one.yaml')).toThrow(expected);
        else expect(place.run('tctl create -f one.yaml')).toContain('created');
      },
      60_000,
    );
  },
);
