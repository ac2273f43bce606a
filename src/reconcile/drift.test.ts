// A resource that is not as the object wants it: put right, reported, left, taken over or only observed, as the object
// asks. How long two sides go on correcting each other is the matter of fights.test.ts.
import { describe, expect, it } from 'vitest';
import { anObject } from '../../test/builders/object.js';
import { foreignRole, readyOf, remembered, world } from '../../test/builders/reconciler-world.js';
import type { RoleV6 } from '../gen/teleport/types/role_pb.js';
import type { KubeObject } from '../kube/object.js';
import { annotations, botLabel, operatorIdLabel, originLabel } from './names.js';
import { statusOf } from './status.js';

describe('a resource that was changed in Teleport', () => {
  const slipIn = (role: RoleV6 | undefined, logins: string[]): void => {
    if (!role?.Spec?.Allow || !role.Metadata) throw new Error('no role');
    role.Spec.Allow.Logins = logins;
    role.Metadata.Revision = `by-hand-${logins.length}`;
  };
  const withDrift = (object: KubeObject, mode: string): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, annotations: { [annotations.drift]: mode } },
  });

  it('is put right, with the names of the fields', async () => {
    const { pass, role } = world();
    const first = remembered(await pass(anObject()));
    slipIn(role(), ['ubuntu', 'root']);
    expect((await pass(first)).outcome).toMatchObject({ wrote: 'corrected', fields: ['spec.allow.logins'] });
  });

  it('is reported and left when the object asks for that', async () => {
    const { pass, role } = world();
    const first = remembered(await pass(anObject()));
    slipIn(role(), ['root']);
    const { outcome } = await pass(withDrift(first, 'report'));
    expect(outcome).toMatchObject({ type: 'failed', reason: 'Drifted', next: 'onChange' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('spec.allow.logins'));
    expect(role()?.Spec?.Allow?.Logins).toEqual(['root']);
  });

  it('is left where drift is ignored, and the status does not say that all is as wanted', async () => {
    const { pass, role } = world();
    const first = remembered(await pass(anObject()));
    slipIn(role(), ['root']);
    const { outcome } = await pass(withDrift(first, 'ignore'));
    expect(outcome).toMatchObject({ type: 'synced', wrote: 'nothing', ignored: ['spec.allow.logins'] });
    expect(role()?.Spec?.Allow?.Logins).toEqual(['root']);
    const [ready] = statusOf(outcome)?.conditions ?? [];
    expect(ready).toMatchObject({ type: 'Ready', status: 'True', reason: 'DriftIgnored' });
    expect(ready?.message).toContain('spec.allow.logins');
    // put back by whoever changed it
    slipIn(role(), ['ubuntu']);
    expect(readyOf((await pass(withDrift(first, 'ignore'))).outcome)).toBe('True Synced');
  });

  it.each([
    ['ignore', 'False Missing'],
    ['report', 'False Drifted'],
  ])('to the point of being deleted is not called ready under %s', async (mode, expected) => {
    const { pass, teleport } = world();
    const first = remembered(await pass(anObject()));
    teleport.resources.clear();
    const { outcome } = await pass(withDrift(first, mode));
    expect(readyOf(outcome)).toBe(expected);
    expect(outcome).toMatchObject({ next: 'onChange' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('deleted in Teleport'));
    expect(outcome).toHaveProperty('message', expect.stringContaining(`drift: ${mode}`));
    expect(statusOf(outcome)?.conditions.map(({ type }) => type)).toContain('Stalled');
    expect(teleport.resources.size).toBe(0);
    // a new wish is written all the same
    const edited = { ...withDrift(first, mode), spec: { allow: { logins: ['two'] } } };
    expect((await pass(edited)).outcome).toMatchObject({ wrote: 'created' });
  });

  it('is not fought over for ever', async () => {
    const { pass, role, clock } = world();
    const first = remembered(await pass(anObject()));
    const outcomes = [];
    for (let i = 0; i < 3; i++) {
      await clock.advance(5_000);
      slipIn(role(), ['root']);
      outcomes.push((await pass(first)).outcome);
    }
    expect(outcomes[1]).toMatchObject({ wrote: 'corrected' });
    expect(outcomes[2]).toMatchObject({ type: 'failed', reason: 'DriftUnresolvable', next: 'onChange' });
    await clock.advance(600_000);
    expect((await pass(first)).outcome).toMatchObject({ wrote: 'corrected' });
  });
});

describe('adoption', () => {
  const asking = (value: string): KubeObject =>
    anObject({ metadata: { annotations: { [annotations.adopt]: value } } });

  it('takes a resource over in one pass', async () => {
    const { pass, teleport, role } = world();
    teleport.resources.set('engineer', foreignRole('engineer'));
    const { outcome } = await pass(asking('true'));
    expect(outcome).toMatchObject({ type: 'synced', wrote: 'adopted' });
    expect(outcome).toHaveProperty(
      'fields',
      expect.arrayContaining(['metadata.labels', 'spec.allow.logins']),
    );
    expect(role()?.Metadata?.Labels[originLabel]).toBe('kubernetes');
  });

  it('is not repeated for ever where another takes the resource back each time', async () => {
    const { pass, teleport, clock } = world();
    const theirs = (revision: string): void => {
      const taken = foreignRole('engineer');
      if (taken.Metadata) taken.Metadata.Revision = revision;
      teleport.resources.set('engineer', taken);
    };
    theirs('a');
    let passed = await pass(asking('true'));
    for (const revision of ['b', 'c']) {
      expect(passed.outcome).toMatchObject({ wrote: 'adopted' });
      theirs(revision);
      passed = await pass(remembered(passed));
    }
    const { outcome } = passed;
    expect(outcome).toMatchObject({ step: 'ownership', reason: 'DriftUnresolvable', next: 'onChange' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('teleport.dev/adopt'));
    await clock.advance(600_000);
    expect((await pass(remembered(passed))).outcome).toMatchObject({ wrote: 'adopted' });
  });

  it('is offered in words that fit: what the resource lacks, or whose it is', async () => {
    const { pass, teleport } = world();
    const notOurs = async (labels: Record<string, string>): Promise<unknown> => {
      const theirs = foreignRole('engineer');
      if (theirs.Metadata) theirs.Metadata.Labels = labels;
      teleport.resources.set('engineer', theirs);
      const { outcome } = await pass(anObject());
      expect(outcome).toMatchObject({ reason: 'NotOwned' });
      return outcome.type === 'failed' && outcome.message;
    };
    expect(await notOurs({})).toContain('lacks the label teleport.dev/origin: kubernetes');
    const blue = await notOurs({ [originLabel]: 'kubernetes', [operatorIdLabel]: 'blue' });
    expect(blue).toContain('resources.teleport.dev/operator-id: blue');
    expect(blue).not.toContain('lacks');
    const bot = await notOurs({ [originLabel]: 'kubernetes', [botLabel]: 'ci' });
    expect(bot).toContain('belongs to the bot "ci"');
    expect(bot).not.toContain('adopt');
  });

  it('shows what it would change and writes nothing', async () => {
    const { pass, teleport } = world();
    teleport.resources.set('engineer', foreignRole('engineer'));
    const { outcome } = await pass(asking('preview'));
    expect(outcome).toMatchObject({ type: 'failed', reason: 'AdoptionPending' });
    expect(teleport.calls).toEqual(['get']);
  });

  it.each([
    { [originLabel]: 'config-file' },
    { [originLabel]: 'defaults' },
    { [originLabel]: 'cloud' },
    { 'teleport.internal/resource-type': 'preset' },
  ])('is refused for %j', async (labels) => {
    const { pass, teleport } = world();
    const theirs = foreignRole('engineer');
    if (theirs.Metadata) theirs.Metadata.Labels = labels;
    teleport.resources.set('engineer', theirs);
    expect((await pass(asking('true'))).outcome).toMatchObject({ reason: 'AdoptionRefused' });
    expect(teleport.calls).toEqual(['get']);
  });
});
