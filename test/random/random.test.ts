// Rounds of random steps: objects come, change and go, administrators do as they please in Teleport, connections break, the
// operator dies. Then the world is left alone, and everything must be as the documents say (judge.ts). A round that fails is
// made smaller, and its steps are printed with the seed.
//
// RANDOM_ROUNDS (3), RANDOM_SEED (fixed), RANDOM_PATH (of a failure, as it is printed), RANDOM_SHRINK_S (120).
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { pairs } from '../env/index.js';
import { playRound } from './round.js';
import { openStage, type Stage } from './stage.js';
import { round } from './steps.js';

const numberOf = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);

const rounds = numberOf('RANDOM_ROUNDS', 3);
const seed = numberOf('RANDOM_SEED', 20_261_129);
const path = process.env['RANDOM_PATH'];
/** Time for making a failure smaller, in milliseconds: each try is a round. */
const shrinkMs = numberOf('RANDOM_SHRINK_S', 120) * 1_000;
/** A round takes some 10 s; this is for one that hangs. */
const roundMs = 600_000;

describe.each(pairs({ staleMs: 500 }))('rounds of random steps, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('with the operator at work', () => {
    let stage: Stage;
    beforeAll(async () => {
      stage = await openStage(await start());
    }, 120_000);
    afterAll(() => stage?.close());

    it(
      'end as the documents say',
      async () => {
        let failedAt: number | undefined;
        const { failed, ...details } = await fc.check(
          fc.asyncProperty(round, async (steps) => {
            if (failedAt !== undefined && performance.now() > failedAt + shrinkMs) return;
            try {
              await playRound(stage, randomBytes(3).toString('hex'), steps);
            } catch (error) {
              failedAt ??= performance.now();
              throw error;
            }
          }),
          { numRuns: rounds, seed, ...(path === undefined ? {} : { path }) },
        );
        if (!failed) return;
        const { numRuns, numShrinks, counterexamplePath, errorInstance } = details;
        throw new Error(
          `round ${numRuns} failed; made smaller ${numShrinks} times. Again: RANDOM_SEED=${seed} RANDOM_PATH=${counterexamplePath}\n\n` +
            (errorInstance as Error).message,
        );
      },
      rounds * roundMs + shrinkMs,
    );
  });
});
