// One operator at work on one scene, for all tests of a block, which keep apart by the names of what they make. A test that
// needs the operator's start, end or flags starts its own.
import { afterAll, beforeAll } from 'vitest';
import type { Pair } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { openScene, type Scene, type SceneOptions } from './scene.js';

/**
 * Starts before the block's tests and stops after them.
 * @param ready told of both, once the operator is ready
 */
export function atWork(
  start: () => Promise<Pair>,
  ready: (scene: Scene, operator: RunningOperator) => void,
  options: SceneOptions = {},
): void {
  let scene: Scene | undefined;
  let operator: RunningOperator | undefined;
  beforeAll(async () => {
    scene = await openScene(await start(), options);
    operator = await startOperator(await scene.operator());
    await operator.untilReady();
    ready(scene, operator);
  }, 90_000);
  afterAll(async () => {
    try {
      await operator?.stop();
    } finally {
      // Tells what was used without a contract case, whatever became of the operator.
      await scene?.close();
    }
  });
}
