// Looking again after a write whose reply tells nothing, in virtual time.
import { clone, create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { type AppV3, AppV3Schema } from '../gen/teleport/types/app_pb.js';
import { app } from '../kinds/app.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { RecentWrites } from './recent.js';
import { storedAfter } from './stored.js';

const sent = create(AppV3Schema, {
  Kind: 'app',
  Version: 'v3',
  Metadata: { Name: 'a' },
  Spec: { Cloud: 'GCP' },
});

function at(revision: string): AppV3 {
  const stored = clone(AppV3Schema, sent);
  app.defaults(stored);
  app.form.setRevision(stored, revision);
  return stored;
}

const missing = (): never => {
  throw new TeleportError('NotFound', '"app" "a" does not exist');
};

/** Runs it against a Teleport that answers one after the other, and the last for good. */
async function after(answers: readonly (() => AppV3)[], before?: AppV3) {
  const clock = new VirtualClock();
  let asked = 0;
  const unary = async () => (answers[Math.min(asked++, answers.length - 1)] as () => AppV3)();
  const running = storedAfter(
    { kind: app, teleport: { unary } as unknown as TeleportClient, recent: new RecentWrites(clock), clock },
    'a',
    sent,
    before,
    new AbortController().signal,
  );
  await clock.advance(10_000);
  const stored = await running;
  return { asked, revision: stored === 'absent' ? stored : app.form.revision(stored), stored };
}

describe('storedAfter', () => {
  it('waits until the cache has a new resource', async () => {
    const { asked, revision } = await after([missing, missing, () => at('r1')]);
    expect({ asked, revision }).toEqual({ asked: 3, revision: 'r1' });
  });

  it('does not take what was replaced for what is stored', async () => {
    const { asked, revision } = await after([() => at('r1'), () => at('r1'), () => at('r2')], at('r1'));
    expect({ asked, revision }).toEqual({ asked: 3, revision: 'r2' });
  });

  it('says when Teleport shows nothing', async () => {
    expect((await after([missing])).revision).toBe('absent');
  });

  it.each<[string, readonly (() => AppV3)[]]>([
    ['the cache stays behind', [() => at('r1')]],
    [
      'Teleport can not be asked',
      [
        () => {
          throw new TeleportError('Unavailable', 'gone');
        },
      ],
    ],
  ])('supposes the defaults where %s', async (_why, answers) => {
    const { stored, revision } = await after(answers, at('r1'));
    expect(revision).toBe('');
    expect((stored as AppV3).Spec?.URI).toBe('cloud://GCP');
  });
});
