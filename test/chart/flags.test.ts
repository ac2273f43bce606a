// Flags of the operator against values of the chart: every flag has a value or stands in `extraArgs` for a reason; a value that is
// set is read by the operator as it was meant, one that is not renders no flag and has the flag's default.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readSettings, type Setting, type Settings, settings } from '../../src/cli/settings.js';
import { chartValues } from '../../tools/gen/chart-values.js';
import { chart, containerOf, helmBinary, needed, only, render, withHelm } from './helm.js';
import { matrix } from './matrix.js';

type Key = keyof Settings;

/** Flags without a value, and why. */
const extraArgsOnly: Partial<Record<Key, string>> = {
  insecure: 'for trials; it should look like what it is',
  azureClientId: 'join method azure is for machines; a Pod joins with kubernetes',
  gitlabIdTokenVariable: 'join method gitlab is for CI jobs',
  terraformCloudAudienceTag: 'join method terraform_cloud is for runs of HCP Terraform',
  certificateTtl: 'the default suits; whoever changes it changes renewal-interval too',
  renewalInterval: 'the same',
  kubeconfig: 'a Pod has its service account',
  namespace: 'the Pod’s own is the release’s',
  leaderElectionId: 'with another name the Go operator would not wait for it',
  metricsBindAddress: 'the chart’s ports, probes and PodMonitor name the default port',
  healthProbeBindAddress: 'the same',
  pprofBindAddress: 'for developers',
};

/** A value for each that has one, other than its default, and what the operator must read from it. */
const samples: Partial<Record<Key, { value: unknown; read?: unknown; with?: object }>> = {
  authServer: { value: 'other.example:443' },
  proxyServer: { value: 'proxy.example:443' },
  joinMethod: { value: 'github' },
  token: { value: 'other-bot' },
  caPins: { value: [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`] },
  boundKeypairSecret: { value: 'other-key', with: { joinMethod: 'bound_keypair' } },
  namespaces: { value: ['team-a', 'team-b'] },
  installCrds: { value: true },
  syncPeriod: { value: '1h', read: 3_600_000 },
  drift: { value: 'report' },
  dryRun: { value: true },
  deletionBrake: { value: 20 },
  deleteOnTeardown: { value: true },
  operatorId: { value: 'one' },
  nameUnmanagedUsers: { value: true },
  startupTimeout: { value: '1h30m', read: 5_400_000 },
  logLevel: { value: 'DEBUG' },
};

const keys = Object.keys(settings) as Key[];
const withValue = keys.filter((key) => chartValues[key] !== undefined);
const defaults = parse(readFileSync(`${chart}/values.yaml`, 'utf8')) as Record<string, unknown>;
const byDefault = (path: string): unknown =>
  path.split('.').reduce((inner: unknown, name) => (inner as Record<string, unknown>)[name], defaults);

describe('flags and values', () => {
  it.each(keys)('-%s has either a value or a reason to have none', (key) => {
    expect((chartValues[key] === undefined) !== (extraArgsOnly[key] === undefined)).toBe(true);
    expect(samples[key] !== undefined).toBe(chartValues[key] !== undefined);
  });

  /** What a release must be told, or what differs from Teleport's own default on purpose: none. */
  const told: readonly Key[] = ['authServer', 'token'];
  it.each(withValue.filter((key) => !told.includes(key)))('the value of %s has the flag’s default', (key) => {
    const { reader, default: wanted } = settings[key] as Setting;
    const value = byDefault(chartValues[key] ?? '');
    const text = Array.isArray(value) ? value.join(',') : String(value);
    expect(reader.read(text)).toEqual(wanted);
  });
});

describe.skipIf(helmBinary === undefined)(`flags as the chart renders them, ${withHelm}`, () => {
  const args = (values: object) =>
    containerOf(render({ ...needed, installCRDs: 'never', ...values })).command.slice(1);

  it('renders none where a value is the default', () => {
    expect(args({}).filter((arg) => arg.startsWith('-'))).toEqual(['-auth-server', '-join-method', '-token']);
    const all = Object.fromEntries(
      withValue
        .map((key) => chartValues[key] ?? '')
        .filter((path) => !Object.hasOwn(needed, path))
        .map((path) => [path, byDefault(path)]),
    );
    expect(args(all)).toEqual(args({}));
  });

  it.each(withValue)('the operator reads %s as it was set, and nothing else changes', (key) => {
    const sample = samples[key];
    const path = chartValues[key] ?? '';
    const read = readSettings(args({ ...sample?.with, [path]: sample?.value }));
    const before = readSettings(args({ ...sample?.with }));
    expect(read).toEqual({ ...before, [key]: sample?.read ?? sample?.value });
  });

  it.each(Object.entries(matrix))('the operator reads every flag of: %s', (_name, values) => {
    const rendered = render({ ...needed, installCRDs: 'never', ...values });
    if (!rendered.some(({ kind }) => kind === 'Deployment')) return;
    expect(readSettings(containerOf(rendered).command.slice(1))).toBeDefined();
  });

  it('takes a proxy’s address in place of teleportAddress', () => {
    const read = readSettings(args({ teleportAddress: '', proxyServer: 'proxy.example:443' }));
    expect(read).toMatchObject({ authServer: 'proxy.example:443', proxyServer: 'proxy.example:443' });
  });

  it('gives rights on the Secret of bound_keypair, by its name', () => {
    const { rules } = only(
      render({
        ...needed,
        installCRDs: 'never',
        joinMethod: 'bound_keypair',
        boundKeypairSecret: 'other-key',
      }),
      'Role',
    ) as unknown as { rules: { resources: string[]; resourceNames?: string[]; verbs: string[] }[] };
    expect(rules.flatMap(({ resourceNames }) => resourceNames ?? [])).toEqual(['other-key']);
    // whoever may make any Secret may have any service account's token made
    for (const { resources, resourceNames, verbs } of rules)
      if (resources.includes('secrets') && !resourceNames) expect(verbs).toEqual(['get', 'list', 'watch']);
  });

  it('lets extraArgs have the last word', () => {
    expect(readSettings(args({ drift: 'report', extraArgs: ['-drift=ignore'] }))).toMatchObject({
      drift: 'ignore',
    });
  });
});
