// The documents about running it: messages that docs/troubleshooting.md quotes are ones that the source writes, and every
// block marked `sh` of install, migrate, upgrade, uninstall and gitops runs, as it stands, on a real kube-apiserver and a
// real Teleport (tctl, helm, kubectl), each document's blocks in order.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../env/eventually.js';
import { type KubeAdmin, openKube } from '../env/kube-admin.js';
import { startRealKube } from '../env/kube-real.js';
import { type RealTeleport, startRealTeleport } from '../env/teleport-real.js';
import type { RunningKube } from '../env/types.js';
import { assets, helm, helmBinary, root } from './helm.js';
import { type StandIn, standIn } from './stand-in.js';

const read = (path: string) => readFileSync(join(root, path), 'utf8');

describe('docs/troubleshooting.md', () => {
  const text = (folder: string, pattern: RegExp) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => pattern.test(name) && !name.includes('.test.'))
      .map((name) => read(join(folder, name)))
      .join('\n')
      // texts that are put together over several lines
      .replaceAll(/['"`]\s*\+\s*['"`]/g, '')
      .replaceAll("\\'", "'");
  const source = `${text('src', /\.ts$/)}${text('charts/teleport-operator/templates', /tpl$/)}`;
  const helms = ['invalid ownership metadata', "values don't meet the specifications"];
  const quoted = [...read('docs/troubleshooting.md').matchAll(/^\| `([^`]+)` \|/gm)].map(
    ([, quote = '']) => quote,
  );

  it.each(quoted)('quotes what is said: %s', (quote) => {
    if (helms.some((own) => quote.startsWith(own))) return;
    expect(source).toContain(quote);
  });
});

/** The blocks of a document that are marked `sh`. */
function blocks(document: string): string[] {
  return [...read(`docs/${document}`).matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
}

const binaries = process.env['TELEPORT_BIN_DIR'] ?? '';
const skipped = helmBinary === undefined || assets === '' || binaries === '';
describe.skipIf(skipped)(
  `the commands of the documents${skipped ? ' (KUBEBUILDER_ASSETS or TELEPORT_BIN_DIR is not set, or no helm)' : ''}`,
  () => {
    let teleport: RealTeleport;
    let kube: RunningKube | undefined;
    let admin: KubeAdmin;
    let folder: string;
    beforeAll(async () => {
      teleport = await startRealTeleport(binaries);
      folder = mkdtempSync(join(tmpdir(), 'operator-docs-'));
      for (const name of ['docs', 'charts', 'deploy']) symlinkSync(join(root, name), join(folder, name));
      const identity = join(folder, 'admin.identity');
      await teleport.tctl('auth', 'sign', '--user=test-admin', '--format=file', `--out=${identity}`);
      const bin = join(folder, 'bin');
      mkdirSync(bin);
      const script = `#!/bin/sh\nexec '${binaries}/tctl' --identity='${identity}' --auth-server='${teleport.authAddress}' --insecure "$@"\n`;
      writeFileSync(join(bin, 'tctl'), script);
      chmodSync(join(bin, 'tctl'), 0o755);
    }, 90_000);
    afterAll(async () => {
      await teleport?.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    const run = (block: string): string => {
      const home = join(folder, 'helm');
      const PATH = [join(folder, 'bin'), assets, process.env['PATH']].join(delimiter);
      try {
        return execFileSync('/bin/bash', ['-euo', 'pipefail', '-c', block], {
          cwd: folder,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'pipe'],
          maxBuffer: 64 * 1024 * 1024,
          env: { PATH, HOME: folder, KUBECONFIG: kube?.kubeconfigPath, HELM_CACHE_HOME: home },
        });
      } catch (error) {
        throw new Error(`${block}\n${(error as { stderr?: string }).stderr?.slice(0, 2_000)}`, {
          cause: error,
        });
      }
    };
    describe('with a cluster', () => {
      beforeEach(async () => {
        kube = await startRealKube(assets);
        admin = openKube(kube.kubeconfigPath);
        const jwks = await kube.jwks();
        const [token = ''] = read('docs/join-tokens.yaml').split(/^---$/m);
        writeFileSync(join(folder, 'token.yaml'), token.replace(`'{"keys":[]}'`, JSON.stringify(jwks)));
      }, 90_000);
      afterEach(async () => {
        admin?.close();
        await kube?.stop();
      });

      const crds = () => admin.list('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
      const upstream = (...args: string[]): StandIn => {
        const chart = standIn();
        const flags = ['--set=teleportAddress=x:3025', '--namespace=teleport-iac', '--create-namespace'];
        helm(['install', 'teleport-operator', chart.folder, ...flags, ...args], kube?.kubeconfigPath);
        return chart;
      };

      it('of install.md', async () => {
        const [inTeleport, inKubernetes, see, beside, rendered] = blocks('install.md');
        run(inTeleport ?? '');
        expect(await teleport.tctl('get', 'bot/operator')).toContain('operator');
        run(inKubernetes ?? '');
        // an API server tells of new kinds a moment after it has them
        await eventually(() => expect(run(see ?? '')).toContain('teleportrolev7'));
        run(beside ?? '');
        expect(await admin.list('/apis/apps/v1/namespaces/teleport/deployments')).toHaveLength(1);
        run(rendered ?? '');
        expect(blocks('install.md')).toHaveLength(5);
      }, 90_000);

      it('of upgrade.md and uninstall.md', async () => {
        run(blocks('install.md')[1] ?? '');
        for (const block of blocks('upgrade.md')) run(block);
        const [uninstall, all] = blocks('uninstall.md');
        run(uninstall ?? '');
        expect((await crds()).length).toBeGreaterThan(20);
        run(all ?? '');
        expect(blocks('uninstall.md')).toHaveLength(2);
      }, 90_000);

      it('of migrate.md', async () => {
        const chart = upstream();
        const [change, protect] = blocks('migrate.md');
        run(change ?? '');
        run(protect ?? '');
        expect(blocks('migrate.md')).toHaveLength(2);
        chart.remove();
      }, 90_000);

      it('of migrate.md, about CRDs that another release owns: none of them goes', async () => {
        const chart = upstream();
        const count = (await crds()).length;
        run(blocks('migrate.md')[1] ?? '');
        const flags = ['--namespace=teleport-iac', '--set=installCRDs=never', '--set=teleportAddress=x:3025'];
        helm(['upgrade', 'teleport-operator', chart.folder, ...flags], kube?.kubeconfigPath);
        expect(await crds()).toHaveLength(count);
        run(`helm upgrade --install keeper charts/teleport-operator --namespace teleport-iac --set installCRDs=always --take-ownership \\
        --set image=x,teleportAddress=x:3025,token=x`);
        expect((await crds()).length).toBeGreaterThan(count);
        for (const { metadata } of await crds())
          expect(metadata.labels).toMatchObject({ 'teleport.dev/release': 'teleport-iac_keeper' });
        chart.remove();
      }, 90_000);

      it('of gitops.md', async () => {
        run('kubectl create namespace teleport-iac');
        for (const block of blocks('gitops.md')) run(block);
        expect(await admin.list('/apis/apps/v1/namespaces/teleport-iac/deployments')).toHaveLength(1);
      }, 90_000);
    });

    const tokens = read('docs/join-tokens.yaml').split(/^---$/m);
    const methods = tokens.map((token) => [/join_method: (\w+)/.exec(token)?.[1] ?? '', token] as const);
    it.each(methods)(
      'a join token of method %s',
      async (method, token) => {
        writeFileSync(join(folder, 'one.yaml'), token);
        const words: Record<string, RegExp> = {
          spacelift: /requires Teleport Enterprise/,
          bound_keypair: /experiment is not enabled/,
        };
        const expected = words[method];
        if (expected) expect(() => run('tctl create -f one.yaml')).toThrow(expected);
        else expect(run('tctl create -f one.yaml')).toContain('created');
      },
      60_000,
    );
  },
);
