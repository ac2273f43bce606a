// One Secret that every connector of the load looks up: how long until its new value is in all of them. On
// embedded servers only, since a real Auth asks github.com about each.

import { ensure } from '../test/env/kube-admin.js';
import { measure } from './figures.js';
import { connector, each, items } from './load.js';
import { type Scenario, settle } from './scenario.js';

const encode = (text: string): string => Buffer.from(text).toString('base64');

export const secrets: Scenario = async (scene) => {
  const { admin, stage, writer, tracker, operator } = scene;
  const path = `/api/v1/namespaces/${stage.namespace}/secrets`;
  const name = 'bench-client';
  await ensure(admin, path, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, annotations: { 'resources.teleport.dev/allow-lookup-from-cr': '*' } },
    data: { secret: encode('one') },
  });
  const load = items(scene.n, 'connector', [connector]);
  await each(load, writer.concurrency, (item) => {
    tracker.expectReady(item.recipe.plural, item.name);
    return writer.create(item);
  });
  await settle(scene, 'secrets: making the connectors');
  const figures = await measure(operator, load.length, async () => {
    // Its status tells of each: the versions of the Secrets are part of what was last applied.
    for (const item of load) tracker.expect(item.recipe.plural, item.name, () => true);
    await admin.patch(`${path}/${name}`, { data: { secret: encode('two') } });
    return settle(scene, 'secrets');
  });
  scene.report('secrets', figures);
  for (const item of load) tracker.expectGone(item.recipe.plural, item.name);
  await each(load, writer.concurrency, (item) => writer.remove(item));
  await settle(scene, 'secrets: clearing up');
};
