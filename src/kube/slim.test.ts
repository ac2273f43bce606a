// What is dropped from an object that comes in, and that nothing else is.
import { describe, expect, it } from 'vitest';
import { slim } from './slim.js';

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

const base = () => ({
  apiVersion: 'resources.teleport.dev/v1',
  kind: 'TeleportRoleV7',
  metadata: {
    name: 'engineer',
    namespace: 'teleport',
    creationTimestamp: '2026-01-01T00:00:00Z',
    finalizers: ['a', 'b'],
    labels: { team: 'x' },
  },
  spec: { allow: {} },
  status: { conditions: [{ type: 'Ready', message: 'm'.repeat(500), observedGeneration: 2 }, null, 'odd'] },
});

describe('slim', () => {
  it('drops managedFields and kubectl’s copy, and nothing else', () => {
    const { metadata, ...rest } = base();
    const annotated = (annotations: Record<string, string>) => ({
      ...rest,
      metadata: { ...metadata, annotations, managedFields: [{ manager: 'kubectl' }] },
    });
    expect(slim(annotated({ [lastApplied]: '{}', own: 'x' }))).toEqual({
      ...rest,
      metadata: { ...metadata, annotations: { own: 'x' } },
    });
    expect(slim(annotated({ [lastApplied]: '{}' }))).toEqual({ ...rest, metadata });
    expect(slim(base())).toEqual(base());
  });

  it('takes whatever stands in the place of a status', () => {
    for (const status of [undefined, null, 'x', { conditions: {} }, { conditions: [[]] }]) {
      expect(slim({ metadata: { name: 'a' }, status }).status).toEqual(status);
    }
  });
});
