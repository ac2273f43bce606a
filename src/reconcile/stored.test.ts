// Looking again after a write whose reply tells nothing, in virtual time.
import { getEventListeners } from 'node:events';
import { clone, create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../core/virtual-clock.js';
import { type AppV3, AppV3Schema } from '../gen/teleport/types/app_pb.js';
import { app } from '../kinds/app.js';
import type { TeleportClient } from '../teleport/client.js';
import { TeleportError } from '../teleport/errors.js';
import { Mirror } from './mirror.js';
import { originLabel } from './names.js';
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

/** As an event tells it: one of ours. */
function ours(revision: string, description = ''): AppV3 {
  const told = at(revision);
  if (told.Metadata) Object.assign(told.Metadata, { Labels: { [originLabel]: 'kubernetes' }, description });
  return told;
}

const missing = (): never => {
  throw new TeleportError('NotFound', '"app" "a" does not exist');
};

/** Runs it against a Teleport that answers one after the other, and the last for good. */
async function after(
  answers: readonly (() => AppV3)[],
  before?: AppV3,
  /** What Teleport tells of, by the milliseconds after the write; nothing is listed without it. */
  events?: Readonly<Record<number, AppV3>>,
  signal: AbortSignal = new AbortController().signal,
) {
  const clock = new VirtualClock();
  const mirror = new Mirror([app]);
  if (events) mirror.replaced('app', new Set(), new Set());
  for (const [at, told] of Object.entries(events ?? {})) {
    if (Number(at) === 0) mirror.put('app', told);
    else clock.after(Number(at), () => mirror.put('app', told));
  }
  let asked = 0;
  let took = -1;
  const unary = async () => (answers[Math.min(asked++, answers.length - 1)] as () => AppV3)();
  const running = storedAfter(
    {
      kind: app,
      teleport: { unary } as unknown as TeleportClient,
      recent: new RecentWrites(clock),
      clock,
      mirror,
    },
    'a',
    sent,
    before,
    signal,
  );
  void running.then(() => (took = clock.monotonic()));
  await clock.advance(10_000);
  const { stored, certain } = await running;
  const revision = stored === 'absent' ? stored : app.form.revision(stored);
  return { asked, took, revision, stored, certain };
}

describe('storedAfter', () => {
  it('waits until the cache has a new resource', async () => {
    const { asked, revision } = await after([missing, missing, () => at('r1')]);
    expect({ asked, revision }).toEqual({ asked: 3, revision: 'r1' });
  });

  it('asks again when Teleport tells of it, not before', async () => {
    const { asked, revision, took } = await after([missing, () => at('r1')], undefined, { 700: ours('r1') });
    expect({ asked, revision, took }).toEqual({ asked: 2, revision: 'r1', took: 700 });
  });

  it('does not wait for what was told already, nor for what it finds at once', async () => {
    const told = await after([missing, () => at('r1')], undefined, { 0: ours('r1') });
    expect(told).toMatchObject({ asked: 2, revision: 'r1', took: 0 });
    const found = await after([() => at('r1')], undefined, {});
    expect(found).toMatchObject({ asked: 1, revision: 'r1', took: 0 });
  });

  it('does not take the echo of what was replaced for word of the write', async () => {
    const { asked, revision } = await after([() => at('r1'), () => at('r2')], at('r1'), {
      0: ours('r1'),
      300: ours('r1', 'again'),
      600: ours('r2'),
    });
    expect({ asked, revision }).toEqual({ asked: 2, revision: 'r2' });
  });

  it('asks all the same where Teleport tells of nothing, or shows it later than it tells', async () => {
    expect(await after([missing, () => at('r1')], undefined, {})).toMatchObject({ revision: 'r1' });
    const late = await after([missing, missing, () => at('r1')], undefined, { 100: ours('r1') });
    expect(late).toMatchObject({ asked: 3, revision: 'r1' });
  });

  it('does not take what was replaced for what is stored', async () => {
    const { asked, revision } = await after([() => at('r1'), () => at('r1'), () => at('r2')], at('r1'));
    expect({ asked, revision }).toEqual({ asked: 3, revision: 'r2' });
  });

  it('does not take an older state, or somebody else’s, for the write as long as another may come', async () => {
    const other = at('r0');
    if (other.Spec) other.Spec.PublicAddr = 'elsewhere.example.com';
    const late = await after([() => other, () => other, () => at('r1')]);
    expect(late).toMatchObject({ asked: 3, revision: 'r1', certain: true });
    const stays = await after([() => other]);
    expect(stays).toMatchObject({ revision: 'r0', certain: false });
    expect(stays.took).toBeLessThan(1_500);
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

  it.each([
    ['told', { 600: ours('r2') }],
    ['not told', {}],
  ])('leaves nothing behind at the signal, which lives as long as the process: %s', async (_, events) => {
    const { signal } = new AbortController();
    await after([() => at('r1')], at('r1'), events, signal);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    // Where Node keeps what AbortSignal.any made of it.
    const kept = Object.getOwnPropertySymbols(signal).find((symbol) => /dependant/i.test(String(symbol)));
    const dependants = kept && (signal as unknown as Record<symbol, Set<unknown> | null>)[kept];
    expect(dependants?.size ?? 0).toBe(0);
  });
});
