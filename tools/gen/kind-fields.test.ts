import { describe, expect, it } from 'vitest';
import { kinds } from '../../src/kinds/index.js';
import { samlConnector } from '../../src/kinds/saml-connector.js';
import { user } from '../../src/kinds/user.js';
import { kindsDoc } from './docs-kinds.js';
import { readExamples } from './examples.js';
import { crPaths, secretPaths } from './kind-fields.js';

describe('fields under the names that objects have for them', () => {
  it('leave out what no object can say', () => {
    expect(crPaths(user, ['Spec.CreatedBy', 'Spec.TrustedDeviceIDs', 'Status'])).toEqual([
      'spec.trusted_device_ids',
    ]);
    expect(() => crPaths(user, ['Spec.Nonsense'])).toThrow('there is no field Spec.Nonsense');
  });

  it('name secrets at any depth', () => {
    expect(secretPaths(samlConnector)).toEqual([
      'spec.signing_key_pair.private_key',
      'spec.assertion_key_pair.private_key',
    ]);
    // Local passwords are Teleport's own: objects have no such field.
    expect(secretPaths(user)).toEqual([]);
  });
});

describe('docs/kinds.md', () => {
  it('shows an example of every kind', () => {
    const examples = readExamples('docs/examples');
    expect(kinds.filter(({ object }) => !examples.some(({ kind }) => kind === object.kind))).toEqual([]);
    for (const { text } of examples) expect(text).toMatch(/^apiVersion: /);
    expect(kindsDoc(kinds, examples)).toContain('kind: TeleportOktaImportRule\n');
  });
});
