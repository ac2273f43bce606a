// A release of the chart at work: its objects in Kubernetes, the role, bot and token in Teleport as docs/install.md has them,
// and the operator as the Deployment would start it: the bundle, with the rendered command and environment, and tokens of the
// rendered service account where the Pod has them mounted.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { printTeleportRole } from '../../src/cli/teleport-role.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { BotService } from '../../src/gen/teleport/machineid/v1/bot_service_pb.js';
import type { RoleV6 } from '../../src/gen/teleport/types/role_pb.js';
import { kinds } from '../../src/kinds/index.js';
import { type AnyKind, group, type LabelMatchers, storageVersion } from '../../src/kinds/kind.js';
import { teleportAllow } from '../../src/kinds/permissions.js';
import type { Condition, KubeObject } from '../../src/kube/object.js';
import { wantedResource } from '../../src/reconcile/wanted.js';
import { isTeleportError } from '../../src/teleport/errors.js';
import { eventually } from '../env/eventually.js';
import type { Pair } from '../env/index.js';
import { ensure, type KubeAdmin, openKube } from '../env/kube-admin.js';
import { makePod } from '../env/pod.js';
import { freePorts } from '../env/ports.js';
import { logTail, type RunningProcess, startProcess } from '../env/process.js';
import { stopAll } from '../env/stop-all.js';
import { chart, containerOf, helm, only, render, root, setting, type Values } from './helm.js';
import { mountProjected } from './kubelet.js';
import { pathOf } from './manifests.js';

export const namespace = 'teleport-iac';
export const release = 'teleport-operator';

/** The operator as the Deployment's container starts it. */
export interface Started {
  readonly process: RunningProcess;
  readonly metricsUrl: string;
  readonly healthUrl: string;
  log(): string;
  stop(): Promise<number>;
}

export interface ReleaseOptions {
  /** Where the operator joins from: any cluster by its keys, if not said, or the one that Auth runs in. */
  readonly join?: 'static_jwks' | 'in_cluster';
  /** The operator runs in a Pod, with everything that the Deployment mounts; else it is told where the files are. */
  readonly inPod?: boolean;
}

export interface Release extends Pair {
  readonly admin: KubeAdmin;
  readonly objects: readonly KubeObject[];
  /**
   * As the release's Deployment says, or another rendering's.
   * @throws with the end of the log where it is not ready in time
   */
  start(rendered?: readonly KubeObject[], timeoutMs?: number): Promise<Started>;
  /** All values of the release. */
  readonly values: Values;
  /** Writes the Teleport role for these kinds' resources, less some, and less labels. */
  setRole(without?: readonly string[], labels?: LabelMatchers): Promise<void>;
  path(kind: AnyKind, name?: string): string;
  find(kind: AnyKind, name: string): Promise<KubeObject | undefined>;
  /** Labels of the resource in Teleport; undefined where there is none. */
  labels(kind: AnyKind, name: string): Promise<Readonly<Record<string, string>> | undefined>;
  close(): Promise<void>;
}

/** Builds the bundle, as the image does. @returns the folder that becomes the image's root */
export function bundle(): string {
  const out = mkdtempSync(join(tmpdir(), 'operator-image-'));
  const args = ['tools/bundle.mjs', '--out', out, '--node', process.execPath];
  execFileSync(process.execPath, args, { cwd: root, stdio: 'pipe' });
  return out;
}

export function kindNamed(name: string): AnyKind {
  const found = kinds.find(({ object }) => object.kind === name);
  if (!found) throw new Error(`there is no kind ${name}`);
  return found;
}

export function ready(object: KubeObject | undefined): Condition | undefined {
  const conditions = (object?.status?.['conditions'] ?? []) as Condition[];
  return conditions.find(({ type }) => type === 'Ready');
}

export async function openRelease(
  pair: Pair,
  values: Values = {},
  { join: type = 'static_jwks', inPod = false }: ReleaseOptions = {},
): Promise<Release> {
  const { kube, teleport } = pair;
  const admin = openKube(kube.kubeconfigPath);
  const folder = bundle();
  const [health = 0, metrics = 0] = await freePorts(2);
  const all: Values = {
    teleportAddress: teleport.authAddress,
    teleportClusterName: teleport.clusterName,
    caPins: teleport.caPins,
    token: 'operator-bot',
    image: 'none.invalid/operator',
    extraArgs: [
      `-health-probe-bind-address=127.0.0.1:${health}`,
      `-metrics-bind-address=127.0.0.1:${metrics}`,
      '-log-level=DEBUG',
    ],
    ...values,
  };
  await ensure(admin, '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace },
  });
  const objects = render(all, { release, namespace });
  if (kube.kind === 'kube-apiserver') {
    helm(['install', release, chart, '-n', namespace, ...setting(all)], kube.kubeconfigPath);
  } else {
    // the embedded server has no Deployments, and helm asks for more than it serves
    for (const object of objects)
      if (object.kind !== 'Deployment') await ensure(admin, pathOf(object), object);
  }
  await eventually(
    async () => {
      for (const kind of kinds) await admin.list(path(kind));
    },
    { timeoutMs: 30_000 },
  );
  const account = only(objects, 'ServiceAccount').metadata.name;

  const setRole = async (without: readonly string[] = [], labels?: LabelMatchers): Promise<void> => {
    const role = parse(printTeleportRole(teleportAllow(kinds))) as KubeObject & { spec: RoleSpec };
    for (const rule of role.spec.allow.rules)
      rule.resources = rule.resources.filter((resource) => !without.includes(resource));
    if (labels) delete role.spec.allow[labels];
    const wanted = wantedResource(kindNamed('TeleportRoleV7'), { ...role, apiVersion: `${group}/v1` });
    await teleport.admin.unary(AuthService.method.upsertRoleV2, { Role: wanted as RoleV6 });
  };
  await setRole();
  await teleport.admin.unary(BotService.method.upsertBot, {
    bot: { kind: 'bot', version: 'v1', metadata: { name: 'operator' }, spec: { roles: ['operator'] } },
  });
  const tokens = kindNamed('TeleportProvisionToken');
  await tokens.calls.create.run(
    teleport.admin,
    wantedResource(tokens, {
      apiVersion: `${group}/v2`,
      kind: 'TeleportProvisionToken',
      metadata: { name: 'operator-bot' },
      spec: {
        roles: ['Bot'],
        bot_name: 'operator',
        join_method: 'kubernetes',
        kubernetes: {
          // as the teleport-cluster chart has it: in_cluster is what is meant without a type
          ...(type === 'in_cluster' ? {} : { type, static_jwks: { jwks: await kube.jwks() } }),
          allow: [{ service_account: `${namespace}:${account}` }],
        },
      },
    }),
  );

  return {
    ...pair,
    admin,
    objects,
    setRole,
    path,
    find: (kind, name) => admin.find(path(kind, name)),
    labels: async (kind, name) => {
      try {
        return kind.form.head(await kind.calls.get.run(teleport.admin, name)).labels;
      } catch (error) {
        if (isTeleportError(error, 'NotFound')) return undefined;
        throw error;
      }
    },
    values: all,
    start: async (rendered = objects, timeoutMs = 30_000) => {
      const container = containerOf(rendered);
      const run = mkdtempSync(join(tmpdir(), 'operator-run-'));
      const pod = makePod(kube);
      const inside = (path: string) => (inPod ? path : pod.outside(path));
      await mountProjected(rendered, kube, namespace, pod);
      const [name = '', ...args] = container.command;
      const command = join(folder, name);
      const child = await startProcess({
        name: 'teleport-operator',
        ...(inPod ? pod.wrap(command, args) : { command, args }),
        logPath: join(run, 'operator.log'),
        cwd: run,
        env: {
          ...(inPod
            ? pod.env
            : {
                KUBECONFIG: await kube.serviceAccountKubeconfig(namespace, account),
                POD_NAMESPACE: namespace,
              }),
          ...Object.fromEntries((container.env ?? []).map((one) => [one.name, inside(one.value)])),
        },
      });
      const healthUrl = `http://127.0.0.1:${health}`;
      try {
        await eventually(async () => !child.running || (await fetch(`${healthUrl}/readyz`)).status === 200, {
          timeoutMs,
        });
        if (!child.running) throw new Error('the operator ended');
      } catch (error) {
        await child.stop();
        throw new Error(`the operator is not ready:\n${logTail(child.logPath)}`, { cause: error });
      }
      return {
        process: child,
        healthUrl,
        metricsUrl: `http://127.0.0.1:${metrics}/metrics`,
        log: () => readFileSync(child.logPath, 'utf8'),
        stop: async () => {
          const code = await child.stop(15_000);
          rmSync(run, { recursive: true, force: true });
          pod.remove();
          return code;
        },
      };
    },
    close: async () => {
      admin.close();
      rmSync(folder, { recursive: true, force: true });
      await stopAll(kube.stop, teleport.stop);
    },
  };
}

interface RoleSpec {
  allow: { rules: { resources: string[] }[] } & { [labels in LabelMatchers]?: object };
}

function path(kind: AnyKind, name?: string): string {
  const base = `/apis/${group}/${storageVersion(kind)}/namespaces/${namespace}/${kind.object.plural}`;
  return name === undefined ? base : `${base}/${name}`;
}
