// A real kube-apiserver on an etcd of its own, both from KUBEBUILDER_ASSETS, on loopback. No controllers, no
// kubelet: Pods stay Pending, deleted namespaces stay Terminating, nothing is garbage-collected.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../src/kube/object.js';
import { createAuthority } from './certificates.js';
import { eventually } from './eventually.js';
import { ensure, type KubeAdmin, openKube } from './kube-admin.js';
import { writeKubeconfig } from './kubeconfig.js';
import { freePorts } from './ports.js';
import { logTail, type RunningProcess, startProcess } from './process.js';
import type { RunningKube } from './types.js';

const issuer = 'https://kubernetes.default.svc';

/**
 * Starts etcd and kube-apiserver.
 * @param assetsDir a folder with both binaries
 * @throws with the end of the log of the one that did not come up within a minute
 */
export async function startRealKube(assetsDir: string): Promise<RunningKube> {
  const folder = mkdtempSync(join(tmpdir(), 'operator-kube-'));
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const [apiPort = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const authority = await createAuthority('test-kubernetes');
  const serving = await authority.server();
  const serviceAccountKey = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const keyFile = file('service-account.key', serviceAccountKey.privateKey);
  const processes: RunningProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const process of processes.toReversed()) await process.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const etcdUrl = `http://127.0.0.1:${etcdPort}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    processes.push(
      await startProcess({
        name: 'etcd',
        command: join(assetsDir, 'etcd'),
        logPath: join(folder, 'etcd.log'),
        args: [
          `--data-dir=${join(folder, 'etcd')}`,
          `--listen-client-urls=${etcdUrl}`,
          `--advertise-client-urls=${etcdUrl}`,
          `--listen-peer-urls=${peerUrl}`,
          `--initial-advertise-peer-urls=${peerUrl}`,
          `--initial-cluster=default=${peerUrl}`,
        ],
      }),
    );
    processes.push(
      await startProcess({
        name: 'kube-apiserver',
        command: join(assetsDir, 'kube-apiserver'),
        logPath: join(folder, 'kube-apiserver.log'),
        args: [
          `--etcd-servers=${etcdUrl}`,
          '--bind-address=127.0.0.1',
          `--secure-port=${apiPort}`,
          `--cert-dir=${folder}`,
          `--tls-cert-file=${file('serving.crt', serving.cert)}`,
          `--tls-private-key-file=${file('serving.key', serving.key)}`,
          `--client-ca-file=${file('ca.crt', authority.cert)}`,
          '--authorization-mode=RBAC',
          `--service-account-issuer=${issuer}`,
          `--service-account-key-file=${keyFile}`,
          `--service-account-signing-key-file=${keyFile}`,
          '--service-cluster-ip-range=10.0.0.0/24',
          '--endpoint-reconciler-type=none',
          // Pods name their service account themselves, and there is no controller that makes `default`.
          '--disable-admission-plugins=ServiceAccount',
        ],
      }),
    );
    const url = `https://127.0.0.1:${apiPort}`;
    const kubeconfigPath = writeKubeconfig(
      join(folder, 'admin.kubeconfig'),
      { url, ca: authority.cert },
      await authority.client('admin', ['system:masters']),
    );
    const admin = openKube(kubeconfigPath);
    await untilReady(admin, processes);
    return {
      kind: 'kube-apiserver',
      url,
      ca: authority.cert,
      kubeconfigPath,
      serviceAccountKubeconfig: async (namespace, serviceAccount) => {
        await makeServiceAccount(admin, namespace, serviceAccount);
        const token = await requestToken(admin, namespace, serviceAccount, { expirationSeconds: 24 * 3600 });
        const path = join(folder, `${namespace}-${serviceAccount}.kubeconfig`);
        return writeKubeconfig(path, { url, ca: authority.cert }, { token }, namespace);
      },
      serviceAccountToken: async (namespace, serviceAccount, { audience, expirationSeconds }) => {
        await makeServiceAccount(admin, namespace, serviceAccount);
        const pod = await makePod(admin, namespace, serviceAccount);
        return requestToken(admin, namespace, serviceAccount, {
          ...(audience === undefined ? {} : { audiences: [audience] }),
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid },
        });
      },
      jwks: () => admin.text('/openid/v1/jwks'),
      stop: async () => {
        admin.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(admin: KubeAdmin, processes: readonly RunningProcess[]): Promise<void> {
  const dead = () => processes.find((process) => !process.running);
  try {
    await eventually(async () => dead() !== undefined || (await admin.text('/readyz')) === 'ok', {
      timeoutMs: 60_000,
    });
  } catch (error) {
    throw new Error(`kube-apiserver did not become ready: ${tails(processes)}`, { cause: error });
  }
  if (dead()) throw new Error(`a process of the API server ended: ${tails(processes)}`);
}

function tails(processes: readonly RunningProcess[]): string {
  return processes.map((process) => `\n--- ${process.logPath}\n${logTail(process.logPath)}`).join('');
}

async function makeServiceAccount(admin: KubeAdmin, namespace: string, name: string): Promise<void> {
  await ensure(admin, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  await ensure(admin, `/api/v1/namespaces/${namespace}/serviceaccounts`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name },
  });
}

async function makePod(admin: KubeAdmin, namespace: string, serviceAccountName: string): Promise<KubeObject> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  const name = `${serviceAccountName}-0`;
  await ensure(admin, pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { serviceAccountName, containers: [{ name: 'operator', image: 'none.invalid/operator' }] },
  });
  return admin.get(`${pods}/${name}`);
}

async function requestToken(
  admin: KubeAdmin,
  namespace: string,
  name: string,
  spec: object,
): Promise<string> {
  const reply = await admin.create<{ status: { token: string } }>(
    `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec },
  );
  return reply.status.token;
}
