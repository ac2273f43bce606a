// Reads kubeconfig files into a ClusterAccess: merges several as kubectl does, follows the current context,
// builds the user's credentials. Which files to read is config.ts's choice.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import type { Clock } from '../core/clock.js';
import { type ClusterAccess, KubeConfigError } from './access.js';
import { type Credentials, staticCredentials, type TextSource, textReader } from './credentials.js';
import { execCredentials } from './exec-credentials.js';
import { Fields } from './kubeconfig-fields.js';
import { type Env, parseProxy, proxyFromEnv } from './proxy-env.js';

/** Everything that several files say together; the first that names something wins. */
interface Merged {
  currentContext: string;
  contexts: Map<string, Fields>;
  clusters: Map<string, Fields>;
  users: Map<string, Fields>;
}

/**
 * The access that kubeconfig files describe by their current context.
 * @param files in order of precedence; all must exist
 * @throws KubeConfigError that names the file and the field
 */
export function kubeconfigAccess(files: readonly string[], env: Env, clock: Clock): ClusterAccess {
  const merged = merge(files);
  const source = files.join(', ');
  const contextName = merged.currentContext;
  if (!contextName) {
    throw new KubeConfigError(`${source}: current-context: not set; run kubectl config use-context <name>`);
  }
  const context = merged.contexts.get(contextName);
  if (!context) {
    const names = [...merged.contexts.keys()].join(', ') || 'none';
    throw new KubeConfigError(
      `${source}: current-context: no context is named "${contextName}" (there are: ${names})`,
    );
  }
  const cluster = lookUp(merged.clusters, context, 'cluster');
  if (!cluster) throw context.fail('cluster', 'not set');
  const user = lookUp(merged.users, context, 'user');
  const server = readServer(cluster);
  const proxyText = cluster.text('proxy-url');
  const proxy = proxyText
    ? parseProxy(proxyText, `${cluster.file}: ${cluster.place}.proxy-url`)
    : proxyFromEnv(server, env);
  const ca = textReader(cluster.pem('certificate-authority'), clock);
  const insecure = cluster.flag('insecure-skip-tls-verify');
  if (insecure && ca) {
    throw cluster.fail(
      'insecure-skip-tls-verify',
      'can not be true beside certificate-authority; remove one of them',
    );
  }
  const namespace = context.text('namespace');
  const tlsServerName = cluster.text('tls-server-name');
  return {
    server,
    origin: `${context.file}, context ${contextName}`,
    ca: async () => ca?.read(),
    insecure,
    ...(namespace && { namespace }),
    ...(tlsServerName && { tlsServerName }),
    ...(proxy && { proxy }),
    credentials: user ? readUser(user, cluster, env, clock) : staticCredentials({}, clock),
  };
}

function merge(files: readonly string[]): Merged {
  const merged: Merged = { currentContext: '', contexts: new Map(), clusters: new Map(), users: new Map() };
  for (const file of files) {
    const top = readFile(file);
    merged.currentContext ||= top.text('current-context') ?? '';
    collect(top, 'contexts', 'context', merged.contexts);
    collect(top, 'clusters', 'cluster', merged.clusters);
    collect(top, 'users', 'user', merged.users);
  }
  return merged;
}

function readFile(file: string): Fields {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new KubeConfigError(`${file}: the kubeconfig can't be read: ${why}`);
  }
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    // The parser's first line tells the place; the lines after it quote the file, which holds secrets.
    const why = error instanceof Error ? error.message.split('\n')[0] : '';
    throw new KubeConfigError(`${file}: not YAML: ${why}`);
  }
  return new Fields(value, file, '');
}

function collect(top: Fields, list: string, item: string, into: Map<string, Fields>): void {
  for (const [index, value] of top.list(list).entries()) {
    const entry = new Fields(value, top.file, `${list}[${index}]`);
    const name = entry.text('name');
    if (name === undefined) throw entry.fail('name', 'not set');
    if (!into.has(name)) into.set(name, new Fields(entry.raw(item), top.file, `${list}[${name}].${item}`));
  }
}

function lookUp(from: Map<string, Fields>, context: Fields, field: string): Fields | undefined {
  const name = context.text(field);
  if (name === undefined) return undefined;
  const found = from.get(name);
  if (!found) throw context.fail(field, `no ${field} is named "${name}"`);
  return found;
}

function readServer(cluster: Fields): URL {
  const text = cluster.text('server');
  if (text === undefined) throw cluster.fail('server', 'not set; expected https://host:port');
  const full = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  if (!URL.canParse(full)) throw cluster.fail('server', 'not an address; expected https://host:port');
  return new URL(full);
}

function readUser(user: Fields, cluster: Fields, env: Env, clock: Clock): Credentials {
  const impersonate = readImpersonation(user);
  const exec = user.child('exec');
  if (exec) return readExec(exec, cluster, impersonate, env, clock);
  if (user.has('auth-provider')) {
    throw user.fail('auth-provider', 'Kubernetes has removed auth providers; use an exec plugin');
  }
  const cert = user.pem('client-certificate');
  const key = user.pem('client-key');
  if (cert && !key) throw user.fail('client-key', 'not set, but client-certificate is');
  if (key && !cert) throw user.fail('client-certificate', 'not set, but client-key is');
  const token = readToken(user);
  const username = user.text('username');
  const password = user.text('password') ?? '';
  return staticCredentials(
    {
      impersonate,
      ...(token && { token }),
      ...(username !== undefined && { basic: { username, password } }),
      ...(cert && { cert }),
      ...(key && { key }),
    },
    clock,
  );
}

/** A token file wins over a token written down, as with kubectl. */
function readToken(user: Fields): TextSource | undefined {
  const file = user.path('tokenFile');
  if (file !== undefined) return { file };
  const text = user.text('token');
  return text === undefined ? undefined : { text };
}

function readImpersonation(user: Fields): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const as = user.text('as');
  if (as !== undefined) headers['impersonate-user'] = as;
  const uid = user.text('as-uid');
  if (uid !== undefined) headers['impersonate-uid'] = uid;
  const groups = user.texts('as-groups');
  if (groups.length > 0) headers['impersonate-group'] = groups;
  const extra = user.child('as-user-extra');
  const names = extra ? Object.keys(Object(user.raw('as-user-extra'))) : [];
  for (const name of names) {
    headers[`impersonate-extra-${encodeURIComponent(name.toLowerCase())}`] = extra?.texts(name) ?? [];
  }
  if (as === undefined && Object.keys(headers).length > 0) {
    throw user.fail('as', 'not set, but other impersonation fields are');
  }
  return headers;
}

const execVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];

function readExec(
  exec: Fields,
  cluster: Fields,
  impersonate: Record<string, string | string[]>,
  env: Env,
  clock: Clock,
): Credentials {
  const command = exec.text('command');
  if (command === undefined) throw exec.fail('command', 'not set');
  const apiVersion = exec.text('apiVersion') ?? '';
  if (!execVersions.includes(apiVersion)) {
    throw exec.fail('apiVersion', `expected ${execVersions.join(' or ')}`);
  }
  if (exec.text('interactiveMode') === 'Always') {
    throw exec.fail('interactiveMode', 'Always needs a terminal, which an operator has not');
  }
  const added: Record<string, string> = {};
  for (const [index, item] of exec.list('env').entries()) {
    const entry = new Fields(item, exec.file, `${exec.place}.env[${index}]`);
    const name = entry.text('name');
    if (name === undefined) throw entry.fail('name', 'not set');
    added[name] = entry.text('value') ?? '';
  }
  const installHint = exec.text('installHint');
  return execCredentials(
    {
      // A bare name is looked up in PATH; a relative path starts at the kubeconfig.
      command: command === basename(command) ? command : resolve(dirname(exec.file), command),
      args: exec.texts('args'),
      env: { ...env, ...added },
      apiVersion,
      impersonate,
      where: `${exec.file}: ${exec.place}`,
      ...(installHint && { installHint }),
      ...(exec.flag('provideClusterInfo') && { clusterInfo: clusterInfo(cluster) }),
    },
    clock,
  );
}

/** The cluster in the form of ExecCredential's spec.cluster. */
function clusterInfo(cluster: Fields): Record<string, unknown> {
  const caText = cluster.text('certificate-authority-data');
  const caFile = cluster.path('certificate-authority');
  const ca = caText ?? (caFile && existsSync(caFile) ? readFileSync(caFile).toString('base64') : undefined);
  const extension = cluster
    .list('extensions')
    .map((item, index) => new Fields(item, cluster.file, `${cluster.place}.extensions[${index}]`))
    .find((item) => item.text('name') === 'client.authentication.k8s.io/exec');
  return {
    server: cluster.text('server'),
    'tls-server-name': cluster.text('tls-server-name'),
    'insecure-skip-tls-verify': cluster.flag('insecure-skip-tls-verify') || undefined,
    'certificate-authority-data': ca,
    'proxy-url': cluster.text('proxy-url'),
    config: extension?.raw('extension'),
  };
}
