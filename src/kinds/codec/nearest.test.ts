import { expect, it } from 'vitest';
import { nearest } from './nearest.js';

const names = ['max_session_ttl', 'max_sessions', 'allow', 'deny', 'node_labels'];

it.each([
  ['max_sesion_ttl', 'max_session_ttl'],
  ['max_session', 'max_sessions'],
  ['nodeLabels', 'node_labels'],
  ['ALLOW', 'allow'],
  ['alow', 'allow'],
])('%s may mean %s', (name, meant) => expect(nearest(name, names)).toBe(meant));

it.each(['zzz', 'kubernetes', 'x'.repeat(1000), ''])('%s means nothing known', (name) =>
  expect(nearest(name, names)).toBeUndefined(),
);
