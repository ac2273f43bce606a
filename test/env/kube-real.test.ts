// The launcher itself: what RunningKube promises, on a real kube-apiserver.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubeStatusError, openKube } from './kube-admin.js';
import { startRealKube } from './kube-real.js';
import type { RunningKube } from './types.js';

const assets = process.env['KUBEBUILDER_ASSETS'];

describe.skipIf(!assets)(`a real kube-apiserver${assets ? '' : ' (KUBEBUILDER_ASSETS is not set)'}`, () => {
  let kube: RunningKube;
  beforeAll(async () => {
    kube = await startRealKube(assets!);
  });
  afterAll(() => kube?.stop());

  it('gives an administrator every right', async () => {
    const admin = openKube(kube.kubeconfigPath);
    expect((await admin.list('/api/v1/namespaces')).map((namespace) => namespace.metadata.name)).toContain(
      'default',
    );
    admin.close();
  });

  it('gives a service account none by itself', async () => {
    const account = openKube(await kube.serviceAccountKubeconfig('teleport', 'operator'));
    const refused = await account
      .list('/api/v1/namespaces/teleport/secrets')
      .catch((error: unknown) => error);
    account.close();
    expect(refused).toBeInstanceOf(KubeStatusError);
    expect((refused as KubeStatusError).message).toContain('system:serviceaccount:teleport:operator');
    expect((refused as KubeStatusError).code).toBe(403);
  });

  it('binds a join token to a Pod, signed by a key of the JWKS', async () => {
    const token = await kube.serviceAccountToken('teleport', 'operator', {
      audience: 'tele.test',
      expirationSeconds: 600,
    });
    const [head = '', claims = ''] = token
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString());
    const keys = (JSON.parse(await kube.jwks()) as { keys: { kid: string }[] }).keys;
    expect(keys.map((key) => key.kid)).toContain((JSON.parse(head) as { kid: string }).kid);
    const body = JSON.parse(claims) as {
      aud: string[];
      exp: number;
      iat: number;
      'kubernetes.io': { pod: { name: string } };
    };
    expect(body.aud).toEqual(['tele.test']);
    expect(body.exp - body.iat).toBe(600);
    expect(body['kubernetes.io'].pod.name).toBe('operator-0');
  });
});
