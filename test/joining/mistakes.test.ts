// Every way to set a join method up wrongly that can be seen from here or that Auth tells: the bot's reason names the
// variable, file or endpoint, says what to do, and shows no secret.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedTeleport } from '../../sandbox/teleport/server.js';
import { systemClock } from '../../src/core/clock.js';
import { silentLogger } from '../../src/core/log.js';
import { PromMetrics } from '../../src/core/metrics-prom.js';
import { startBot } from '../../src/teleport/bot.js';
import type { StateStore } from '../../src/teleport/join/method.js';
import { authorizedKey } from '../../src/teleport/keys.js';
import { eventually } from '../env/eventually.js';
import { stopAll } from '../env/stop-all.js';
import { startCheckedTeleport } from '../env/teleport-embedded.js';
import { startEndpoint } from './endpoints.js';
import { Issuer } from './issuer.js';
import { awsEnvironment, clusterName, createWorlds, MemoryStore, type World, type Worlds } from './worlds.js';

let worlds: Worlds;
let server: EmbeddedTeleport;
const keys = generateKeyPairSync('ed25519');

beforeAll(async () => {
  worlds = await createWorlds({
    publicKey: authorizedKey(keys.publicKey).trim(),
    privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  server = await startCheckedTeleport({ clusterName, ...worlds.believed });
  Object.assign(process.env, awsEnvironment);
});
afterAll(async () => {
  for (const name of Object.keys(awsEnvironment)) delete process.env[name];
  await stopAll(worlds.stop, server.close);
});

/** The bot's reason, once it has one that is not the first. */
async function reasonOf(name: string, change: (world: World) => Partial<World>): Promise<string> {
  const found = worlds.methods.find((one) => one.name === name);
  if (!found) throw new Error(`no world for ${name}`);
  const world: World = { ...found, ...change(found) };
  const bot = startBot({
    settings: {
      authServer: server.authAddress,
      joinMethod: name,
      token: server.addBot({ name: name.replace('_', '-'), join: world.join }),
      caPins: [],
      insecure: false,
      certificateTtlMs: 3_600_000,
      renewalIntervalMs: 1_800_000,
      env: world.env,
      ...(world.settings ? { methodSettings: world.settings } : {}),
      ...(world.store ? { store: world.store } : {}),
    },
    clock: systemClock,
    log: silentLogger,
    metrics: new PromMetrics(),
  });
  try {
    await eventually(() => bot.state().phase === 'failed-retrying', { timeoutMs: 15_000 });
    return bot.state().reason ?? '';
  } finally {
    await bot.stop();
  }
}

const without = (name: string) => (world: World) => ({ env: { ...world.env, [name]: undefined } });
const set = (name: string, value: string) => (world: World) => ({ env: { ...world.env, [name]: value } });

describe('a variable', () => {
  it.each([
    ['gitlab', 'MY_TOKEN', /MY_TOKEN is not set; .*id_tokens.*-gitlab-id-token-env-var/],
    ['circleci', 'CIRCLE_OIDC_TOKEN', /CIRCLE_OIDC_TOKEN is not set; .*context/],
    ['spacelift', 'SPACELIFT_OIDC_TOKEN', /SPACELIFT_OIDC_TOKEN is not set/],
    [
      'terraform_cloud',
      'TFC_WORKLOAD_IDENTITY_TOKEN_OPERATOR',
      /TFC_WORKLOAD_IDENTITY_TOKEN_OPERATOR is not set; set TFC_WORKLOAD_IDENTITY_AUDIENCE_OPERATOR/,
    ],
    ['bitbucket', 'BITBUCKET_STEP_OIDC_TOKEN', /BITBUCKET_STEP_OIDC_TOKEN is not set; .*oidc: true/],
    ['github', 'ACTIONS_ID_TOKEN_REQUEST_URL', /ACTIONS_ID_TOKEN_REQUEST_URL is not set; .*id-token: write/],
    ['github', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', /ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set/],
    ['azure_devops', 'SYSTEM_OIDCREQUESTURI', /SYSTEM_OIDCREQUESTURI is not set/],
    ['azure_devops', 'SYSTEM_ACCESSTOKEN', /SYSTEM_ACCESSTOKEN is not set; .*System.AccessToken/],
    ['kubernetes', 'KUBERNETES_TOKEN_PATH', /serviceaccount\/token, which cannot be read/],
  ])('%s without %s', async (method, name, words) => {
    expect(await reasonOf(method, without(name))).toMatch(words);
  });

  it.each([
    ['gitlab', 'MY_TOKEN', ' ', /MY_TOKEN is empty/],
    ['circleci', 'CIRCLE_OIDC_TOKEN', 'a secret that is no JWT', /CIRCLE_OIDC_TOKEN holds no JWT/],
    ['github', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'nonsense', /ACTIONS_ID_TOKEN_REQUEST_URL is no URL/],
    ['azure_devops', 'SYSTEM_OIDCREQUESTURI', 'nonsense', /SYSTEM_OIDCREQUESTURI is no URL/],
    ['gcp', 'GCE_METADATA_HOST', 'a b', /GCE_METADATA_HOST "a b" is no host/],
    ['iam', 'AWS_REGION', 'Europe', /AWS_REGION "Europe" is no AWS region/],
    ['kubernetes', 'KUBERNETES_TOKEN_PATH', '/nowhere', /KUBERNETES_TOKEN_PATH names \/nowhere/],
  ])('%s with a wrong %s: %s', async (method, name, value, words) => {
    const reason = await reasonOf(method, set(name, value));
    expect(reason).toMatch(words);
    expect(reason).not.toContain('a secret that is no JWT');
  });
});

describe('an endpoint', () => {
  it.each([
    [
      'gcp',
      'GCE_METADATA_HOST',
      '127.0.0.1:1',
      /metadata server at http:\/\/127\.0\.0\.1:1\/.* cannot be asked/,
    ],
    [
      'azure',
      'AZURE_POD_IDENTITY_AUTHORITY_HOST',
      'http://127.0.0.1:1',
      /metadata service at http:\/\/127\.0\.0\.1:1\/metadata\/versions cannot be asked \(ECONNREFUSED\)/,
    ],
    [
      'github',
      'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
      'expired-secret',
      /endpoint of GitHub at .*\/token answered HTTP 401/,
    ],
    ['azure_devops', 'SYSTEM_ACCESSTOKEN', 'expired-secret', /Azure Pipelines at .*\/oidc answered HTTP 401/],
  ])('%s with %s=%s', async (method, name, value, words) => {
    const reason = await reasonOf(method, set(name, value));
    expect(reason).toMatch(words);
    expect(reason).not.toContain('expired-secret');
  });

  it('github, answering something else', async () => {
    const odd = await startEndpoint(() => ({ body: '{"message":"no"}' }));
    const reason = await reasonOf(
      'github',
      set('ACTIONS_ID_TOKEN_REQUEST_URL', `${odd.url}/t?token=secret-in-query`),
    );
    expect(reason).toMatch(/answered without "value"/);
    expect(reason).not.toContain('secret-in-query');
    await odd.stop();
  });

  it('azure, with another managed identity than the machine has', async () => {
    const reason = await reasonOf('azure', () => ({ settings: { azureClientId: 'other' } }));
    expect(reason).toMatch(/oauth2\/token answered HTTP 400; .*client id other \(-azure-client-id\)/);
  });

  it('iam, without any credentials', async () => {
    const saved = process.env['AWS_ACCESS_KEY_ID'];
    delete process.env['AWS_ACCESS_KEY_ID'];
    try {
      expect(await reasonOf('iam', () => ({}))).toMatch(
        /no AWS credentials found.*AWS_ROLE_ARN.*AWS_ACCESS_KEY_ID/,
      );
    } finally {
      process.env['AWS_ACCESS_KEY_ID'] = saved;
    }
  });
});

describe('a proof that Auth refuses', () => {
  it('for another audience', async () => {
    const other = await (await Issuer.create()).sign('https://gitlab.com', clusterName, {});
    expect(await reasonOf('gitlab', set('MY_TOKEN', other))).toMatch(
      /Teleport says: .*cryptographic primitive/,
    );
  });

  it('that no allow rule matches', async () => {
    const join: World['join'] = { method: 'gcp', spec: { GCP: { Allow: [{ ProjectIDs: ['another'] }] } } };
    expect(await reasonOf('gcp', () => ({ join }))).toMatch(/no allow rule of the join token matches/);
  });

  it('with a wrong AWS secret', async () => {
    process.env['AWS_SECRET_ACCESS_KEY'] = 'another secret';
    try {
      const reason = await reasonOf('iam', () => ({}));
      expect(reason).toMatch(/SignatureDoesNotMatch/);
      expect(reason).not.toContain('another secret');
    } finally {
      process.env['AWS_SECRET_ACCESS_KEY'] = awsEnvironment.AWS_SECRET_ACCESS_KEY;
    }
  });
});

describe('bound_keypair', () => {
  it('makes a key at the first start, and says which to register', async () => {
    const store = new MemoryStore();
    const reason = await reasonOf('bound_keypair', () => ({ store }));
    expect(store.values['private-key']).toContain('PRIVATE KEY');
    expect(reason).toContain(store.values['public-key']);
    expect(reason).toMatch(/initial_public_key must be it/);
    expect(reason).not.toContain('PRIVATE KEY');
  });

  it('says which Secret holds no key', async () => {
    const store = new MemoryStore();
    store.values = { 'private-key': 'nonsense' };
    expect(await reasonOf('bound_keypair', () => ({ store }))).toMatch(
      /"private-key" of the test store is no private key/,
    );
  });

  it('says that the Secret cannot be read', async () => {
    const store: StateStore = {
      place: 'the Secret ns/x',
      load: () => Promise.reject(new Error('forbidden')),
      save: () => Promise.resolve(),
    };
    expect(await reasonOf('bound_keypair', () => ({ store: store as MemoryStore }))).toMatch(/forbidden/);
  });

  it('keeps the join state, without which a copied key is refused', async () => {
    const world = worlds.methods.find(({ name }) => name === 'bound_keypair');
    const store = new MemoryStore();
    store.values = { ...world?.store?.values };
    const token = server.addBot({ name: 'bound', join: world?.join ?? { method: 'token' } });
    const start = (kept: MemoryStore) =>
      startBot({
        settings: {
          authServer: server.authAddress,
          joinMethod: 'bound_keypair',
          token,
          caPins: [],
          insecure: false,
          certificateTtlMs: 3_600_000,
          renewalIntervalMs: 1_800_000,
          env: {},
          store: kept,
        },
        clock: systemClock,
        log: silentLogger,
        metrics: new PromMetrics(),
      });
    const copy = new MemoryStore();
    copy.values = { ...store.values };
    const first = start(store);
    await first.ready(AbortSignal.timeout(10_000));
    await first.stop();
    expect(store.values['join-state']).toBeTruthy();
    const again = start(store);
    await again.ready(AbortSignal.timeout(10_000));
    await again.stop();
    const thief = start(copy);
    await eventually(() => /join state verification failed/.test(thief.state().reason ?? ''));
    await thief.stop();
  });
});
