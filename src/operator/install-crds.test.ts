// CRDs go forward only, whoever runs last; what can't be written stops nothing else.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crds } from '../../test/env/crds.js';
import { type KubeAdmin, openKube } from '../../test/env/kube-admin.js';
import { type RunningEmbeddedKube, startEmbeddedKube } from '../../test/env/kube-embedded.js';
import { systemClock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import { createKubeClient } from '../kube/client.js';
import { loadKubeConfig } from '../kube/config.js';
import { type Crd, installCrds, isNewer, writtenBy } from './install-crds.js';

const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silent,
};

describe('isNewer', () => {
  it.each([
    ['1.2.3', '1.2.2', true],
    ['1.2.3', '1.2.3', false],
    ['1.10.0', '1.9.9', true],
    ['2.0.0', '10.0.0', false],
    ['1.0.0', '1.0.0-rc.1', true],
    ['1.0.0-rc.1', '1.0.0', false],
    ['1.0.0-rc.10', '1.0.0-rc.9', true],
    ['v1.0.1+build', '1.0.0', true],
    ['nonsense', '1.0.0', false],
    ['1.0.0', 'nonsense', true],
  ])('%s after %s: %s', (one, other, wanted) => expect(isNewer(one, other)).toBe(wanted));
});

describe('installCrds', () => {
  let kube: RunningEmbeddedKube;
  let admin: KubeAdmin;
  beforeAll(async () => {
    kube = await startEmbeddedKube();
    admin = openKube(kube.kubeconfigPath);
  });
  afterAll(async () => {
    admin?.close();
    await kube?.stop();
  });
  const all = crds() as unknown as Crd[];
  const install = async (kubeconfig: string, version: string, some: readonly Crd[] = all, log = silent) => {
    const access = loadKubeConfig({ env: {}, clock: systemClock, kubeconfig });
    const client = createKubeClient(access, { clock: systemClock });
    try {
      await installCrds({ kube: client, log, crds: some, version }, new AbortController().signal);
    } finally {
      client.close();
    }
  };
  const found = async () =>
    (await admin.list('/apis/apiextensions.k8s.io/v1/customresourcedefinitions')) as unknown as Crd[];
  const versions = async () =>
    new Set((await found()).map(({ metadata }) => metadata.annotations?.[writtenBy]));

  it('makes them, writes nothing where nothing changed, and follows a newer version', async () => {
    await install(kube.kubeconfigPath, '1.0.0');
    const before = (await found()).map(({ metadata }) => metadata.resourceVersion);
    expect(before).toHaveLength(all.length);
    await install(kube.kubeconfigPath, '1.0.0');
    expect((await found()).map(({ metadata }) => metadata.resourceVersion)).toEqual(before);
    await install(kube.kubeconfigPath, '1.1.0');
    expect(await versions()).toEqual(new Set(['1.1.0']));
  });

  it('leaves what a newer version wrote', async () => {
    await install(kube.kubeconfigPath, '1.0.9');
    expect(await versions()).toEqual(new Set(['1.1.0']));
  });

  it('says what to grant where it is not allowed, and goes on', async () => {
    const said: string[] = [];
    const log: Logger = { ...silent, error: (message) => said.push(message), with: () => log };
    const limited = await kube.serviceAccountKubeconfig('nobody', 'nobody');
    await install(limited, '2.0.0', all, log);
    expect(said).toEqual([
      '-install-crds: not allowed; grant get, create and patch on customresourcedefinitions',
    ]);
    expect(await versions()).toEqual(new Set(['1.1.0']));
  });
});
