// Every outcome that a pass can come to, for tests that hold for all of them.
import { type Failure, type Outcome, type Reason, reasons } from '../../src/reconcile/outcome.js';

const applied = { hash: 'h', revision: 'r', resourceHash: 's' };

/** Those that are no failure. A type that is new in {@link Outcome} does not compile before it is here. */
const fine: Record<Exclude<Outcome['type'], 'failed'>, readonly Outcome[]> = {
  synced: [
    ...(['created', 'updated', 'corrected', 'adopted', 'nothing'] as const).map(
      (wrote): Outcome => ({ type: 'synced', wrote, owned: 'NewResource', applied, fields: ['spec.a'] }),
    ),
    { type: 'synced', wrote: 'nothing', owned: 'OriginLabelMatching', applied, fields: [], ignored: ['a'] },
    {
      type: 'synced',
      wrote: 'nothing',
      owned: 'OriginLabelMatching',
      applied,
      fields: [],
      lacks: ['role a'],
      unread: ['An annotation counts as off.'],
    },
  ],
  consumed: [{ type: 'consumed', applied }],
  planned: [
    ...(['nothing', 'create', 'update', 'delete'] as const).map(
      (verb): Outcome => ({ type: 'planned', verb, fields: [] }),
    ),
    { type: 'planned', verb: 'release', end: { type: 'gone', resource: 'kept' } },
    { type: 'planned', verb: 'release', end: { type: 'gone', resource: 'absent' } },
  ],
  ignored: [
    { type: 'ignored', deleting: false },
    { type: 'ignored', deleting: true },
  ],
  gone: [
    ...(['deleted', 'absent', 'kept', 'notOurs', 'handedOver', 'untouched'] as const).map(
      (resource): Outcome => ({ type: 'gone', resource }),
    ),
    { type: 'gone', resource: 'left', ending: 'its CRD' },
    { type: 'gone', resource: 'left', ending: 'its namespace' },
  ],
};

const steps: readonly Failure['step'][] = [
  'gate',
  'decode',
  'lookup',
  'look',
  'ownership',
  'write',
  'delete',
];

/** A reason belongs to few steps and to one way on; that the rest never comes does no harm here. */
export function failuresOf(reason: Reason): readonly Failure[] {
  return steps.flatMap((step) =>
    (['onChange', 'backoff'] as const).map(
      (next): Failure => ({ type: 'failed', step, reason, message: 'why', next }),
    ),
  );
}

export const everyOutcome: readonly Outcome[] = [
  ...Object.values(fine).flat(),
  ...reasons.flatMap((reason) => failuresOf(reason)),
];
