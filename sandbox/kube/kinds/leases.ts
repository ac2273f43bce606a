// Leases: who leads, until when. Times must have six digits of a second, as Go's MicroTime demands.
import type { FieldError } from '../errors.js';
import { at, textOr } from '../json.js';
import { object, text, time, whole } from '../schema/build.js';
import { ageColumn, builtin, column } from './builtin.js';
import { checkMicroTime } from './times.js';

function check(lease: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const add = (field: string, value: number, rule: string): void => {
    errors.push({
      reason: 'FieldValueInvalid',
      field: `spec.${field}`,
      message: `Invalid value: ${value}: ${rule}`,
    });
  };
  const duration = at(lease, 'spec', 'leaseDurationSeconds');
  if (typeof duration === 'number' && duration <= 0)
    add('leaseDurationSeconds', duration, 'must be greater than 0');
  const transitions = at(lease, 'spec', 'leaseTransitions');
  if (typeof transitions === 'number' && transitions < 0) {
    add('leaseTransitions', transitions, 'must be greater than or equal to 0');
  }
  return errors;
}

export const leases = builtin({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  description: 'A claim that holds for a time: who leads.',
  properties: {
    spec: object(
      {
        holderIdentity: text('who holds it'),
        leaseDurationSeconds: whole('how long it holds after the last renewal'),
        acquireTime: time('when it was got'),
        renewTime: time('when it was renewed last'),
        leaseTransitions: whole('how often it went from one holder to another'),
        strategy: text('how holders are chosen'),
        preferredHolder: text('who should hold it'),
      },
      'the claim',
    ),
  },
  columns: [column('Holder', (lease) => textOr(at(lease, 'spec', 'holderIdentity'))), ageColumn],
  more: {
    createOnUpdate: true,
    prepare: (lease) => {
      checkMicroTime(at(lease, 'spec', 'acquireTime'), lease);
      checkMicroTime(at(lease, 'spec', 'renewTime'), lease);
    },
    check,
  },
});
