// Every setting of `run` in one table: flag, default, form, words. The parser, `-h`, docs/settings.md and
// the errors are made from it. Names and defaults are the Go operator's (joining.md 1.1) where it has them.
import {
  boolean,
  count,
  drift,
  duration,
  level,
  list,
  namespaceList,
  operatorId,
  period,
  type Reader,
  text,
  timeLimit,
} from './setting-readers.js';

export interface Setting<T = unknown> {
  readonly flag: string;
  readonly default: T;
  readonly reader: Reader<T>;
  readonly doc: string;
  /** A bare flag means true. */
  readonly boolean?: true;
}

const setting = <T>(flag: string, reader: Reader<T>, value: T, doc: string): Setting<T> => ({
  flag,
  reader,
  default: value,
  doc,
  ...((reader as unknown) === boolean ? { boolean: true as const } : {}),
});

export const settings = {
  authServer: setting(
    'auth-server',
    text,
    '127.0.0.1:3025',
    'Address (host:port) of a Teleport Auth Service or Proxy Service; which of them it is, is found out.',
  ),
  proxyServer: setting(
    'proxy-server',
    text,
    '',
    'Address (host:port) that is certainly a Proxy Service; wins over auth-server, and spares the search.',
  ),
  joinMethod: setting(
    'join-method',
    text,
    'kubernetes',
    'How the bot proves who it is when it joins: azure, azure_devops, bitbucket, bound_keypair, circleci, gcp, github, gitlab, iam, kubernetes, spacelift, terraform_cloud or token; docs/joining.md.',
  ),
  token: setting(
    'token',
    text,
    'teleport-operator',
    'Name of the join token, or the absolute path of a file that holds it.',
  ),
  caPins: setting(
    'ca-pin',
    list,
    [] as readonly string[],
    "Pins of the cluster's host CA (sha256:<hex>), each of its certificates one, or the absolute path of a file that holds them; checked at the first contact.",
  ),
  insecure: setting(
    'insecure',
    boolean,
    false,
    "Does not verify the server at the first contact, nor a proxy's web certificate. Not together with ca-pin.",
  ),
  azureClientId: setting(
    'azure-client-id',
    text,
    '',
    'Join method azure: client id of the managed identity, where the machine has several.',
  ),
  gitlabIdTokenVariable: setting(
    'gitlab-id-token-env-var',
    text,
    'TBOT_GITLAB_JWT',
    'Join method gitlab: the environment variable that holds the ID token.',
  ),
  terraformCloudAudienceTag: setting(
    'terraform-cloud-audience-tag',
    text,
    '',
    'Join method terraform_cloud: tag of the workload identity token, the end of its variable TFC_WORKLOAD_IDENTITY_TOKEN_<TAG>.',
  ),
  boundKeypairSecret: setting(
    'bound-keypair-secret',
    text,
    'teleport-operator-bound-keypair',
    "Join method bound_keypair: Secret in the operator's namespace that keeps the key and the join state; made when it is not there.",
  ),
  certificateTtl: setting(
    'certificate-ttl',
    duration,
    3_600_000,
    'Life of the certificates that are asked for.',
  ),
  renewalInterval: setting(
    'renewal-interval',
    duration,
    1_800_000,
    'Time between renewals of the certificates; less than certificate-ttl.',
  ),
  kubeconfig: setting(
    'kubeconfig',
    text,
    '',
    'Kubeconfig file; without it $KUBECONFIG, then the service account of the Pod, then ~/.kube/config.',
  ),
  namespace: setting(
    'namespace',
    text,
    '',
    "Namespace of the objects and of the Lease; without it $POD_NAMESPACE, then the service account's own.",
  ),
  namespaces: setting(
    'namespaces',
    namespaceList,
    [] as readonly string[],
    'Namespaces of the objects, where that is not -namespace alone; all for every namespace. The Lease stays in -namespace. Release finds them in the Lease where the flag is not given.',
  ),
  installCrds: setting(
    'install-crds',
    boolean,
    false,
    'Brings the CustomResourceDefinitions of this version when it begins to lead, by server-side apply, never in place of newer ones. Needs get, create and patch on them.',
  ),
  leaderElectionId: setting(
    'leader-election-id',
    text,
    '431e83f4.teleport.dev',
    'Name of the Lease by which one of several replicas leads.',
  ),
  syncPeriod: setting(
    'sync-period',
    period,
    36_000_000,
    'Every object is looked at again after this time, though nothing changed; 0 for never.',
  ),
  drift: setting(
    'drift',
    drift,
    'correct',
    'What to do about changes made in Teleport, where an object does not say (annotation teleport.dev/drift).',
  ),
  dryRun: setting(
    'dry-run',
    boolean,
    false,
    'Writes nothing to Teleport, adds and removes no finalizer (deletions wait); the status of each object shows what would be done. With release: only lists.',
  ),
  deletionBrake: setting(
    'deletion-brake',
    count,
    0,
    'Deletions from Teleport a minute that are let through; more wait, unless their objects have the annotation teleport.dev/confirm-delete. 0 for no limit; 20 is a good value.',
  ),
  deleteOnTeardown: setting(
    'delete-on-teardown',
    boolean,
    false,
    'Deletes resources from Teleport even where their objects go because the CRD or the namespace is being deleted.',
  ),
  operatorId: setting(
    'operator-id',
    operatorId,
    '',
    'Id that resources are stamped with (label resources.teleport.dev/operator-id), so that several operators on one Teleport leave those of others alone; empty for none.',
  ),
  nameUnmanagedUsers: setting(
    'name-unmanaged-users',
    boolean,
    false,
    'Lets messages name resources in Teleport that have no object; otherwise they are only counted.',
  ),
  startupTimeout: setting(
    'startup-timeout',
    timeLimit,
    300_000,
    'Exit with 1 when Teleport could not be joined for this long after the start. Once joined, the operator never exits for it.',
  ),
  metricsBindAddress: setting(
    'metrics-bind-address',
    text,
    ':8080',
    'Address that serves /metrics; 0 or empty for none.',
  ),
  healthProbeBindAddress: setting(
    'health-probe-bind-address',
    text,
    ':8081',
    'Address that serves /healthz and /readyz; 0 or empty for none.',
  ),
  pprofBindAddress: setting(
    'pprof-bind-address',
    text,
    '',
    "Address of Node's inspector, for profiling with any DevTools client; empty for none. Bind it to loopback only.",
  ),
  logLevel: setting('log-level', level, 'INFO', 'Least level that is logged.'),
} as const;

export type Settings = { readonly [K in keyof typeof settings]: (typeof settings)[K]['default'] };

/** Flags that can't be used; `problems` lists every one of them, `settings` is what could be read, else defaults. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];
  readonly settings: Settings;

  constructor(problems: readonly string[], settings: Settings) {
    super(problems.join('\n'));
    this.problems = problems;
    this.settings = settings;
  }
}

const byFlag = new Map<string, [keyof Settings, Setting]>(
  Object.entries(settings).map(([key, value]) => [value.flag, [key as keyof Settings, value as Setting]]),
);

/**
 * Reads flags in Go's forms: -flag value, --flag=value, booleans bare or with =. A repeated flag replaces.
 * @throws SettingsError listing every mistake.
 */
export function readSettings(args: readonly string[]): Settings {
  const values: Record<string, unknown> = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, value.default]),
  );
  const problems: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const match = /^--?([^=-][^=]*)(?:=(.*))?$/s.exec(arg);
    if (!match) {
      problems.push(`${JSON.stringify(arg)} is no flag; flags have the form -name value or -name=value`);
      continue;
    }
    const [, flag = '', inline] = match;
    const known = byFlag.get(flag);
    if (!known) {
      problems.push(`-${flag}: no such flag${hint(flag)}; see teleport-operator -h`);
      if (inline === undefined && !(args[i + 1] ?? '-').startsWith('-')) i++;
      continue;
    }
    const [key, { reader, boolean: bare }] = known;
    const given = inline ?? (bare ? 'true' : args[++i]);
    if (given === undefined) {
      problems.push(`-${flag}: needs a value, ${reader.form}`);
      continue;
    }
    const value = reader.read(given);
    if (value === undefined) problems.push(`-${flag}: ${JSON.stringify(given)} is not ${reader.form}`);
    else values[key] = value;
  }
  if (problems.length > 0) throw new SettingsError(problems, values as unknown as Settings);
  return values as unknown as Settings;
}

function hint(flag: string): string {
  const near = [...byFlag.keys()].find(
    (known) =>
      known.startsWith(flag) ||
      flag.startsWith(known) ||
      known.replaceAll('-', '') === flag.replaceAll(/[-_]/g, '').toLowerCase(),
  );
  return near === undefined ? '' : `, did you mean -${near}`;
}

/** What `-h` prints. */
export function usage(): string {
  const rows = Object.values(settings).map((entry) => {
    const { flag, doc, reader, default: value, boolean: bare } = entry as Setting;
    const shown = reader.show(value);
    const suffix = shown === '' || shown === 'false' ? '' : ` (default ${shown})`;
    return `  -${flag}${bare ? '' : ` <${reader.form}>`}\n        ${doc}${suffix}`;
  });
  return [
    'teleport-operator keeps Teleport in the state that Kubernetes custom resources describe.',
    '',
    'usage: teleport-operator [run] [flags]    run the operator',
    '       teleport-operator release [flags]  take the Lease, remove finalizers, list what stays in Teleport',
    '       teleport-operator crds             print the CustomResourceDefinitions as YAML',
    '       teleport-operator teleport-role    print the Teleport role for the bot, for tctl create',
    '       teleport-operator doctor [flags]   look at all that run would need; -o json for programs',
    '       teleport-operator resolve-trace    read a log with a stack trace, print it with lines of the sources',
    '       teleport-operator version          print the version',
    '',
    'flags of run, release and doctor (one or two dashes; -flag value or -flag=value):',
    ...rows,
    '',
  ].join('\n');
}
