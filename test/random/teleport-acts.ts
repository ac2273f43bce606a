// What people do in Teleport behind the operator's back, and what of it the ledger must know. Where a read of Auth may be
// too old to tell what an act meets, the ledger is told less, or the act waits.

import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '@bufbuild/protobuf';
import { fromObject } from '../../src/kinds/codec/index.js';
import { isTeleportError } from '../../src/teleport/errors.js';
import { kindOf } from '../e2e/scene.js';
import { callsOf, claimantsOf, type Play, resourceOf } from './play.js';
import { type Subject, specOf } from './subjects.js';
import { formOf, isOurs, isSame, disown as takeLabel, viewOf, wantedOf } from './views.js';
import { type Claimant, holderOf, isGoing, isOn, readyOf } from './world.js';

/** Longer than Auth's cache is behind, in milliseconds (observed.md A.3). */
export const cacheLagMs = 1_300;

/** Changes the resource as an administrator does: a field that specs state, or one that they don't. */
export async function edit(play: Play, subject: Subject, which: number): Promise<void> {
  const { edits, guarded } = formOf(subject.type);
  const change = edits[which % edits.length];
  const written = change && (await rewrite(play, subject, change));
  if (!written) return;
  const entry = play.ledger.of(subject);
  // Where Auth does not mind, this brings back what was deleted since it was read.
  if (!guarded && !(await claimantsOf(play, subject)).some((each) => !isGoing(each))) entry.end = 'either';
  if (isOurs(written)) entry.touched();
  else entry.othersHave(viewOf(subject.type, written), entry.mayBeTaken);
}

/** Takes the resource away from the operator. */
export async function disown(play: Play, subject: Subject): Promise<void> {
  const before = await claimantsOf(play, subject);
  const written = await rewrite(play, subject, (resource) => {
    if (!isOurs(resource)) return false;
    takeLabel(resource);
    return true;
  });
  if (!written) return;
  const entry = play.ledger.of(subject);
  entry.touched();
  // A deletion that is on its way may have looked before, also that of an object which somebody forced out.
  const isGoingOn = entry.end === 'either' || before.some((each) => isGoing(each) || isOn(each, 'adopt'));
  const mayBeTaken = isGoingOn || !formOf(subject.type).guarded;
  entry.othersHave(viewOf(subject.type, written), mayBeTaken);
  // A deletion right now would not see it.
  await pause(cacheLagMs);
}

/** Deletes the resource, as a bot does that joins with a one-time token. */
export async function destroy(play: Play, subject: Subject): Promise<void> {
  const { admin } = play.stage.scene.teleport;
  const holder = holderOf(await claimantsOf(play, subject));
  const there = await resourceOf(play, subject);
  if (!there) return;
  await callsOf(subject).delete.run(admin, play.names.resource(subject));
  play.ledger.of(subject).deleted(subject.type === 'once' && isForUse(there, holder));
}

/** Whether the token is there for the spec of the object as it is, by the object's own word too. */
function isForUse(token: Message, holder: Claimant | undefined): boolean {
  if (!holder || isGoing(holder) || readyOf(holder)?.reason !== 'Synced') return false;
  const wanted = wantedOf('once', holder.object, undefined);
  return isSame(formOf('once').view(token), { ...wanted, labels: undefined });
}

/** Others make a resource of that name, where there is none. */
export async function plant(play: Play, subject: Subject): Promise<void> {
  const { admin } = play.stage.scene.teleport;
  if (await resourceOf(play, subject)) return;
  // The cache may show what is gone, and the operator not see what is made in its place.
  if (play.ledger.of(subject).isUsed) await pause(cacheLagMs);
  const before = await claimantsOf(play, subject);
  // Auth lets these be written over by who has looked just before.
  if (!isMadeOnce(subject) && before.length > 0) return;
  if (await resourceOf(play, subject)) return;
  const { actors } = subject;
  const kind = kindOf(actors[0]?.kind ?? '');
  const spec = fromObject(kind.spec.schema, specOf(subject, 2, play.names), {
    path: 'spec',
    hidden: kind.spec.hidden,
  });
  const head = { name: play.names.resource(subject), description: '', labels: { owner: 'others' } };
  if (subject.type === 'user') (spec as unknown as { Roles: string[] }).Roles = ['access'];
  const made = kind.form.build(kind.resource, head, spec);
  await kind.calls.create.run(admin, made);
  const entry = play.ledger.of(subject);
  const stored = (await resourceOf(play, subject)) ?? made;
  if (!isOurs(stored))
    entry.othersHave(
      viewOf(subject.type, stored),
      before.some((each) => isOn(each, 'adopt')),
    );
  if (!isMadeOnce(subject)) await pause(cacheLagMs);
}

/** Auth refuses to make what is there. */
const isMadeOnce = (subject: Subject): boolean => callsOf(subject).create.ifAbsent !== undefined;

/** @returns what was written; undefined where there was nothing to write to */
async function rewrite(
  play: Play,
  subject: Subject,
  change: (resource: Message) => boolean | void,
): Promise<Message | undefined> {
  const { admin } = play.stage.scene.teleport;
  for (let attempt = 0; attempt < 10; attempt++) {
    const resource = await resourceOf(play, subject);
    if (!resource || change(resource) === false) return undefined;
    try {
      await callsOf(subject).update.run(admin, resource);
      return resource;
    } catch (error) {
      if (!isTeleportError(error, 'CompareFailed')) throw error;
      await pause(100);
    }
  }
  return undefined;
}

/** What Teleport refuses, or does not find. @returns why; undefined for other errors */
export const refusalOfTeleport = (error: unknown): string | undefined =>
  isTeleportError(error, 'NotFound') ||
  isTeleportError(error, 'AlreadyExists') ||
  isTeleportError(error, 'CompareFailed') ||
  /in use|used by|assigned to/i.test(String(error))
    ? String(error)
    : undefined;
