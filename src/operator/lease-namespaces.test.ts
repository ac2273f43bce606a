// What a Lease says of namespaces after its operator was told to work elsewhere.
import { describe, expect, it } from 'vitest';
import type { LogFields, Logger } from '../core/log.js';
import { silentLogger } from '../core/log.js';
import type { Lease } from '../kube/lease.js';
import { leaseFormerNamespaces, leaseNamespaces } from '../reconcile/names.js';
import { leaseAnnotations, warnOfFormer } from './lease-namespaces.js';
import { objectNamespaces } from './namespaces.js';

const lease = (annotations?: Record<string, string>): Lease => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'lease', namespace: 'ns', ...(annotations && { annotations }) },
});
const saying = (works: string, former?: string): Lease =>
  lease({ [leaseNamespaces]: works, ...(former && { [leaseFormerNamespaces]: former }) });

describe('the Lease of an operator', () => {
  it.each<[string, Lease | undefined, string, string | undefined]>([
    ['made just now', undefined, 'a', undefined],
    ['as before', saying('a,b'), 'a,b', undefined],
    ['with one namespace less', saying('a,b'), 'a', 'b'],
    ['with fewer and fewer', saying('a,b', 'c'), 'a', 'b,c'],
    ['with all again', saying('a,b', 'c'), 'c,a,b', undefined],
    ['with all of the cluster', saying('a', 'b'), 'all', undefined],
    ['with few instead of all', saying('all'), 'a', 'all'],
    ['with few, and once with all', saying('a', 'all'), 'b', 'all'],
    ['of Teleport’s own, in another namespace than its own', lease(), 'a', 'ns'],
    ['of Teleport’s own, in its own', lease(), 'ns', undefined],
  ])('%s: says what was its own before', (_, before, now, former) => {
    expect(leaseAnnotations(objectNamespaces(now.split(','), 'ns'))(before)).toEqual({
      [leaseNamespaces]: now,
      [leaseFormerNamespaces]: former,
    });
  });

  it.each<[Lease | undefined, LogFields | undefined]>([
    [undefined, undefined],
    [saying('a'), undefined],
    [saying('a', 'b,c'), { namespaces: 'b,c', remedy: 'teleport-operator release -namespaces=b,c' }],
    [
      saying('a', 'all'),
      { namespaces: 'all others', remedy: 'teleport-operator release -namespaces=<each that was left>' },
    ],
  ])('is told of in the log', (given, expected) => {
    const told: (LogFields | undefined)[] = [];
    const log: Logger = { ...silentLogger, warn: (_message, fields) => void told.push(fields) };
    warnOfFormer(log, given);
    expect(told).toEqual(expected ? [expected] : []);
  });
});
