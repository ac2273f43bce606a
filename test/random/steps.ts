// The steps of a round, and how they are drawn: few subjects and many steps, so that much happens to each. What a step
// does is acts.ts's and outages.ts's matter. Numbers are taken modulo what there is, so that a round of fewer subjects is
// still a round when fast-check shrinks it.
import fc from 'fast-check';
import { subjects } from './subjects.js';

/** Which subject of the round, and which of the objects that may name it. */
export interface At {
  readonly subject: number;
  readonly actor: number;
}

/** What is asked for beside the spec; `none` takes all of it away. */
export const notes = {
  none: {},
  keep: { keep: 'true' },
  ignored: { ignore: 'true' },
  observed: { mode: 'observe' },
  adopt: { adopt: 'true' },
  preview: { adopt: 'preview' },
  report: { drift: 'report' },
  leave: { drift: 'ignore' },
  looked: { 'reconcile-at': 'now' },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type Note = keyof typeof notes;

export const outages = [
  'watches of objects end',
  'the API server forgets its history',
  'the API server fails',
  'the API server is too busy',
  'connections to the API server break',
  'answers of the API server are lost',
  'connections to Teleport break',
  'Teleport is away',
  'Teleport is silent',
  'Teleport fails',
  'Teleport refuses a race',
  'answers of Teleport are lost',
  'Teleport is slow',
  'somebody has the Lease',
] as const;

export type Outage = (typeof outages)[number];

export type Step =
  | { readonly do: 'apply'; readonly at: At; readonly spec: number; readonly note: Note }
  | { readonly do: 'note'; readonly at: At; readonly note: Note }
  | { readonly do: 'label'; readonly at: At; readonly value: number }
  | { readonly do: 'delete' | 'force' | 'strip' | 'pin'; readonly at: At }
  | { readonly do: 'recreate'; readonly at: At; readonly spec: number; readonly note: Note }
  | { readonly do: 'edit'; readonly at: At; readonly which: number }
  | { readonly do: 'destroy' | 'disown' | 'plant'; readonly at: At }
  | { readonly do: 'secret'; readonly away: boolean; readonly value: number }
  | { readonly do: 'kill'; readonly writes: number; readonly done: boolean }
  | { readonly do: 'restart' }
  | { readonly do: 'outage'; readonly what: Outage; readonly size: number }
  | { readonly do: 'wait'; readonly ms: number };

export interface Round {
  /** Numbers of subjects.ts. */
  readonly cast: readonly number[];
  readonly steps: readonly Step[];
}

const at = fc.record({ subject: fc.nat(3), actor: fc.nat(2) });
const spec = fc.nat(3);
const note = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Note>('none') },
  { weight: 5, arbitrary: fc.constantFrom(...(Object.keys(notes) as Note[])) },
);
const as = <Word extends string>(word: Word) => fc.constant(word);

const apply: fc.Arbitrary<Step> = fc.record({ do: as('apply'), at, spec, note });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: apply },
  { weight: 6, arbitrary: fc.record({ do: as('delete'), at }) },
  { weight: 3, arbitrary: fc.record({ do: as('recreate'), at, spec, note }) },
  { weight: 5, arbitrary: fc.record({ do: as('note'), at, note }) },
  { weight: 1, arbitrary: fc.record({ do: as('label'), at, value: fc.nat(1) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('force', 'strip', 'pin'), at }) },
  { weight: 4, arbitrary: fc.record({ do: as('edit'), at, which: fc.nat(1) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('destroy', 'disown', 'plant'), at }) },
  { weight: 2, arbitrary: fc.record({ do: as('secret'), away: fc.boolean(), value: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ do: as('kill'), writes: fc.nat(4), done: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: as('restart') }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: as('outage'), what: fc.constantFrom(...outages), size: fc.nat(5) }),
  },
  { weight: 8, arbitrary: fc.record({ do: as('wait'), ms: fc.integer({ min: 1, max: 900 }) }) },
);

export const round: fc.Arbitrary<Round> = fc.record({
  cast: fc.shuffledSubarray(
    subjects.map((_, index) => index),
    { minLength: 1, maxLength: 4 },
  ),
  // Without an object there is little to do.
  steps: fc
    .tuple(
      fc.array(apply, { maxLength: 4, size: 'max' }),
      fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
    )
    .map((parts) => parts.flat()),
});
