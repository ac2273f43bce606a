// Fair under pressure: how long a good object waits while thousands of broken ones are tried again and again,
// and while Teleport is slow about another kind (embedded servers only).
import { setTimeout as pause } from 'node:timers/promises';
import { measure } from './figures.js';
import { brokenUser, each, type Item, items, role, user } from './load.js';
import { type Scenario, type Scene, settle } from './scenario.js';

const mostBroken = 5_000;
const tries = 20;
const betweenMs = 500;

export const fair: Scenario = async (scene) => {
  await amongBroken(scene);
  if (scene.stage.kind === 'embedded') await besideSlow(scene);
};

/** Good users while N (5,000 at most) broken ones of the same kind are tried again and again. */
async function amongBroken(scene: Scene): Promise<void> {
  const { writer, n, operator } = scene;
  const broken = items(Math.min(n, mostBroken), 'broken', [brokenUser]);
  scene.progress(`fair: ${broken.length} broken objects`);
  const { passes } = await operator.scrape();
  await each(broken, writer.concurrency, (item) => writer.create(item));
  // Until each was tried once nobody can know which are broken, and who came first is first.
  await operator.untilPasses(passes + broken.length, 300_000);
  const good = items(tries, 'good', [user]);
  const figures = await measure(operator, good.length, async () => oneEach(scene, good));
  scene.report(
    'fair: one good among broken',
    { ...figures, note: `${broken.length} broken objects` },
    good.length,
  );
  await clear(scene, [...good, ...broken]);
}

/** Roles while every call about users takes 3 s. */
async function besideSlow(scene: Scene): Promise<void> {
  const { writer, stage, n, operator } = scene;
  await stage.faults([{ method: 'UsersService', delayMs: 3_000 }]);
  const slow = items(Math.min(n, 200), 'slow', [user]);
  await each(slow, writer.concurrency, (item) => writer.create(item));
  const good = items(tries, 'beside', [role]);
  const figures = await measure(operator, good.length, async () => oneEach(scene, good));
  scene.report(
    'fair: one kind beside a slow one',
    { ...figures, note: 'calls about users take 3 s' },
    good.length,
  );
  await stage.faults([]);
  await clear(scene, [...good, ...slow]);
}

async function oneEach(scene: Scene, good: readonly Item[]): Promise<number[]> {
  const { tracker, writer } = scene;
  for (const item of good) {
    tracker.expectReady(item.recipe.plural, item.name);
    await writer.create(item);
    await pause(betweenMs);
  }
  return settle(scene, 'fair');
}

async function clear(scene: Scene, list: readonly Item[]): Promise<void> {
  const { tracker, writer } = scene;
  await each(list, writer.concurrency, (item) => {
    tracker.expectGone(item.recipe.plural, item.name);
    return writer.remove(item);
  });
  await settle(scene, 'fair: clearing up');
}
