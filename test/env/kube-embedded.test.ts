import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { createKubeClient } from '../../src/kube/client.js';
import { loadKubeConfig } from '../../src/kube/config.js';
import { startEmbeddedKube } from './kube-embedded.js';

it('fails a run in which the operator used what no contract case is about', async () => {
  const kube = await startEmbeddedKube({ rbac: false });
  const kubeconfig = await kube.serviceAccountKubeconfig('default', 'operator');
  const access = loadKubeConfig({ kubeconfig, env: {}, clock: systemClock });
  const client = createKubeClient(access, { clock: systemClock });
  await client.list({ group: '', version: 'v1', plural: 'secrets' });
  await client.list({ group: '', version: 'v1', plural: 'configmaps' }, { limit: 1 });
  client.close();
  await expect(kube.stop()).rejects.toThrow(
    'used, but without a case in test/contract/kube (see coverage.ts): list configmaps; ' +
      'list configmaps with all-namespaces; list configmaps with limit',
  );
});
