// Scenarios in an object's life: created, updated, deleted, and one at a time.
import { measure } from './figures.js';
import { each, items } from './load.js';
import { type Scenario, type Scene, settle } from './scenario.js';
import { isReady } from './tracker.js';

/** All objects of the load at once. */
export const create: Scenario = async (scene) => {
  const { operator, load, writer, tracker } = scene;
  const figures = await measure(operator, load.length, async () => {
    await each(load, writer.concurrency, (item) => {
      tracker.expectReady(item.recipe.plural, item.name);
      return writer.create(item);
    });
    return settle(scene, 'create');
  });
  scene.report('create', figures);
};

/** A new spec for each. Ready must be stated for the new generation. */
export const update: Scenario = async (scene) => {
  const { operator, load, writer, tracker } = scene;
  if (!tracker.statesGeneration) {
    scene.report('update', {
      seconds: 0,
      note: 'its status names no generation: when it is done can not be told',
    });
    return;
  }
  const figures = await measure(operator, load.length, async () => {
    await each(load, writer.concurrency, (item) => {
      tracker.expect(item.recipe.plural, item.name, ({ object }) => {
        return (object.metadata.generation ?? 0) > 1 && isReady(object);
      });
      return writer.update(item, 1);
    });
    return settle(scene, 'update');
  });
  scene.report('update', figures);
};

/** All objects of the load, until they are gone from Kubernetes. */
export const remove: Scenario = async (scene) => {
  const { operator, load, writer, tracker } = scene;
  const figures = await measure(operator, load.length, async () => {
    await each(load, writer.concurrency, (item) => {
      tracker.expectGone(item.recipe.plural, item.name);
      return writer.remove(item);
    });
    return settle(scene, 'delete');
  });
  scene.report('delete', figures);
};

const singles = 40;

/** One object after another, each when the one before is Ready. */
export const single: Scenario = async (scene) => {
  const list = items(singles, 'single');
  const figures = await measure(scene.operator, list.length, () => oneByOne(scene, list));
  scene.report('single', figures, list.length);
  for (const { recipe, name } of list) scene.tracker.expectGone(recipe.plural, name);
  await each(list, scene.writer.concurrency, (item) => scene.writer.remove(item));
  await settle(scene, 'single');
};

async function oneByOne(scene: Scene, list: ReturnType<typeof items>): Promise<number[]> {
  const times: number[] = [];
  for (const item of list) {
    scene.tracker.expectReady(item.recipe.plural, item.name);
    await scene.writer.create(item);
    times.push(...(await settle(scene, 'single')));
  }
  return times;
}
