// A scene's end tells what its operator used and no contract case is about, on either side, and hides no error.
import { expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { createKubeClient } from '../../src/kube/client.js';
import { loadKubeConfig } from '../../src/kube/config.js';
import { isKubeError } from '../../src/kube/errors.js';
import { isTeleportError } from '../../src/teleport/errors.js';
import { operatorClient } from '../contract/teleport/clients.js';
import { pairs } from '../env/index.js';
import type { RunningEmbeddedKube } from '../env/kube-embedded.js';
import type { RunningEmbeddedTeleport } from '../env/teleport-embedded.js';
import { openScene, type Scene, unique } from './scene.js';

const [embedded] = pairs();

async function scene(): Promise<Scene> {
  if (!embedded) throw new Error('no embedded pair');
  return openScene(await embedded.start());
}

/** A verb that the operator has no business with, with its client and its service account; refused or not. */
async function strayInKubernetes(opened: Scene): Promise<void> {
  const { kubeconfigPath } = await opened.operator();
  const access = loadKubeConfig({ kubeconfig: kubeconfigPath, env: {}, clock: systemClock });
  const client = createKubeClient(access, { clock: systemClock });
  const configMaps = { group: '', version: 'v1', plural: 'configmaps' };
  await client.list(configMaps, { namespace: opened.namespace }).catch((error: unknown) => {
    if (!isKubeError(error, 'Forbidden')) throw error;
  });
  client.close();
}

/** An RPC, and a field of another, that no contract case uses, by a bot; refused or not. */
async function strayInTeleport(opened: Scene): Promise<void> {
  const bot = await operatorClient(opened.teleport, unique('stray'));
  const refused = (error: unknown): void => {
    if (!isTeleportError(error)) throw error;
  };
  await bot.unary(AuthService.method.getCurrentUser, {}).catch(refused);
  await bot.unary(AuthService.method.getToken, { Name: 'x' }).catch(refused);
  await bot.unary(AuthService.method.getSAMLConnector, { Name: 'x', WithSecrets: true }).catch(refused);
  bot.close();
}

const kube = /in test\/contract\/kube \(see coverage.ts\): list configmaps$/m;
const teleport =
  /in test\/contract\/teleport \(see coverage.ts\): \/proto.AuthService\/GetCurrentUser; \/proto.AuthService\/GetSAMLConnector with WithSecrets$/m;

it('fails for a verb of Kubernetes without a contract case', async () => {
  const opened = await scene();
  await strayInKubernetes(opened);
  await expect(opened.close()).rejects.toThrow(kube);
});

it('fails for what it used of Teleport without a contract case, also when the record was emptied', async () => {
  const opened = await scene();
  await strayInTeleport(opened);
  (opened.teleport as RunningEmbeddedTeleport).server.calls.clear();
  await expect(opened.close()).rejects.toThrow(teleport);
});

it('tells both when both are so', async () => {
  const opened = await scene();
  await Promise.all([strayInKubernetes(opened), strayInTeleport(opened)]);
  (opened.kube as RunningEmbeddedKube).server.calls.length = 0;
  const error: unknown = await opened.close().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AggregateError);
  expect((error as AggregateError).errors).toHaveLength(2);
  expect(String(error)).toMatch(kube);
  expect(String(error)).toMatch(teleport);
});

it('has nothing to say of a scene in which nothing ran', async () => {
  await (await scene()).close();
});
