// What a pass makes of somebody else's hand in it: a write between its look and its own, and a read that is behind its last write.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { foreignRole, going, remembered, world } from '../../test/builders/reconciler-world.js';
import { TeleportError } from '../teleport/errors.js';
import { claimOf } from './claims.js';

describe('a race', () => {
  it('that somebody else won is looked at again in the same pass', async () => {
    const { pass, teleport, role } = world();
    const first = remembered(await pass(anObject()));
    teleport.failNext.set('update', new TeleportError('CompareFailed', 'revision does not match'));
    const edited = { ...first, spec: { allow: { logins: ['two'] } } };
    expect((await pass(edited)).outcome).toMatchObject({ type: 'synced', wrote: 'updated' });
    expect(role()?.Spec?.Allow?.Logins).toEqual(['two']);
    expect(teleport.calls.filter((call) => call === 'update')).toHaveLength(2);
  });

  it('that an older object won, which was not known when the pass began, is not run again', async () => {
    const { pass, teleport, role, claims } = world();
    const first = remembered(await pass(anObject({ metadata: { creationTimestamp: '2026-01-01' } })));
    claims.set('role/engineer', claimOf(first));
    teleport.hooks.get = () => {
      delete teleport.hooks.get;
      const older = anObject({ kind: 'TeleportRoleV6', metadata: { creationTimestamp: '2020-01-01' } });
      claims.set('role/engineer', claimOf(older));
      const stored = role();
      if (stored?.Metadata) stored.Metadata.Revision = 'by the older';
    };
    const edited = { ...first, spec: { allow: { logins: ['two'] } } };
    expect((await pass(edited)).outcome).toMatchObject({ type: 'failed', reason: 'NameConflict' });
    expect(role()?.Metadata?.Revision).toBe('by the older');
  });
});

describe('right after a write', () => {
  it('a read of what was before is not believed', async () => {
    const { pass, teleport, role } = world();
    const first = remembered(await pass(anObject()));
    const before = role();
    const second = remembered(await pass({ ...first, spec: { allow: { logins: ['root'] } } }));
    const after = role();
    if (before) teleport.resources.set('engineer', before);
    expect((await pass(second)).outcome).toMatchObject({ type: 'synced', wrote: 'nothing' });
    if (after) teleport.resources.set('engineer', after);
    expect((await pass(second)).outcome).toMatchObject({ type: 'synced', wrote: 'nothing' });
  });

  it('a change of somebody else is seen', async () => {
    const { pass, teleport } = world();
    const first = remembered(await pass(anObject()));
    teleport.resources.set('engineer', foreignRole('engineer'));
    expect((await pass(first)).outcome).toMatchObject({ reason: 'NotOwned' });
    expect((await pass(going())).outcome).toEqual({ type: 'gone', resource: 'notOurs' });
    teleport.resources.delete('engineer');
    expect((await pass(first)).outcome).toMatchObject({ type: 'synced', wrote: 'corrected' });
  });
});
