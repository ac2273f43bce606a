// The schema of every kind's status: the conditions and teleportResourceID that users of the Go operator
// script against, and what we add. What stands in a status is decided in src/reconcile.
import type { Schema } from './types.js';

function text(description: string): Schema {
  return { description, type: 'string' };
}

function int64(description: string): Schema {
  return { description, type: 'integer', format: 'int64' };
}

/** metav1.Condition with the bounds that Kubernetes gives it. */
const condition: Schema = {
  description: 'One statement about the object, and since when it holds.',
  type: 'object',
  required: ['lastTransitionTime', 'message', 'reason', 'status', 'type'],
  properties: {
    type: {
      ...text(
        'What the statement is about. Ready sums up; SuccessfullyReconciled, ValidStructure and TeleportResourceOwned say where a pass got to.',
      ),
      maxLength: 316,
      pattern:
        '^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$',
    },
    status: {
      ...text('Whether the statement holds; Unknown where the operator cannot tell.'),
      enum: ['True', 'False', 'Unknown'],
    },
    reason: {
      ...text('One CamelCase word for scripts that says why.'),
      minLength: 1,
      maxLength: 1024,
      pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$',
    },
    message: {
      ...text('A sentence for people: what happened and, if something is wrong, how to mend it.'),
      maxLength: 32768,
    },
    lastTransitionTime: {
      ...text('When status last changed from one value to another.'),
      format: 'date-time',
    },
    observedGeneration: {
      ...int64(
        'The metadata.generation that the statement was made about. Older than the object: out of date.',
      ),
      minimum: 0,
    },
  },
};

/** The schema of `status`. */
export function statusSchema(): Schema {
  return {
    description:
      'What the operator found and did at its last pass over this object. Written by the operator only.',
    type: 'object',
    // A new object must not look as if it had been worked on: kstatus compares this with the generation.
    default: { observedGeneration: -1 },
    properties: {
      conditions: {
        description:
          'How the object stands with Teleport. Start with the condition Ready: True means that Teleport holds what the spec says.',
        type: 'array',
        items: condition,
      },
      observedGeneration: int64('The metadata.generation of the spec that the last pass worked on.'),
      resourceName: text('The name under which Teleport knows the resource.'),
      teleportResourceID: int64(
        'Kept for scripts written for the Go operator, which never filled it in either.',
      ),
      applied: {
        description:
          'What was last written to Teleport. The operator compares it with the spec and with Teleport to see whether anything is left to do.',
        type: 'object',
        properties: {
          hash: text('Fingerprint of the resource as the spec asked for it. Holds nothing secret.'),
          revision: text('The revision that Teleport gave the resource when it stored that write.'),
          resourceHash: text(
            'Fingerprint of the resource as Teleport stored it, less what only Teleport writes.',
          ),
        },
      },
    },
  };
}
