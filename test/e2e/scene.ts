// What every whole-operator test starts from: the CRDs, a namespace, the operator's service account with the
// chart's rights, its bot in Teleport; and words to act on objects and to look at resources.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Message } from '@bufbuild/protobuf';
import { parse } from 'yaml';
import { kinds } from '../../src/kinds/index.js';
import { type AnyKind, group, storageVersion } from '../../src/kinds/kind.js';
import type { Condition, KubeObject } from '../../src/kube/object.js';
import { isTeleportError } from '../../src/teleport/errors.js';
import { crds, installCrds } from '../env/crds.js';
import { eventually } from '../env/eventually.js';
import type { Pair } from '../env/index.js';
import { type KubeAdmin, openKube } from '../env/kube-admin.js';
import type { OperatorOptions } from '../env/operator.js';
import { stopAll } from '../env/stop-all.js';
import { grant } from './rights.js';

export const serviceAccount = 'teleport-operator';
export const finalizer = 'resources.teleport.dev/deletion';
export const origin = 'teleport.dev/origin';

export interface Scene extends Pair {
  readonly namespace: string;
  readonly admin: KubeAdmin;
  /** Options for an operator that joins Auth by kubernetes/static_jwks; its fields may be replaced. */
  operator(): Promise<OperatorOptions>;
  /** The same, with a bot of that name and its own token in Teleport: tells this operator's calls from others'. */
  operatorOf(bot: string): Promise<OperatorOptions>;
  path(kind: string, name?: string): string;
  create(kind: string, name: string, spec: object, metadata?: object): Promise<KubeObject>;
  patch(kind: string, name: string, body: object): Promise<KubeObject>;
  remove(kind: string, name: string): Promise<void>;
  find(kind: string, name: string): Promise<KubeObject | undefined>;
  /** The resource in Teleport; undefined where there is none. */
  stored(kind: string, name: string): Promise<Resource | undefined>;
  /** Waits for a condition of the object's present generation. */
  until(kind: string, name: string, wanted: Expected, timeoutMs?: number): Promise<Condition>;
  untilReady(kind: string, name: string, timeoutMs?: number): Promise<void>;
  /** Waits until the object is gone from Kubernetes. */
  untilGone(kind: string, name: string, timeoutMs?: number): Promise<void>;
  /** Stops both servers. @throws what they have to say, such as a verb or RPC in use without a contract case */
  close(): Promise<void>;
}

/** The fields of legacy resources that tests look at. */
export type Resource = Message & {
  Version: string;
  Metadata: { Name: string; Labels: Record<string, string>; Description: string; Revision: string };
  Spec: Record<string, unknown>;
};

export interface Expected {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason?: string;
}

export interface SceneOptions {
  /** CRDs that are not installed. */
  readonly withoutCrds?: readonly string[];
  /** Kinds that the operator has rights for in Kubernetes; all without it. */
  readonly plurals?: readonly string[];
  /** What the bot's role allows in Teleport; all without it. */
  readonly rights?: 'all' | 'chart';
}

/** A name that no other test has. */
export function unique(stem: string): string {
  return `${stem}-${randomBytes(3).toString('hex')}`;
}

export function kindOf(name: string): AnyKind {
  const found = kinds.find((kind) => kind.object.kind === name);
  if (!found) throw new Error(`there is no kind ${name}`);
  return found;
}

export async function openScene(pair: Pair, options: SceneOptions = {}): Promise<Scene> {
  const { kube, teleport } = pair;
  const admin = openKube(kube.kubeconfigPath);
  const namespace = unique('operator');
  const left = options.withoutCrds ?? [];
  await installCrds(
    admin,
    crds().filter((crd) => !left.some((plural) => crd.metadata.name.startsWith(`${plural}.`))),
  );
  const kubeconfigPath = await kube.serviceAccountKubeconfig(namespace, serviceAccount);
  await grant(admin, namespace, serviceAccount, options.plurals ?? kinds.map(({ object }) => object.plural));
  const addBot = async (name: string): Promise<string> =>
    teleport.addBot({
      name,
      ...(options.rights && { rights: options.rights }),
      join: {
        method: 'kubernetes',
        type: 'static_jwks',
        jwks: await kube.jwks(),
        serviceAccount: `${namespace}:${serviceAccount}`,
      },
    });
  const token = await addBot(unique('operator'));

  const path = (kind: string, name?: string): string => {
    const { object } = kindOf(kind);
    const base = `/apis/${group}/${storageVersion({ object })}/namespaces/${namespace}/${object.plural}`;
    return name === undefined ? base : `${base}/${name}`;
  };
  const find = (kind: string, name: string) => admin.find(path(kind, name));
  const until = (kind: string, name: string, wanted: Expected, timeoutMs = 20_000): Promise<Condition> =>
    eventually(async () => met(await find(kind, name), name, wanted), { timeoutMs });
  const operator = async (withToken: string): Promise<OperatorOptions> => ({
    kubeconfigPath,
    namespace,
    address: teleport.authAddress,
    joinMethod: 'kubernetes',
    token: withToken,
    serviceAccountToken: await kube.serviceAccountToken(namespace, serviceAccount, {
      audience: teleport.clusterName,
      expirationSeconds: 1_800,
    }),
    caPins: teleport.caPins,
  });
  return {
    ...pair,
    namespace,
    admin,
    operator: () => operator(token),
    operatorOf: async (bot) => operator(await addBot(bot)),
    path,
    create: (kind, name, spec, metadata = {}) =>
      admin.create(path(kind), {
        apiVersion: `${group}/${storageVersion(kindOf(kind))}`,
        kind,
        metadata: { ...metadata, name, namespace },
        spec,
      }),
    patch: (kind, name, body) => admin.patch(path(kind, name), body),
    remove: async (kind, name) => {
      await admin.remove(path(kind, name));
    },
    find,
    stored: async (kind, name) => {
      try {
        return (await kindOf(kind).calls.get.run(teleport.admin, name)) as Resource;
      } catch (error) {
        if (isTeleportError(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    until,
    untilReady: async (kind, name, timeoutMs) => {
      await until(kind, name, { type: 'Ready', status: 'True' }, timeoutMs);
    },
    untilGone: async (kind, name, timeoutMs = 20_000) => {
      await eventually(
        async () => {
          const object = await find(kind, name);
          if (object) throw new Error(`${kind} ${name} is still there: ${JSON.stringify(object.status)}`);
        },
        { timeoutMs },
      );
    },
    close: async () => {
      admin.close();
      await stopAll(kube.stop, teleport.stop);
    },
  };
}

function met(object: KubeObject | undefined, name: string, { type, status, reason }: Expected): Condition {
  const conditions = (object?.status?.['conditions'] ?? []) as Condition[];
  const found = conditions.find((condition) => condition.type === type);
  const current = found?.observedGeneration === object?.metadata.generation;
  if (found?.status === status && (reason === undefined || found.reason === reason) && current) return found;
  throw new Error(
    `${name}: expected ${type}=${status} ${reason ?? ''} at generation ${object?.metadata.generation}, ` +
      `but the status is ${JSON.stringify(object?.status)}`,
  );
}

/** The condition of that type, as it is now. */
export function conditionOf(object: KubeObject | undefined, type: string): Condition | undefined {
  return ((object?.status?.['conditions'] ?? []) as Condition[]).find((condition) => condition.type === type);
}

/** A copy of a kubeconfig that goes to another server. */
export function redirected(kubeconfigPath: string, to: { url: string; ca: string }): string {
  const config = parse(readFileSync(kubeconfigPath, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
  };
  for (const { cluster } of config.clusters) {
    cluster['server'] = to.url;
    cluster['certificate-authority-data'] = Buffer.from(to.ca).toString('base64');
  }
  const path = `${kubeconfigPath}.${randomBytes(3).toString('hex')}`;
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}
