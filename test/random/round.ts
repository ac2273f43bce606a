// One round from its first step to the clean stage after it: the steps, then rest, then the judge's word. Then what is asked for
// beside the specs is taken back, conflicts are ended, Secrets and resources changed; then every object is deleted: the judge is
// asked again each time. What is wrong when the time is over is thrown, with all that was done.
import { setTimeout as pause } from 'node:timers/promises';
import { judge } from './judge.js';
import {
  annotate,
  apply,
  label,
  lookNow,
  pin,
  recreate,
  refusal,
  remove,
  setSecret,
  strip,
  unpin,
} from './kube-acts.js';
import { breakDown } from './outages.js';
import { callsOf, look, meant, type Play, resourceOf, startPlay, type Target } from './play.js';
import type { Stage } from './stage.js';
import type { Round, Step } from './steps.js';
import type { Subject } from './subjects.js';
import { cacheLagMs, destroy, disown, edit, plant, refusalOfTeleport } from './teleport-acts.js';
import { formOf } from './views.js';
import { Watcher } from './watcher.js';
import { annotation, type Claimant, holderOf, readyOf, titleOf } from './world.js';

/** Time for the world to come to rest, in milliseconds. */
const restMs = 60_000;
/** And for which nothing is written then. */
const quietMs = 1_500;

/** @throws with what is wrong and the steps as they went */
export async function playRound(stage: Stage, id: string, round: Round): Promise<void> {
  const play = startPlay(stage, id, round);
  const history: string[] = [];
  const began = performance.now();
  const note = (text: string): void =>
    void history.push(`${String(Math.round(performance.now() - began)).padStart(6)} ms  ${text}`);
  const watcher = new Watcher(stage);
  try {
    await setSecret(play, false, 1);
    await setSecret(play, true, 1);
    for (const step of round.steps) {
      const target = targetOf(play, step);
      note(`${describe(play, step, target)}${await perform(play, step, target)}`);
    }
    await stage.calm();
    await nudge(play);
    note('left alone');
    await atRest(play, watcher);
    note('at rest');
    if (await editWhatIsLeft(play)) {
      await nudge(play);
      await atRest(play, watcher);
      note('at rest, with changes that are to be left');
    }
    await calmDown(play);
    await nudge(play);
    await atRest(play, watcher);
    note('at rest, each resource with one object');
    if (play.cast.some(({ type }) => type === 'github')) {
      for (const away of [false, true]) await setSecret(play, away, 3);
      await atRest(play, watcher);
      note('at rest, with other Secrets');
    }
    await tidy(play);
    await atRest(play, watcher);
    note('all objects are gone');
    const leaks = watcher.leaks();
    if (leaks.length > 0) throw new Error(leaks.join('\n'));
    await clean(play);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `${message}\n\nWhat was done (round ${id}):\n${history.join('\n')}\n${watcher.lastWords()}`,
      {
        cause: error,
      },
    );
  }
}

/** Where Auth does not tell of what was done, the operator looks every two minutes, or when it is asked to. */
async function nudge(play: Play): Promise<void> {
  const { subjects } = await look(play);
  const seldom = subjects.filter(({ subject }) => {
    const { touches, hadOthers } = play.ledger.of(subject);
    // Of two objects that come at once the one that loses may have written last.
    const isOdd = touches > 0 || hadOthers || subject.actors.length > 1;
    return !formOf(subject.type).watched && isOdd;
  });
  if (seldom.length === 0) return;
  // A look right now would be one at Auth's cache of before.
  await pause(cacheLagMs);
  for (const { claimants } of seldom) for (const claimant of claimants) await lookNow(play, claimant);
}

/** Waits until nothing is wrong, and then for a while in which nothing is written. */
async function atRest(play: Play, watcher: Watcher): Promise<void> {
  const { stage, ledger } = play;
  const check = async (): Promise<void> => {
    const world = await look(play);
    const wrong = [...judge(world, ledger), ...(await watcher.wrong(world))];
    if (wrong.length > 0)
      throw new Error(`not as it should be after ${restMs / 1000} s:\n- ${wrong.join('\n- ')}`);
  };
  await within(restMs, check);
  // Auth's cache may have told of what was before.
  await within(restMs, async () => {
    watcher.takeWrites();
    await pause(quietMs);
    const writes = watcher.takeWrites();
    if (writes.length > 0) throw new Error(`writes though nothing is to be done: ${writes.join(', ')}`);
    await check();
  });
  if (!stage.operator()?.process.running) throw new Error('the operator has ended');
}

/** Tries until it does not fail. Time in which the machine stood still is not counted: it did for the operator too. */
async function within(ms: number, attempt: () => Promise<void>): Promise<void> {
  let left = ms;
  for (;;) {
    const began = performance.now();
    try {
      return await attempt();
    } catch (error) {
      if (left <= 0) throw error;
    }
    await pause(100);
    left -= Math.min(performance.now() - began, 2_000);
  }
}

/** Changes resources in Teleport whose objects, at rest, ask to leave that. @returns whether there are any */
async function editWhatIsLeft(play: Play): Promise<boolean> {
  const { subjects } = await look(play);
  for (const { subject, claimants } of subjects) {
    const holder = holderOf(claimants);
    const isAsked = holder && ['report', 'ignore'].includes(annotation(holder, 'drift') ?? '');
    if (!isAsked || readyOf(holder)?.reason !== 'Synced') continue;
    await edit(play, subject, 0);
    play.ledger.of(subject).isLeft = true;
  }
  return subjects.some(({ subject }) => play.ledger.of(subject).isLeft);
}

/** Takes back all that was asked for beside the specs, leaves each resource one object, and changes it in Teleport. */
async function calmDown(play: Play): Promise<void> {
  const { subjects } = await look(play);
  for (const [index, { subject, claimants }] of subjects.entries()) {
    play.ledger.of(subject).isLeft = false;
    const holder = holderOf(claimants);
    for (const claimant of claimants) {
      await unpin(play, claimant);
      await ifThere(play, subject, claimant, (target) => annotate(play, target, 'none'));
      if (claimant !== holder) await ifThere(play, subject, claimant, (target) => remove(play, target));
    }
    if (holder && play.ledger.of(subject).touches < 2) await edit(play, subject, index);
  }
}

/** Lets every object go; every other one leaves its resource. */
async function tidy(play: Play): Promise<void> {
  const { subjects } = await look(play);
  for (const [index, { subject, claimants }] of subjects.entries()) {
    for (const claimant of claimants) {
      await ifThere(play, subject, claimant, async (target) => {
        if (index % 2 === 0) await annotate(play, target, 'keep');
        await remove(play, target);
      });
    }
  }
}

async function ifThere(
  { stage }: Play,
  subject: Subject,
  claimant: Claimant,
  then: (target: Target) => Promise<void>,
): Promise<void> {
  const { kind, metadata } = claimant.object;
  const place = metadata.namespace === stage.namespaceOf('home') ? 'home' : 'away';
  const target: Target = { subject, actor: { kind, place } };
  try {
    if (await stage.scene.admin.find(stage.path(target.actor, metadata.name))) await then(target);
  } catch (error) {
    if (refusal(error) === undefined)
      throw new Error(`${titleOf(claimant)}: ${String(error)}`, { cause: error });
  }
}

/** Takes away what is to be left, so that no round finds another's. */
async function clean(play: Play): Promise<void> {
  const { admin } = play.stage.scene.teleport;
  const users = [...play.cast].sort((a, b) => Number(b.type === 'user') - Number(a.type === 'user'));
  for (const subject of users) {
    if (!(await resourceOf(play, subject))) continue;
    await callsOf(subject)
      .delete.run(admin, play.names.resource(subject))
      .catch(() => {});
  }
  for (const away of [false, true]) await setSecret(play, away, 0);
}

/** Whom a step means. To make something it may be anybody, and strangers may make the resource of any. */
function targetOf(play: Play, step: Step): Target | undefined {
  if (!('at' in step)) return undefined;
  return meant(play, step.at, !['apply', 'recreate', 'plant'].includes(step.do));
}

/** @returns why it was left out, if so */
async function perform(play: Play, step: Step, target: Target | undefined): Promise<string> {
  try {
    await (target && 'at' in step ? actOn(play, step, target) : happen(play, step));
    return '';
  } catch (error) {
    const why = refusal(error) ?? refusalOfTeleport(error);
    if (why === undefined) throw error;
    return `: left out, ${why}`;
  }
}

/** What concerns no object. */
async function happen(play: Play, step: Step): Promise<void> {
  const { stage } = play;
  switch (step.do) {
    case 'wait':
      return pause(step.ms);
    case 'secret':
      return setSecret(play, step.away, step.value);
    case 'kill':
      return step.writes === 0 ? stage.kill(0) : stage.kubeFaults.killAt(step.writes, step.done);
    case 'restart':
      return stage.restart();
    case 'outage':
      return breakDown(stage, step.what, step.size);
    default:
      throw new Error(`${step.do} needs an object`);
  }
}

async function actOn(play: Play, step: Extract<Step, { at: unknown }>, target: Target): Promise<void> {
  const { subject } = target;
  switch (step.do) {
    case 'apply':
      return apply(play, target, step.spec, step.note);
    case 'recreate':
      return recreate(play, target, step.spec, step.note);
    case 'note':
      return annotate(play, target, step.note);
    case 'label':
      return label(play, target, step.value);
    case 'delete':
      return remove(play, target);
    case 'force':
    case 'strip':
      return strip(play, target, step.do === 'force');
    case 'pin':
      return pin(play, target);
    case 'edit':
      return edit(play, subject, step.which);
    case 'destroy':
      return destroy(play, subject);
    case 'disown':
      return disown(play, subject);
    case 'plant':
      return plant(play, subject);
  }
}

function describe(play: Play, step: Step, target: Target | undefined): string {
  const { do: what, ...rest } = step;
  if (!target) return `${what} ${JSON.stringify(rest)}`;
  const { subject, actor } = target;
  const { at: _, ...more } = rest as { at: unknown };
  return `${what} ${actor.kind} ${actor.place}/${play.names.object(subject)} ${JSON.stringify(more)}`;
}
