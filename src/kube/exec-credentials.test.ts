import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { VirtualClock } from '../core/virtual-clock.js';
import type { ClusterAccess } from './access.js';
import { loadKubeConfig } from './config.js';

const apiVersion = 'client.authentication.k8s.io/v1';
let folder: string;
let clock: VirtualClock;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'exec-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  clock = new VirtualClock();
  for (const name of ['runs', 'info', 'answer']) rmSync(join(folder, name), { force: true });
});

/** A plugin that notes each run and what it was told, and prints the file `answer`. */
function plugin(exec: object = {}, script = 'cat answer'): ClusterAccess {
  const path = join(folder, 'plugin');
  writeFileSync(
    path,
    `#!/bin/sh\ncd "${folder}"\necho run >> runs\nprintf %s "$KUBERNETES_EXEC_INFO" > info\n${script}\n`,
  );
  chmodSync(path, 0o755);
  const kubeconfig = join(folder, 'config');
  writeFileSync(
    kubeconfig,
    stringify({
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      clusters: [{ name: 'k', cluster: { server: 'https://kube.example', 'tls-server-name': 'n' } }],
      users: [{ name: 'u', user: { exec: { command: './plugin', apiVersion, ...exec } } }],
    }),
  );
  return loadKubeConfig({ kubeconfig, env: process.env, clock });
}

function answer(status: object, more: object = {}): void {
  writeFileSync(
    join(folder, 'answer'),
    JSON.stringify({ apiVersion, kind: 'ExecCredential', status, ...more }),
  );
}

const runs = (): number =>
  existsSync(join(folder, 'runs')) ? readFileSync(join(folder, 'runs'), 'utf8').split('\n').length - 1 : 0;

test('the token is kept until shortly before it expires', async () => {
  const { credentials } = plugin();
  answer({ token: 'one', expirationTimestamp: new Date(clock.now() + 600_000).toISOString() });
  const both = await Promise.all([credentials.current(), credentials.current()]);
  expect(both.map((one) => one.headers.authorization)).toEqual(['Bearer one', 'Bearer one']);
  await clock.advance(580_000);
  await credentials.current();
  expect(runs()).toBe(1);
  await clock.advance(11_000);
  answer({ token: 'two' });
  expect((await credentials.current()).headers.authorization).toBe('Bearer two');
  await clock.advance(86_400_000);
  await credentials.current();
  expect(runs()).toBe(2);
});

test('a refused token is fetched anew', async () => {
  const { credentials } = plugin();
  answer({ token: 'one' });
  await credentials.current();
  answer({ clientCertificateData: 'C', clientKeyData: 'K' });
  expect(credentials.refused()).toBe(true);
  expect(await credentials.current()).toEqual({ headers: {}, cert: 'C', key: 'K' });
});

test('the plugin is told about the cluster when it asks for it, and that there is no terminal', async () => {
  answer({ token: 't' });
  await plugin({ provideClusterInfo: true }).credentials.current();
  expect(JSON.parse(readFileSync(join(folder, 'info'), 'utf8'))).toEqual({
    apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server: 'https://kube.example', 'tls-server-name': 'n' } },
  });
  await plugin().credentials.current();
  expect(JSON.parse(readFileSync(join(folder, 'info'), 'utf8')).spec).toEqual({ interactive: false });
});

test('arguments and environment reach it', async () => {
  const exec = { args: ['a b'], env: [{ name: 'MINE', value: 'v' }] };
  const script = `echo "{\\"apiVersion\\":\\"${apiVersion}\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":{\\"token\\":\\"$1-$MINE\\"}}"`;
  expect((await plugin(exec, script).credentials.current()).headers.authorization).toBe('Bearer a b-v');
});

test.each<[string, object, string, RegExp]>([
  [
    'not found',
    { command: 'no-such-plugin', installHint: 'install it' },
    '',
    /"no-such-plugin" was not found; install it/,
  ],
  ['exit code', {}, 'echo why >&2; exit 3', /failed with exit code 3: why/],
  ['no JSON', {}, 'echo secret', /is not JSON$/],
  ['another kind', {}, 'echo "{\\"token\\":\\"secret\\"}"', /is not an ExecCredential$/],
  [
    'another version',
    {},
    'echo "{\\"kind\\":\\"ExecCredential\\",\\"apiVersion\\":\\"x\\"}"',
    /has not the apiVersion client/,
  ],
  [
    'nothing in it',
    {},
    `echo "{\\"kind\\":\\"ExecCredential\\",\\"apiVersion\\":\\"${apiVersion}\\"}"`,
    /has neither status.token nor/,
  ],
])('a plugin that fails is told of with file and user: %s', async (_, exec, script, expected) => {
  const failed = await plugin(exec, script)
    .credentials.current()
    .catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(Error);
  const { message } = failed as Error;
  expect(message).toMatch(expected);
  expect(message).toContain(`${folder}/config: users[u].user.exec: `);
  expect(message).not.toContain('secret');
});

test('a plugin that failed is asked again', async () => {
  const { credentials } = plugin();
  await expect(credentials.current()).rejects.toThrow('exit code');
  answer({ token: 't' });
  expect((await credentials.current()).headers.authorization).toBe('Bearer t');
});
