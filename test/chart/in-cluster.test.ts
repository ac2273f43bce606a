// Next to a release of the teleport-cluster chart: Auth in a Pod of the same cluster, which has the operator's token reviewed by
// the API server (join method kubernetes, type in_cluster), and the operator in the Pod of its Deployment: nothing but the
// rendered command, environment and volumes.

import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRealKube } from '../env/kube-real.js';
import { makeAuthPod, type Pod, podsPermitted, withPods } from '../env/pod.js';
import { startRealTeleport } from '../env/teleport-real.js';
import { applyExamples, type Example, forbidden, untilKept } from './examples.js';
import { assets, helmBinary, render } from './helm.js';
import { namespace, openRelease, type Release, release, type Started } from './release.js';

const binaries = process.env['TELEPORT_BIN_DIR'] ?? '';
const missing = helmBinary === undefined || assets === '' || binaries === '';
const servers = missing ? ' (KUBEBUILDER_ASSETS or TELEPORT_BIN_DIR is not set, or no helm)' : '';

describe.skipIf(missing || !podsPermitted)(
  `next to a teleport-cluster release, ${withPods}, on real servers${servers}`,
  () => {
    let auth: Pod;
    let service: Service;
    let scene: Release;
    let operator: Started | undefined;
    beforeAll(async () => {
      const kube = await startRealKube(assets);
      auth = await makeAuthPod(kube, 'teleport');
      const teleport = await startRealTeleport(binaries, { pod: auth });
      service = await inFrontOf(teleport.authAddress);
      const values = { teleportAddress: service.address, teleportClusterName: '', caPins: [] };
      scene = await openRelease({ kube, teleport }, values, { join: 'in_cluster', inPod: true });
    }, 120_000);
    afterAll(async () => {
      await operator?.stop();
      await scene?.close();
      service?.close();
      auth?.remove();
    });
    const again = async (values: object, expected?: RegExp): Promise<void> => {
      await operator?.stop();
      operator = undefined;
      const rendered = render({ ...scene.values, ...values }, { release, namespace });
      if (expected) await expect(scene.start(rendered, 8_000)).rejects.toThrow(expected);
      else operator = await scene.start(rendered);
    };

    it('joins with the Pod’s token for the API server, and keeps every example', async () => {
      operator = await scene.start();
      const examples: Example[] = await applyExamples(scene);
      await untilKept(scene, examples);
      expect(forbidden(operator)).toEqual([]);
      expect(operator.log()).toContain('"bot":"operator"');
    }, 120_000);

    it('joins with a token for Teleport alone as well, where teleportClusterName is set', async () => {
      await again({ teleportClusterName: scene.teleport.clusterName });
    }, 60_000);

    it('is told by Auth’s review which service account is let in', async () => {
      await again({ 'serviceAccount.name': 'another' }, /did not match any allow rules/);
    }, 60_000);
  },
);

interface Service {
  readonly address: string;
  close(): void;
}

/** What a Service is to the chart: an address whose port is 3025, by which it knows Auth. On a loopback address of its own. */
async function inFrontOf(target: string): Promise<Service> {
  const [host = '', port = ''] = target.split(':');
  const server: Server = createServer((socket) => {
    const onward = connect(Number(port), host);
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) {
      end.on('error', () => {});
      end.on('close', () => {
        socket.destroy();
        onward.destroy();
      });
    }
  });
  const own = `127.${1 + (process.pid % 250)}.${1 + ((process.pid >> 8) % 250)}.1`;
  server.listen(3025, own);
  await once(server, 'listening');
  return { address: `${own}:3025`, close: () => server.close() };
}
