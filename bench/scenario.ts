// What a scenario has at hand: the stage, the operator at work, the load generator, the progress line.
import type { KubeAdmin } from '../test/env/kube-admin.js';
import type { Measured } from './figures.js';
import type { Item, Writer } from './load.js';
import type { BenchOperator } from './operator.js';
import type { BenchOptions, OperatorCommand } from './options.js';
import type { Stage } from './stage.js';
import type { Tracker } from './tracker.js';

export interface Scene {
  readonly options: BenchOptions;
  readonly command: OperatorCommand;
  readonly stage: Stage;
  readonly admin: KubeAdmin;
  readonly writer: Writer;
  readonly tracker: Tracker;
  /** Objects of the run. */
  readonly n: number;
  /** The load: made by `create`, gone after `delete`. */
  readonly load: readonly Item[];
  /** The operator that runs now; scenarios that restart it put the new one here. */
  operator: BenchOperator;
  report(scenario: string, measured: Measured, n?: number): void;
  progress(text: string): void;
}

export type Scenario = (scene: Scene) => Promise<void>;

/** Nothing was met for so long: the run is stuck. */
export const stuckMs = 90_000;

/** Waits for all that is expected; the times that it took, in milliseconds. */
export async function settle(scene: Scene, what: string): Promise<number[]> {
  const { tracker } = scene;
  await tracker.settled(stuckMs, (open) => scene.progress(`${what}: ${open} open`));
  return tracker.take();
}
