// Drift of every kind that Auth lets be watched: a label that somebody slips in, and a deletion, are put right within
// 5 s. What drift of a role looks like in full is drift.test.ts's matter.
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import type { RunningOperator } from '../env/operator.js';
import { atWork } from './at-work.js';
import { applyExamples, exampleObjects, isOurs, refusedByReal } from './example-objects.js';
import { kindOf, origin, type Scene } from './scene.js';

/** One object of each watched kind. */
const watched = exampleObjects()
  .filter(isOurs)
  .filter(({ kind }, at, all) => kindOf(kind).watched && all.findIndex((one) => one.kind === kind) === at)
  .map((object) => [object.kind, object.metadata.name] as const);

const within = { timeoutMs: 5_000, intervalMs: 100 };

describe.each(pairs({ enterprise: true }))('drift of a watched kind, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('is put right within 5 s', () => {
    let scene: Scene;
    let operator: RunningOperator;
    atWork(start, (...opened) => {
      [scene, operator] = opened;
    });
    beforeAll(async () => {
      await applyExamples(scene);
    }, 90_000);

    // Reads lag behind writes, so the operator's own count tells when a change has been answered.
    const corrections = async (kind: string): Promise<number> => {
      const metrics = await (await fetch(operator.metricsUrl)).text();
      const line = new RegExp(`drift_total\\{kind="${kind}",action="corrected"\\} (\\d+)`);
      return Number(line.exec(metrics)?.[1] ?? 0);
    };
    const labels = async (kind: string, name: string) => {
      const stored = await scene.stored(kind, name);
      return stored && kindOf(kind).form.head(stored).labels;
    };

    it('covers every kind that the declaration says is watched', () => {
      expect(watched.length).toBeGreaterThanOrEqual(12);
    });

    it.each(watched)(
      '%s %s',
      async (kind, name) => {
        if (scene.teleport.kind === 'teleport' && refusedByReal[kind]) return;
        const { calls, form } = kindOf(kind);
        const { admin } = scene.teleport;
        await scene.untilReady(kind, name, 30_000);
        await eventually(async () => expect((await labels(kind, name))?.[origin]).toBe('kubernetes'));

        const before = await corrections(kind);
        const stored = await calls.get.run(admin, name);
        Object.assign(form.head(stored).labels, { slipped: 'in' });
        await calls.update.run(admin, stored);
        await eventually(async () => expect(await corrections(kind)).toBe(before + 1), within);
        await eventually(async () => expect(await labels(kind, name)).not.toHaveProperty('slipped'), within);

        // a role in use can't be deleted; drift.test.ts deletes one
        if (kind.startsWith('TeleportRole')) return;
        await calls.delete.run(admin, name);
        await eventually(async () => expect(await corrections(kind)).toBe(before + 2), within);
        await eventually(async () => expect((await labels(kind, name))?.[origin]).toBe('kubernetes'), within);
      },
      60_000,
    );
  });
});
