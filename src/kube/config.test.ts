import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type TestAuthority, testAuthority } from '../../test/builders/kube-certificates.js';
import { VirtualClock } from '../core/virtual-clock.js';
import { type ClusterAccess, KubeConfigError, loadKubeConfig } from './config.js';

let folder: string;
let clock: VirtualClock;
let authority: TestAuthority;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  authority = await testAuthority();
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  clock = new VirtualClock();
});

let count = 0;
function file(content: unknown, name = `f${count++}`): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
  return path;
}

const config = (user: unknown = {}, cluster: object = {}): object => ({
  'current-context': 'c',
  contexts: [{ name: 'c', context: { cluster: 'k', user: 'u', namespace: 'ns' } }],
  clusters: [{ name: 'k', cluster: { server: 'https://kube.example:6443', ...cluster } }],
  users: [{ name: 'u', user }],
});

const load = (content: unknown, env: Record<string, string> = {}): ClusterAccess =>
  loadKubeConfig({ kubeconfig: file(content), env, clock });
const loaded = async (content: unknown, env: Record<string, string> = {}) =>
  (await load(content, env).credentials.current()).headers.authorization;

/** The text of what is thrown, with the file's folder left out. */
function problem(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(KubeConfigError);
    return (error as Error).message.replaceAll(`${folder}/`, '');
  }
  throw new Error('nothing was thrown');
}

describe('where the configuration is looked for', () => {
  const home = (): string => {
    const path = mkdtempSync(join(folder, 'home-'));
    return path;
  };

  test('the flag wins over everything', () => {
    const access = loadKubeConfig({
      kubeconfig: file(config()),
      env: {
        KUBECONFIG: file(config({}, { server: 'https://other' })),
        KUBERNETES_SERVICE_HOST: 'x',
        KUBERNETES_SERVICE_PORT: '1',
      },
      clock,
    });
    expect(access.server.href).toBe('https://kube.example:6443/');
    expect(access.namespace).toBe('ns');
    expect(access.origin).toMatch(/f\d+, context c$/);
  });

  test('files of $KUBECONFIG are merged, the first that names something wins, missing ones are skipped', async () => {
    const first = file({ 'current-context': 'c', users: [{ name: 'u', user: { token: 'one' } }] });
    const second = file({ ...config({ token: 'two' }), 'current-context': 'other' });
    const env = { KUBECONFIG: `${join(folder, 'absent')}:${first}::${second}` };
    const access = loadKubeConfig({ env, clock });
    expect(access.server.host).toBe('kube.example:6443');
    expect((await access.credentials.current()).headers.authorization).toBe('Bearer one');
  });

  test('a $KUBECONFIG without any file is told', () => {
    expect(problem(() => loadKubeConfig({ env: { KUBECONFIG: join(folder, 'absent') }, clock }))).toBe(
      'environment variable KUBECONFIG: no such file: absent',
    );
  });

  test("in a Pod, the service account's files; the token is read again each minute and after a 401", async () => {
    const serviceAccountFolder = home();
    writeFileSync(join(serviceAccountFolder, 'token'), 'one\n');
    writeFileSync(join(serviceAccountFolder, 'ca.crt'), authority.ca);
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    const access = loadKubeConfig({ env, clock, serviceAccountFolder, home: home() });
    const token = async () => (await access.credentials.current()).headers.authorization;
    expect(access.server.hostname).toBe('[fd00::1]');
    expect(access.origin).toBe('in-cluster');
    expect(await access.ca()).toBe(authority.ca);
    expect(await token()).toBe('Bearer one');
    writeFileSync(join(serviceAccountFolder, 'token'), 'two');
    expect(await token()).toBe('Bearer one');
    await clock.advance(60_000);
    expect(await token()).toBe('Bearer two');
    writeFileSync(join(serviceAccountFolder, 'token'), 'three');
    expect(access.credentials.refused()).toBe(true);
    expect(await token()).toBe('Bearer three');
    rmSync(join(serviceAccountFolder, 'token'));
    await clock.advance(60_000);
    expect(await token()).toBe('Bearer three');
  });

  test('in a Pod without a token it is told', () => {
    const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };
    expect(problem(() => loadKubeConfig({ env, clock, serviceAccountFolder: home() }))).toMatch(
      /token is missing; mount/,
    );
  });

  test('at last ~/.kube/config, and if there is none all places are named', () => {
    const text = problem(() => loadKubeConfig({ env: {}, clock, home: home() }));
    expect(text).toMatch(
      /-kubeconfig and \$KUBECONFIG are not set.*KUBERNETES_SERVICE_HOST.*\.kube\/config does not exist/,
    );
  });
});

describe('users', () => {
  test('a token, a token file (which wins, and is relative to the kubeconfig), basic auth', async () => {
    expect(await loaded(config({ token: 'a' }))).toBe('Bearer a');
    file('from-file\n', 'token-file');
    expect(await loaded(config({ token: 'a', tokenFile: 'token-file' }))).toBe('Bearer from-file');
    expect(await loaded(config({ username: 'ü', password: 'p:w' }))).toBe(
      `Basic ${Buffer.from('ü:p:w').toString('base64')}`,
    );
    expect(await loaded(config())).toBeUndefined();
  });

  test('client certificates as data and as files', async () => {
    const pair = await authority.client('a');
    const data = { 'client-certificate-data': btoa(pair.cert), 'client-key-data': btoa(pair.key) };
    expect(await load(config(data)).credentials.current()).toEqual({ headers: {}, ...pair });
    file(pair.cert, 'cert.pem');
    file(pair.key, 'key.pem');
    const files = { 'client-certificate': 'cert.pem', 'client-key': 'key.pem' };
    expect(await load(config(files)).credentials.current()).toEqual({ headers: {}, ...pair });
  });

  test('impersonation', async () => {
    const user = {
      token: 't',
      as: 'bob',
      'as-uid': '7',
      'as-groups': ['g'],
      'as-user-extra': { 'Acme/x': ['1', '2'] },
    };
    expect((await load(config(user)).credentials.current()).headers).toEqual({
      authorization: 'Bearer t',
      'impersonate-user': 'bob',
      'impersonate-uid': '7',
      'impersonate-group': ['g'],
      'impersonate-extra-acme%2Fx': ['1', '2'],
    });
  });
});

describe('clusters', () => {
  test('CA, server name, proxy', async () => {
    const access = load(
      config(
        {},
        {
          'certificate-authority-data': btoa(authority.ca),
          'tls-server-name': 'n',
          'proxy-url': 'http://p:3128',
        },
      ),
    );
    expect(await access.ca()).toBe(authority.ca);
    expect(access).toMatchObject({ tlsServerName: 'n', insecure: false });
    expect(access.proxy?.host).toBe('p:3128');
  });

  test('the proxy of the environment is used, but not against NO_PROXY', () => {
    const env = { HTTPS_PROXY: 'p:3128' };
    expect(load(config(), env).proxy?.href).toBe('http://p:3128/');
    expect(load(config(), { ...env, NO_PROXY: '.example' }).proxy).toBeUndefined();
  });

  test('insecure', () => {
    expect(load(config({}, { 'insecure-skip-tls-verify': true })).insecure).toBe(true);
  });
});

describe('mistakes are told with file and field', () => {
  test.each<[string, unknown, RegExp]>([
    ['not YAML', 'a: [secret', /^f\d+: not YAML: (?!.*secret)/],
    ['not a mapping', '- a', /^f\d+: the file: expected a mapping$/],
    ['empty', '', /current-context: not set; run kubectl config use-context/],
    ['no context', { ...config(), 'current-context': 'x' }, /no context is named "x" \(there are: c\)/],
    ['no cluster', { ...config(), clusters: [] }, /contexts\[c\]\.context\.cluster: no cluster is named "k"/],
    ['no user', { ...config(), users: [] }, /contexts\[c\]\.context\.user: no user is named "u"/],
    ['nameless', { ...config(), users: [{ user: {} }] }, /users\[0\]\.name: not set/],
    [
      'no server',
      config({}, { server: '' }),
      /clusters\[k\]\.cluster\.server: not set; expected https:\/\/host:port/,
    ],
    ['bad server', config({}, { server: 'https://' }), /clusters\[k\]\.cluster\.server: not an address/],
    [
      'bad CA',
      config({}, { 'certificate-authority-data': 'AAAA' }),
      /certificate-authority-data: expected base64 of PEM text/,
    ],
    [
      'CA and insecure',
      config({}, { 'certificate-authority': 'x', 'insecure-skip-tls-verify': true }),
      /insecure-skip-tls-verify: can not be true/,
    ],
    [
      'SOCKS',
      config({}, { 'proxy-url': 'socks5://p' }),
      /clusters\[k\]\.cluster\.proxy-url: proxies of the form socks5:/,
    ],
    ['half a pair', config({ 'client-certificate': 'x' }), /users\[u\]\.user\.client-key: not set/],
    ['wrong type', config({ token: 5 }), /users\[u\]\.user\.token: expected a string/],
    ['auth provider', config({ 'auth-provider': { name: 'gcp' } }), /auth-provider: Kubernetes has removed/],
    ['impersonation', config({ 'as-groups': ['g'] }), /users\[u\]\.user\.as: not set/],
    [
      'exec version',
      config({ exec: { command: 'x', apiVersion: 'v1alpha1' } }),
      /user\.exec\.apiVersion: expected client.authentication.k8s.io\/v1 or/,
    ],
    [
      'exec command',
      config({ exec: { apiVersion: 'client.authentication.k8s.io/v1' } }),
      /user\.exec\.command: not set/,
    ],
    [
      'exec terminal',
      config({
        exec: { command: 'x', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Always' },
      }),
      /interactiveMode: Always needs a terminal/,
    ],
  ])('%s', (_, content, expected) => {
    expect(problem(() => load(content))).toMatch(expected);
  });

  test('an absent file', () => {
    expect(problem(() => loadKubeConfig({ kubeconfig: join(folder, 'none'), env: {}, clock }))).toMatch(
      /^none: the kubeconfig can't be read/,
    );
  });
});
