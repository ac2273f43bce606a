// The oracle must be able to say no.
import { describe, expect, it } from 'vitest';
import { differences } from './differences.js';

describe('differences', () => {
  it('sees a value that is missing, other or added', () => {
    const wanted = { allow: { logins: ['one'], rules: [{ verbs: ['read'] }] }, ttl: '8h' };
    const stored = { allow: { logins: ['one', 'root'], rules: [{ verbs: ['update'] }] } };
    expect(differences(wanted, stored)).toEqual([
      'spec.allow.logins: wanted "one", stored ["one","root"]',
      'spec.allow.rules[0].verbs: wanted "read", stored "update"',
      'spec.ttl: wanted 28800s, stored ""',
    ]);
    expect(differences('verify-ca', 0)).toEqual(['spec: wanted "verify-ca", stored 0']);
  });

  it.each<[string, unknown, unknown]>([
    ['a list of one and its only item', { '*': '*' }, { '*': ['*'] }],
    ['durations', '1h30m', '1h30m0s'],
    ['words for true', 'yes', true],
    ['nothing and an empty value', [], undefined],
    ['a duration as protobuf has it', '8h', { seconds: 28_800 }],
    ['an enum as a number', 'verify-ca', 1],
  ])('takes %s for the same', (_, wanted, stored) => {
    expect(differences(wanted, stored)).toEqual([]);
  });
});
