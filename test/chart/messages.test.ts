// The messages that docs/troubleshooting.md quotes are what the operator really says: each stands in the source, and those about
// joining and about objects are provoked here, on embedded and on real servers, whose own words lie behind them.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { openScene, type Scene, serviceAccount, unique } from '../e2e/scene.js';
import { operatorProgram } from '../env/build.js';
import { eventually } from '../env/eventually.js';
import { type Launcher, type Pair, pairs } from '../env/index.js';
import { type OperatorOptions, type RunningOperator, startOperator } from '../env/operator.js';
import { read } from './commands.js';
import { helmBinary, needed, refusal, root } from './helm.js';

const quoted = [...read('docs/troubleshooting.md').matchAll(/^\| `([^`]+)` \|/gm)].map(
  ([, quote = '']) => quote,
);

/** Words of helm's own, and where they are provoked. */
const helms: Readonly<Record<string, string>> = {
  'invalid ownership metadata': 'test/chart/switch.test.ts',
  "values don't meet the specifications of the schema(s)": 'test/chart/messages.test.ts',
};

describe('docs/troubleshooting.md', () => {
  const text = (folder: string, pattern: RegExp) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => pattern.test(name) && !name.includes('.test.'))
      .map((name) => read(join(folder, name)))
      .join('\n')
      // texts that are put together over several lines
      .replaceAll(/['"`]\s*\+\s*['"`]/g, '')
      .replaceAll("\\'", "'");
  const source = `${text('src', /\.ts$/)}${text('charts/teleport-operator/templates', /tpl$/)}`;

  it.each(quoted)('quotes what is said: %s', (quote) => {
    const elsewhere = helms[quote];
    expect(elsewhere === undefined ? source : read(elsewhere)).toContain(quote);
  });

  it('each message about joining or an object is provoked below', () => {
    const section = (title: string) =>
      read('docs/troubleshooting.md')
        .split(/^## /m)
        .find((part) => part.startsWith(title)) ?? '';
    for (const title of ["It doesn't join", "An object isn't ready"])
      for (const [, quote = ''] of section(title).matchAll(/^\| `([^`]+)` \|/gm))
        expect([...Object.keys(joins), ...Object.keys(objects), ...Object.keys(elsewhere)]).toContain(quote);
    for (const [quote, path] of Object.entries(elsewhere)) expect(read(path)).toContain(quote);
  });

  it.skipIf(helmBinary === undefined)('quotes what helm says of values', () => {
    expect(refusal({ ...needed, enabled: 'no' })).toContain(
      "values don't meet the specifications of the schema(s)",
    );
    expect(refusal({ ...needed, image: 'public.ecr.aws/gravitational/teleport-operator' })).toContain(
      'upgrade with --reset-then-reuse-values',
    );
  });
});

/** Messages that take more to provoke than a start, and the test that does. */
const elsewhere: Readonly<Record<string, string>> = {
  'the bot is locked because two processes used the same identity': 'src/teleport/join/explain.test.ts',
};

/** How a start goes wrong so that the operator says the words. */
type Mistake = (scene: Scene, good: OperatorOptions) => Promise<Partial<OperatorOptions>>;

/** A join token of method kubernetes with something in it that doesn't fit. */
const token = async (scene: Scene, spec: object): Promise<{ token: string }> => {
  const name = unique('mistake');
  const Kubernetes = {
    Type: 'static_jwks',
    StaticJWKS: { JWKS: await scene.kube.jwks() },
    Allow: [{ ServiceAccount: `${scene.namespace}:${serviceAccount}` }],
  };
  const rest = { Roles: ['Bot'], BotName: 'nobody', JoinMethod: 'kubernetes', Kubernetes };
  await scene.teleport.admin.unary(AuthService.method.upsertTokenV2, {
    Token: {
      case: 'V2',
      value: {
        Kind: 'token',
        Version: 'v2',
        Metadata: { Name: name, Namespace: 'default' },
        Spec: { ...rest, ...spec },
      },
    },
  });
  return { token: name };
};
const proof = async (scene: Scene, more: { audience?: string; expirationSeconds?: number }) => ({
  serviceAccountToken: await scene.kube.serviceAccountToken(scene.namespace, serviceAccount, {
    audience: scene.teleport.clusterName,
    expirationSeconds: 1_200,
    ...more,
  }),
});

const joins: Readonly<Record<string, Mistake>> = {
  'Teleport has no valid join token of that name': async () => ({ token: 'no-such-token' }),
  'the join token is not for bots; its spec.roles must hold Bot': (scene) =>
    token(scene, { Roles: ['Node'], BotName: '' }),
  'no allow rule of the join token matches this service account': async (scene) =>
    token(scene, {
      Kubernetes: {
        Type: 'static_jwks',
        StaticJWKS: { JWKS: await scene.kube.jwks() },
        Allow: [{ ServiceAccount: 'other:account' }],
      },
    }),
  'the service account token has the wrong audience': (scene) => proof(scene, { audience: 'other.example' }),
  "the service account token is not signed by a key of the join token's JWKS": async (scene) => {
    const { publicKey } = await generateKeyPair('RS256', { extractable: true });
    const key = { ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid: 'other' };
    return token(scene, {
      Kubernetes: {
        Type: 'static_jwks',
        StaticJWKS: { JWKS: JSON.stringify({ keys: [key] }) },
        Allow: [{ ServiceAccount: `${scene.namespace}:${serviceAccount}` }],
      },
    });
  },
  'the service account token is not bound to a pod': async (scene) => {
    const path = `/api/v1/namespaces/${scene.namespace}/serviceaccounts/${serviceAccount}/token`;
    const request = await scene.admin.create(path, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: [scene.teleport.clusterName], expirationSeconds: 1_200 },
    });
    return { serviceAccountToken: String(request.status?.['token']) };
  },
  'the service account token is too old or lives longer than Teleport accepts': (scene) =>
    proof(scene, { expirationSeconds: 7_200 }),
  'the join token is of type in_cluster, but Auth does not run in Kubernetes': (scene) =>
    token(scene, {
      Kubernetes: {
        Type: 'in_cluster',
        Allow: [{ ServiceAccount: `${scene.namespace}:${serviceAccount}` }],
      },
    }),
  'the join token has another join method than -join-method says': async (scene) => ({
    ...(await token(scene, {})),
    joinMethod: 'token',
  }),
  'Teleport knows the token but denies access': (scene) => token(scene, {}),
  'which is not among the': async () => ({ caPins: [`sha256:${'a'.repeat(64)}`] }),
  'is signed by a CA that is not trusted': async ({ teleport }) => ({
    address: teleport.proxyAddress,
    caPins: [],
  }),
  'Teleport cannot be reached;': async () => ({ address: '127.0.0.1:1', caPins: [] }),
  'which cannot be read (': async () => ({ serviceAccountToken: '' }),
};

/** Words about an object, and how it comes to them. */
const objects: Readonly<Record<string, (scene: Scene) => Promise<{ kind: string; name: string }>>> = {
  'Nothing was written: the spec refers to what Teleport does not have:': async (scene) => {
    const name = unique('user');
    await scene.create('TeleportUser', name, { roles: ['no-such-role'] });
    return { kind: 'TeleportUser', name };
  },
  'Take it away from whatever uses it; the deletion then goes on by itself.': async (scene) => {
    const name = unique('role');
    await scene.create('TeleportRoleV7', name, { allow: { logins: ['one'] } });
    await scene.untilReady('TeleportRoleV7', name);
    const user = unique('holder');
    await scene.create('TeleportUser', user, { roles: [name] });
    await scene.untilReady('TeleportUser', user);
    await scene.remove('TeleportRoleV7', name);
    return { kind: 'TeleportRoleV7', name };
  },
  'Correct the spec.': async (scene) => {
    const name = unique('lock');
    await scene.create('TeleportLockV2', name, { target: {}, message: 'of nobody' });
    return { kind: 'TeleportLockV2', name };
  },
};

describe.each(pairs())('what the operator says, on $name', ({ start, skipped }: Launcher<Pair>) => {
  describe.skipIf(skipped)('provoked', () => {
    let scene: Scene;
    beforeAll(async () => {
      scene = await openScene(await start());
    }, 90_000);
    afterAll(() => scene?.close());

    it.each(Object.entries(joins))(
      'of a start: %s',
      async (words, mistake) => {
        const good = await scene.operator();
        const { serviceAccountToken, ...rest } = { ...good, ...(await mistake(scene, good)) };
        // without one there is no file either
        const operator = await startOperator(serviceAccountToken ? { ...rest, serviceAccountToken } : rest);
        try {
          await eventually(async () => expect((await operator.probe('/readyz')).text).toContain(words), {
            timeoutMs: 20_000,
          });
        } finally {
          await operator.stop();
        }
      },
      40_000,
    );

    it.each([
      [
        'with credentials that it does not know',
        {},
        /does not know us: Unauthorized; compare the credentials/,
      ],
      [
        'where it does not answer',
        { server: 'https://127.0.0.1:1' },
        /does not answer: .*; compare -kubeconfig/,
      ],
    ])(
      'of the Kubernetes API %s',
      async (_name, cluster, words) => {
        const folder = mkdtempSync(join(tmpdir(), 'operator-kubeconfig-'));
        const file = join(folder, 'config');
        const server = {
          server: scene.kube.url,
          'certificate-authority-data': btoa(scene.kube.ca),
          ...cluster,
        };
        const named = { name: 'x' };
        writeFileSync(
          file,
          JSON.stringify({
            clusters: [{ ...named, cluster: server }],
            users: [{ ...named, user: { token: 'nonsense' } }],
            contexts: [{ ...named, context: { cluster: 'x', user: 'x' } }],
            'current-context': 'x',
          }),
        );
        const args = [operatorProgram(), 'release', `-kubeconfig=${file}`, '-namespace=default'];
        const ended = promisify(execFile)(process.execPath, args, { timeout: 60_000 });
        const { code, stderr } = (await ended.catch((error: unknown) => error)) as {
          code?: number;
          stderr: string;
        };
        rmSync(folder, { recursive: true });
        expect(stderr).toMatch(words);
        expect(code).toBe(1);
      },
      70_000,
    );

    describe('of an object', () => {
      let operator: RunningOperator;
      beforeAll(async () => {
        operator = await startOperator(await scene.operator());
        await operator.untilReady();
      }, 60_000);
      afterAll(() => operator?.stop());

      it.each(Object.entries(objects))(
        '%s',
        async (words, make) => {
          const { kind, name } = await make(scene);
          await eventually(async () => {
            const found = await scene.find(kind, name);
            expect(JSON.stringify(found?.status)).toContain(words);
          });
        },
        40_000,
      );
    });
  });
});
