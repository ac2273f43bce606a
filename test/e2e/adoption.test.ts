// Resources that somebody else made, and an operator that only looks: adoption, its preview and its refusals,
// observed objects and -dry-run.
import { describe, expect, it } from 'vitest';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { eventually } from '../env/eventually.js';
import { pairs } from '../env/index.js';
import { type RunningOperator, startOperator } from '../env/operator.js';
import { annotate, editRole, logins, loginsOf, makeRole, untilEvent } from './acts.js';
import { atWork } from './at-work.js';
import { origin, type Scene, unique } from './scene.js';

describe.each(pairs())('somebody else’s resource, on $name', ({ start, skipped }) => {
  describe.skipIf(skipped)('a role', () => {
    let scene: Scene;
    let operator: RunningOperator;
    atWork(start, (...opened) => {
      [scene, operator] = opened;
    });

    const theirs = async (labels: Record<string, string> = {}): Promise<string> => {
      const name = unique('theirs');
      await makeRole(scene, name, ['theirs'], labels);
      await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['theirs']));
      return name;
    };
    const labelsOf = async (name: string) => (await scene.stored('TeleportRoleV7', name))?.Metadata.Labels;

    it('is taken over in one pass when asked, with an Event that tells what changed', async () => {
      const name = await theirs();
      await scene.create('TeleportRoleV7', name, logins('ours'), annotate({ adopt: 'true' }));
      await scene.untilReady('TeleportRoleV7', name);
      expect((await untilEvent(scene, name, 'Adopted')).message).toContain('allow.logins');
      await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['ours']));
      expect((await labelsOf(name))?.[origin]).toBe('kubernetes');
    });

    it('is only shown what would change under preview, and taken over when that becomes true', async () => {
      const name = await theirs();
      await scene.create('TeleportRoleV7', name, logins('ours'), annotate({ adopt: 'preview' }));
      const { message } = await scene.until('TeleportRoleV7', name, {
        type: 'Ready',
        status: 'False',
        reason: 'AdoptionPending',
      });
      expect(message).toContain('allow.logins');
      expect(await loginsOf(scene, name)).toEqual(['theirs']);
      await scene.patch('TeleportRoleV7', name, { metadata: annotate({ adopt: 'true' }) });
      await scene.untilReady('TeleportRoleV7', name);
      await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['ours']));
    });

    it.each(['defaults', 'config-file', 'cloud'])(
      'of origin %s is refused with the reason',
      async (value) => {
        const name = await theirs({ [origin]: value });
        await scene.create('TeleportRoleV7', name, logins('ours'), annotate({ adopt: 'true' }));
        const { message } = await scene.until('TeleportRoleV7', name, {
          type: 'Ready',
          status: 'False',
          reason: 'AdoptionRefused',
        });
        expect(message).toContain(`${origin}: ${value}`);
        expect(await loginsOf(scene, name)).toEqual(['theirs']);
      },
    );

    it('of Teleport’s own is refused', async () => {
      await scene.create('TeleportRoleV7', 'editor', logins('ours'), annotate({ adopt: 'true' }));
      await scene.until('TeleportRoleV7', 'editor', {
        type: 'Ready',
        status: 'False',
        reason: 'AdoptionRefused',
      });
      const before = await scene.stored('TeleportRoleV7', 'editor');
      await scene.remove('TeleportRoleV7', 'editor');
      await scene.untilGone('TeleportRoleV7', 'editor');
      expect((await scene.stored('TeleportRoleV7', 'editor'))?.Metadata.Revision).toBe(
        before?.Metadata.Revision,
      );
    });

    it('makes way: the object is synced at once when its owner deletes it or hands it over by label', async () => {
      const [deleted, labelled] = [await theirs(), await theirs()];
      for (const name of [deleted, labelled]) {
        await scene.create('TeleportRoleV7', name, logins('ours'));
        await scene.until('TeleportRoleV7', name, { type: 'Ready', status: 'False', reason: 'NotOwned' });
      }
      await scene.teleport.admin.unary(AuthService.method.deleteRole, { Name: deleted });
      await editRole(scene, labelled, (role) => {
        role.Metadata!.Labels = { [origin]: 'kubernetes' };
      });
      for (const name of [deleted, labelled]) {
        await scene.untilReady('TeleportRoleV7', name, 5_000);
        await eventually(async () => expect(await loginsOf(scene, name)).toEqual(['ours']));
      }
    });

    it('named by an object that is only observed gets no write, and the object no finalizer', async () => {
      const [name, fresh] = [await theirs({ [origin]: 'kubernetes' }), unique('fresh')];
      for (const observed of [name, fresh])
        await scene.create('TeleportRoleV7', observed, logins('ours'), annotate({ mode: 'observe' }));
      const observed = { type: 'Ready', status: 'Unknown', reason: 'Observed' } as const;
      expect((await scene.until('TeleportRoleV7', name, observed)).message).toContain('allow.logins');
      expect((await scene.until('TeleportRoleV7', fresh, observed)).message).toContain('would be created');
      expect(await loginsOf(scene, name)).toEqual(['theirs']);
      expect(await loginsOf(scene, fresh)).toBeUndefined();
      // the plan follows what happens in Teleport
      await editRole(scene, name, (role) => {
        role.Spec!.Allow!.DatabaseNames = ['payroll'];
      });
      await eventually(
        async () =>
          expect((await scene.until('TeleportRoleV7', name, observed)).message).toContain('db_names'),
        { timeoutMs: 5_000 },
      );
      expect((await scene.find('TeleportRoleV7', name))?.metadata.finalizers ?? []).toEqual([]);
      await scene.remove('TeleportRoleV7', name);
      await scene.untilGone('TeleportRoleV7', name);
      expect(await loginsOf(scene, name)).toEqual(['theirs']);
      await scene.patch('TeleportRoleV7', fresh, { metadata: annotate({ mode: null }) });
      await scene.untilReady('TeleportRoleV7', fresh);
    });

    it('stays as it is while an annotation of its object means nothing, also where that is deleted', async () => {
      const name = unique('unclear');
      await scene.create('TeleportRoleV7', name, logins('ours'));
      await scene.untilReady('TeleportRoleV7', name);
      await scene.patch('TeleportRoleV7', name, {
        metadata: annotate({ mode: 'Observe' }),
        spec: logins('others'),
      });
      const invalid = { type: 'Ready', status: 'False', reason: 'InvalidAnnotation' } as const;
      expect((await scene.until('TeleportRoleV7', name, invalid)).message).toContain('"Observe"');
      await scene.remove('TeleportRoleV7', name);
      await eventually(async () =>
        expect((await scene.until('TeleportRoleV7', name, invalid)).message).toContain('The deletion waits'),
      );
      expect(await loginsOf(scene, name)).toEqual(['ours']);
      await scene.patch('TeleportRoleV7', name, { metadata: annotate({ mode: null }) });
      await scene.untilGone('TeleportRoleV7', name);
      expect(await loginsOf(scene, name)).toBeUndefined();
    });

    it('stays as it is under -dry-run, as does everything else; the statuses hold the plan', async () => {
      const [made = '', edited = '', going = '', kept = '', fresh = ''] = [
        'made',
        'edited',
        'going',
        'kept',
        'fresh',
      ].map(unique);
      for (const name of [made, edited, going, kept]) {
        await scene.create('TeleportRoleV7', name, logins('one'));
        await scene.untilReady('TeleportRoleV7', name);
      }
      expect(await operator.stop()).toBe(0);
      await scene.create('TeleportRoleV7', fresh, logins('one'));
      await scene.patch('TeleportRoleV7', edited, { spec: logins('two') });
      await scene.patch('TeleportRoleV7', kept, { metadata: annotate({ keep: 'true' }) });
      for (const name of [going, kept]) await scene.remove('TeleportRoleV7', name);
      operator = await startOperator({ ...(await scene.operator()), flags: ['-dry-run'] });
      await operator.untilReady();
      const observed = { type: 'Ready', status: 'Unknown', reason: 'Observed' } as const;
      const plan = async (name: string) => (await scene.until('TeleportRoleV7', name, observed)).message;
      expect(await plan(fresh)).toContain('would be created');
      expect(await plan(edited)).toContain('allow.logins');
      expect(await plan(going)).toContain('would be deleted');
      expect(await plan(kept)).toContain('would be let go');
      expect(await plan(made)).toContain('nothing would be written');
      expect(await loginsOf(scene, fresh)).toBeUndefined();
      expect(await loginsOf(scene, edited)).toEqual(['one']);
      expect(await loginsOf(scene, going)).toEqual(['one']);
      expect((await scene.find('TeleportRoleV7', fresh))?.metadata.finalizers ?? []).toEqual([]);
      // and the run in earnest carries it out
      expect(await operator.stop()).toBe(0);
      operator = await startOperator(await scene.operator());
      for (const name of [going, kept]) await scene.untilGone('TeleportRoleV7', name, 30_000);
      expect(await loginsOf(scene, kept)).toEqual(['one']);
      for (const name of [made, edited, fresh]) await scene.untilReady('TeleportRoleV7', name);
      await eventually(async () => expect(await loginsOf(scene, edited)).toEqual(['two']));
    }, 60_000);
  });
});
