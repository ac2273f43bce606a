// Scenarios in which nothing changes: a restart, a resync, an hour like any other. What they cost is in vain.
import { setTimeout as pause } from 'node:timers/promises';
import { measure } from './figures.js';
import { startBenchOperator } from './operator.js';
import type { Scenario } from './scenario.js';
import { total } from './scrape.js';

/** From the start of the process until every object was looked at. Its counters begin at zero. */
export const restart: Scenario = async (scene) => {
  const { command, stage, load } = scene;
  await scene.operator.stop();
  scene.progress('restart');
  const start = performance.now();
  scene.operator = await startBenchOperator(command, stage);
  const readyMs = performance.now() - start;
  const figures = await measure(undefined, load.length, async () => {
    await scene.operator.untilPasses(load.length, 900_000);
    return [];
  });
  const seconds = (performance.now() - start) / 1000;
  const { kube, teleport } = await scene.operator.scrape();
  const { cpuSeconds, memory } = await import('./proc.js');
  const { peak, resident } = memory(scene.operator.pid);
  scene.report('restart', {
    ...figures,
    seconds,
    perSecond: Math.round(load.length / seconds),
    cpuSeconds: cpuSeconds(scene.operator.pid),
    peakMiB: Math.round(peak),
    residentMiB: Math.round(resident),
    kube,
    teleport,
    note: `joined after ${Math.round(readyMs)} ms, all looked at after ${Math.round(seconds * 1000)} ms`,
  });
};

/** A resync of every object, by a period short enough to see one. */
export const resync: Scenario = async (scene) => {
  const { command, stage, load } = scene;
  await scene.operator.stop();
  const period = Math.max(20, Math.ceil(load.length / 100));
  scene.operator = await startBenchOperator(command, stage, [`-sync-period=${period}s`]);
  await scene.operator.untilPasses(load.length, 900_000);
  scene.progress('resync');
  const { passes } = await scene.operator.scrape();
  const figures = await measure(scene.operator, load.length, async () => {
    await scene.operator.untilPasses(passes + load.length, 900_000);
    return [];
  });
  scene.report('resync', { ...figures, note: `spread over the operator's own time; period ${period} s` });
  await scene.operator.stop();
  scene.operator = await startBenchOperator(command, stage);
  await scene.operator.untilPasses(load.length, 900_000);
};

/** Calls while nothing happens. */
export const steady: Scenario = async (scene) => {
  const { options, operator } = scene;
  // The echo of what came before is not steady state.
  await pause(5_000);
  const figures = await measure(operator, 0, async () => {
    for (let left = options.steadySeconds; left > 0; left--) {
      scene.progress(`steady: ${left} s`);
      await pause(1_000);
    }
    return [];
  });
  const { kube = {}, teleport = {}, seconds } = figures;
  // Only the Lease is renewed by PUT, each renewal with a GET before it at most.
  const lease = kube['PUT'] ?? 0;
  const others = Math.max(0, total(kube) - 2 * lease);
  const rate = (count: number): string => (count / seconds).toFixed(3);
  scene.report('steady', {
    ...figures,
    perSecond: 0,
    note: `Teleport ${rate(total(teleport))} calls/s, Kubernetes ${rate(others)} beside ${rate(lease)} Lease renewals/s`,
  });
};
