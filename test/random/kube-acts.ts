// What people do to objects, and what of it the ledger must know. An act that the API server refuses, or that has nothing
// to act on, is left out.

import { group, storageVersion } from '../../src/kinds/kind.js';
import type { KubeObject } from '../../src/kube/object.js';
import { kindOf } from '../e2e/scene.js';
import { eventually } from '../env/eventually.js';
import { KubeStatusError } from '../env/kube-admin.js';
import { claimantsOf, type Play, pathOf, type Target } from './play.js';
import { type Note, notes } from './steps.js';
import { type Actor, type Subject, specOf } from './subjects.js';
import { type Claimant, holderOf, isGoing, isHeld, isOn, readyOf } from './world.js';

/** All annotations that notes set; those that this one does not set are taken away. */
function annotationsOf(note: Note): Record<string, string | null> {
  const every = Object.values(notes).flatMap((each) => Object.keys(each));
  const given: Readonly<Record<string, string>> = notes[note];
  const valueOf = (name: string): string | null =>
    given[name] === 'now' ? String(performance.now()) : (given[name] ?? null);
  return Object.fromEntries(every.map((name) => [`teleport.dev/${name}`, valueOf(name)]));
}

const present = (annotations: Record<string, string | null>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotations).filter((each): each is [string, string] => each[1] !== null),
  );

/** Makes the object, or gives it another spec. */
export async function apply(play: Play, target: Target, variant: number, note: Note): Promise<void> {
  const { subject, actor } = target;
  const { stage, names, ledger } = play;
  const { admin } = stage.scene;
  const entry = ledger.of(subject);
  const spec = specOf(subject, variant, names);
  const before = await claimantsOf(play, subject);
  const path = pathOf(play, subject, actor);
  const old = await admin.find(path);
  if (old) {
    const now = await admin.patch(path, { spec: { ...emptied(old), ...spec } });
    const holder = holderOf(before);
    const holds = holder?.object.metadata.uid === now.metadata.uid;
    if (holds && now.metadata.generation !== old.metadata.generation) entry.wished();
    return;
  }
  if (note === 'adopt') entry.mayBeTaken = true;
  await admin.create(stage.path(actor), {
    apiVersion: `${group}/${storageVersion(kindOf(actor.kind))}`,
    kind: actor.kind,
    metadata: {
      name: names.object(subject),
      annotations: {
        ...present(annotationsOf(note)),
        ...(subject.foreignName ? { 'teleport.dev/resource-name': names.resource(subject) } : {}),
      },
    },
    spec,
  });
  play.made.add(target);
  if (before.length === 0) entry.wished();
}

/** A merge patch keeps what it does not name. */
const emptied = ({ spec = {} }: KubeObject): Record<string, null> =>
  Object.fromEntries(Object.keys(spec).map((field) => [field, null]));

export async function annotate(play: Play, { subject, actor }: Target, note: Note): Promise<void> {
  const entry = play.ledger.of(subject);
  const path = pathOf(play, subject, actor);
  if (note === 'adopt') entry.mayBeTaken = true;
  const object = await play.stage.scene.admin.patch(path, { metadata: { annotations: annotationsOf(note) } });
  // Whether it comes before the resource is dealt with, nobody knows.
  if (object.metadata.deletionTimestamp !== undefined) entry.end = 'either';
}

export async function label(play: Play, { subject, actor }: Target, value: number): Promise<void> {
  await play.stage.scene.admin.patch(pathOf(play, subject, actor), {
    metadata: { labels: value === 0 ? { team: null } : { team: `team-${value}` } },
  });
}

/** Deletes the object as anybody does. */
export async function remove(play: Play, target: Target): Promise<void> {
  const { subject, actor } = target;
  const before = await claimantsOf(play, subject);
  const deleted = await play.stage.scene.admin.remove(pathOf(play, subject, actor));
  if (!deleted) play.made.delete(target);
  const own = before.find(({ object }) => object.kind === actor.kind && isAt(play, object, actor));
  if (!own || isGoing(own)) return;
  const others = before.filter((each) => each !== own);
  if (others.some((each) => !isGoing(each))) return;
  play.ledger.of(subject).end = endOf(play, subject, own, deleted, others);
}

const isAt = ({ stage }: Play, { metadata }: KubeObject, { place }: Actor): boolean =>
  metadata.namespace === stage.namespaceOf(place);

/** What is to be left of the resource when its last object goes. */
function endOf(
  play: Play,
  subject: Subject,
  own: Claimant,
  deleted: KubeObject | undefined,
  others: readonly Claimant[],
) {
  const asDeleted = deleted && { ...own, object: deleted };
  const going = [...(asDeleted ? [asDeleted] : []), ...others].filter(isHeld);
  if (going.length === 0) return 'either';
  if (!going.some((each) => isOn(each, 'keep'))) return 'gone';
  const [only, second] = going;
  const entry = play.ledger.of(subject);
  const isAsWanted = only === asDeleted && !second && readyOf(own)?.reason === 'Synced';
  return isAsWanted && entry.deletions === 0 && !entry.others && subject.type !== 'once' ? 'stays' : 'either';
}

/** Takes all finalizers away by hand, and with `gone` the object too. */
export async function strip(play: Play, { subject, actor }: Target, gone: boolean): Promise<void> {
  const { admin } = play.stage.scene;
  const path = pathOf(play, subject, actor);
  const entry = play.ledger.of(subject);
  if (gone) {
    await admin.remove(path);
    entry.end = 'either';
  }
  const left = await admin.patch(path, { metadata: { finalizers: null } });
  if (left.metadata.deletionTimestamp !== undefined) entry.end = 'either';
}

const pinned = 'test.example.com/pinned';

/** Somebody else's finalizer, until the round is over. */
export async function pin(play: Play, { subject, actor }: Target): Promise<void> {
  const { admin } = play.stage.scene;
  const path = pathOf(play, subject, actor);
  const { metadata } = await admin.get(path);
  const finalizers = [...new Set([...(metadata.finalizers ?? []), pinned])];
  await admin.patch(path, { metadata: { finalizers, resourceVersion: metadata.resourceVersion } });
}

/** Takes that finalizer away, in as many tries as it needs. */
export async function unpin(play: Play, { object: { metadata, kind } }: Claimant): Promise<void> {
  if (!metadata.finalizers?.includes(pinned)) return;
  const { admin } = play.stage.scene;
  const place = metadata.namespace === play.stage.namespaceOf('home') ? 'home' : 'away';
  const path = play.stage.path({ kind, place }, metadata.name);
  await eventually(async () => {
    const now = await admin.find(path);
    if (!now) return;
    const finalizers = now.metadata.finalizers?.filter((each) => each !== pinned) ?? [];
    await admin.patch(path, { metadata: { finalizers, resourceVersion: now.metadata.resourceVersion } });
  });
}

/** Asks the operator for a look at Teleport. */
export async function lookNow(play: Play, { object: { metadata, kind } }: Claimant): Promise<void> {
  const place = metadata.namespace === play.stage.namespaceOf('home') ? 'home' : 'away';
  const annotations = { 'teleport.dev/reconcile-at': String(performance.now()) };
  const path = play.stage.path({ kind, place }, metadata.name);
  // one that is gone by now needs no look
  await play.stage.scene.admin.patch(path, { metadata: { annotations } }).catch(() => {});
}

/** Deletes the object and makes another of its name as soon as it may. */
export async function recreate(play: Play, target: Target, variant: number, note: Note): Promise<void> {
  await remove(play, target);
  const { admin } = play.stage.scene;
  const isGone = async () => !(await admin.find(pathOf(play, target.subject, target.actor)));
  // One that waits is given another spec on its way out.
  await eventually(isGone, { timeoutMs: 1_500, intervalMs: 5 }).catch(() => {});
  await apply(play, target, variant, note);
}

/** Gives the Secret of connectors a value; 0 deletes it. */
export async function setSecret({ stage, names }: Play, away: boolean, value: number): Promise<void> {
  const { admin } = stage.scene;
  const place = away ? 'away' : 'home';
  const path = stage.secretPath(place, names.secret);
  if (value === 0) return void (await admin.remove(path));
  const stringData = { key: `value-${value}` };
  if (await admin.find(path)) return void (await admin.patch(path, { stringData }));
  const annotations = { 'resources.teleport.dev/allow-lookup-from-cr': '*' };
  await admin.create(stage.secretPath(place), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: names.secret, annotations },
    stringData,
  });
}

/** What the API server refuses, or does not find. @returns why; undefined for other errors */
export const refusal = (error: unknown): string | undefined =>
  error instanceof KubeStatusError && error.code < 500 ? error.message : undefined;
