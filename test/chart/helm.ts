// The charts through the real helm: found beside the other Kubernetes binaries or on PATH. Where there is none,
// suites are skipped and say so.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../src/kube/object.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const chart = `${root}/charts/teleport-operator`;
export const crdsChart = `${root}/charts/teleport-operator-crds`;

/** The folder of etcd, kube-apiserver, kubectl and perhaps helm; empty where it is not set. */
export const assets = process.env['KUBEBUILDER_ASSETS'] ?? '';

/** The helm to use; undefined where there is none. */
export const helmBinary = find('helm');

/** For the names of suites. */
export const withHelm = helmBinary === undefined ? 'with helm (there is none)' : 'with helm';

function find(name: string): string | undefined {
  if (existsSync(`${assets}/${name}`)) return `${assets}/${name}`;
  const { status } = spawnSync(name, ['version'], { stdio: 'ignore' });
  return status === 0 ? name : undefined;
}

/** Values as --set takes them, by dotted path; text stays text. */
export type Values = Readonly<Record<string, unknown>>;

/** What every release needs. */
export const needed: Values = {
  teleportAddress: 'teleport.example:443',
  teleportClusterName: 'teleport.example',
  token: 'operator-bot',
  image: 'registry.example/teleport-operator',
};

/** Runs helm. @throws with what it wrote to stderr */
export function helm(args: readonly string[], kubeconfig?: string): string {
  const home = `${root}/node_modules/.cache/helm`;
  const env = {
    ...process.env,
    HELM_CACHE_HOME: home,
    HELM_CONFIG_HOME: home,
    HELM_DATA_HOME: home,
    KUBECONFIG: kubeconfig ?? '/nowhere',
  };
  try {
    return execFileSync(helmBinary ?? 'helm', args, {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    // not the whole: a refused CRD is told of once a kind, and vitest prints causes in full
    if (stderr) (error as { stderr: string }).stderr = stderr.slice(0, 2_000);
    throw new Error(stderr?.slice(0, 2_000) ?? 'helm could not be run', { cause: error });
  }
}

/** `--set-json` for each value. */
export function setting(values: Values): string[] {
  return Object.entries(values).flatMap(([path, value]) => [
    '--set-json',
    `${path}=${JSON.stringify(value)}`,
  ]);
}

export interface RenderOptions {
  readonly release?: string;
  readonly namespace?: string;
  readonly chart?: string;
  readonly args?: readonly string[];
}

/** `helm template` with these values and nothing else. */
export function render(values: Values, options: RenderOptions = {}): KubeObject[] {
  const text = helm([
    'template',
    options.release ?? 'operator',
    options.chart ?? chart,
    `--namespace=${options.namespace ?? 'teleport'}`,
    ...setting(values),
    ...(options.args ?? []),
  ]);
  return parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object): object is KubeObject => object !== null);
}

/** What helm says of these values. */
export function refusal(values: Values): string {
  try {
    render(values);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`helm took ${JSON.stringify(values)}`);
}

export interface Container {
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly { name: string; value: string }[];
  readonly volumeMounts: readonly { name: string; mountPath: string }[];
}

interface PodTemplate {
  readonly metadata: { labels: Record<string, string> };
  readonly spec: { containers: Container[]; volumes: Record<string, unknown>[]; serviceAccountName: string };
}

/** A Deployment's Pod. */
export function podOf(objects: readonly KubeObject[]): PodTemplate {
  const deployment = only(objects, 'Deployment') as unknown as { spec: { template: PodTemplate } };
  return deployment.spec.template;
}

/** The operator's container. */
export function containerOf(objects: readonly KubeObject[]): Container {
  const [container, ...more] = podOf(objects).spec.containers;
  if (!container || more.length > 0) throw new Error('not one container');
  return container;
}

/** The one object of that kind. */
export function only(objects: readonly KubeObject[], kind: string): KubeObject {
  const found = objects.filter((object) => object.kind === kind);
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} objects of kind ${kind}`);
  return found[0];
}
