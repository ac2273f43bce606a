// What is remembered of a resource tells nothing of its secrets, not even by a hash: for every kind that has any.
import { clone, type DescMessage } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageArbitrary } from '../../test/builders/message-arbitrary.js';
import { hasSensitive, withoutSensitive } from '../kinds/codec/redact.js';
import { sensitiveTexts } from '../kinds/codec/sensitive.js';
import { kinds } from '../kinds/index.js';
import type { AnyKind } from '../kinds/kind.js';
import { storedHash, wantedHash } from './applied.js';

const head = { name: 'x', description: '', labels: { team: 'a' } };

/** Specs of the kind that hold a secret; the kinds that have none give none. */
function secretSpecs({ spec }: AnyKind) {
  const schema: DescMessage = spec.schema;
  const specs = messageArbitrary(schema, spec.hidden);
  const found = fc.sample(specs, { numRuns: 200, seed: 7 }).filter((one) => hasSensitive(schema, one));
  return found.slice(0, 20);
}

const withSecrets = kinds
  .map((kind) => [kind.object.kind, kind, secretSpecs(kind)] as const)
  .filter(([, , specs]) => specs.length > 0);

describe('what is remembered', () => {
  it('is about secrets of several kinds', () => {
    expect(withSecrets.map(([kind]) => kind)).toEqual(
      expect.arrayContaining(['TeleportGithubConnector', 'TeleportOIDCConnector', 'TeleportSAMLConnector']),
    );
  });

  it.each(withSecrets)('of %s is the same whatever the secrets are', (_, kind, specs) => {
    for (const spec of specs) {
      const resource = kind.form.build(kind.resource, head, spec);
      const other = clone(kind.schema, resource);
      const texts = sensitiveTexts(kind.schema, other, 'spec');
      for (const text of texts) text.set(`${text.value} and other`);
      expect(storedHash(kind, other)).toBe(storedHash(kind, resource));
      expect(storedHash(kind, withoutSensitive(kind.schema, resource))).toBe(storedHash(kind, resource));
      expect(wantedHash(kind, other, 1, ['v'])).toBe(wantedHash(kind, resource, 1, ['v']));
      // an edit is noticed all the same, and so is another version of a Secret
      expect(wantedHash(kind, resource, 2, ['v'])).not.toBe(wantedHash(kind, resource, 1, ['v']));
      expect(wantedHash(kind, resource, 1, ['w'])).not.toBe(wantedHash(kind, resource, 1, ['v']));
    }
  });
});
