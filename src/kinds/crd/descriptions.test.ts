import { describe, expect, it } from 'vitest';
import { user } from '../user.js';
import { saysNothing, undescribed } from './descriptions.js';
import { crdFor } from './index.js';

describe('saysNothing', () => {
  it.each([
    ['client_secret', undefined],
    ['client_secret', ''],
    ['client_secret', 'The client secret.'],
    ['client_secret', 'Client secrets'],
    ['connector_id', 'ConnectorID is the ID of the connector.'],
    ['roles', 'List of roles'],
  ])('%s: %s', (name, description) => {
    expect(saysNothing(name, description)).toBe(true);
  });

  it.each([
    ['roles', 'Teleport roles that the user holds.'],
    ['max_session_ttl', 'Longest validity of a certificate.'],
  ])('%s helps with: %s', (name, description) => {
    expect(saysNothing(name, description)).toBe(false);
  });
});

describe('undescribed', () => {
  it('names every property without a text, also below lists', () => {
    const found = undescribed(crdFor(user, () => undefined));
    expect(found).toContain('TeleportUser.spec');
    expect(found).toContain('TeleportUser.spec.roles');
    expect(found).toContain('TeleportUser.spec.github_identities[].username');
    expect(found.filter((path) => path.startsWith('TeleportUser.status'))).toEqual([]);
    expect(found).not.toContain('TeleportUser.metadata');
  });

  it('is content with texts', () => {
    expect(undescribed(crdFor(user, () => 'Words that help whoever reads them.'))).toEqual([]);
  });
});
