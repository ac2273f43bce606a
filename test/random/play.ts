// A round as it is being played: who is in it, what was done, and how to look at both sides.
import type { Message } from '@bufbuild/protobuf';
import { AuthService } from '../../src/gen/teleport/client/authservice_pb.js';
import { isTeleportError } from '../../src/teleport/errors.js';
import { kindOf } from '../e2e/scene.js';
import { Ledger } from './ledger.js';
import type { Stage } from './stage.js';
import type { At, Round } from './steps.js';
import { type Actor, type Names, namesOf, type Place, type Subject, subjects } from './subjects.js';
import type { Claimant, Known, World } from './world.js';

/** A subject, and one of the objects that may name it. */
export interface Target {
  readonly subject: Subject;
  readonly actor: Actor;
}

export interface Play {
  /** Objects that were made and perhaps not deleted since. */
  readonly made: Set<Target>;
  readonly stage: Stage;
  readonly names: Names;
  readonly cast: readonly Subject[];
  readonly ledger: Ledger;
}

export function startPlay(stage: Stage, id: string, { cast }: Round): Play {
  const real = stage.scene.teleport.kind === 'teleport';
  const all = cast.flatMap((index) => subjects[index % subjects.length] ?? []);
  const able = all.filter(({ embeddedOnly }) => !(real && embeddedOnly));
  const [first] = subjects;
  return {
    stage,
    names: namesOf(id),
    cast: able.length > 0 || !first ? able : [first],
    ledger: new Ledger(),
    made: new Set(),
  };
}

/** Whom a step means: any object of the round, or where there are some, one that was made. */
export function meant({ cast, made }: Play, at: At, isMade: boolean): Target {
  const able = made.size > 0 && isMade ? [...made] : [];
  const found = able[(at.subject * 3 + at.actor) % able.length];
  if (found) return found;
  const subject = cast[at.subject % cast.length];
  const actor = subject?.actors[at.actor % subject.actors.length];
  if (!subject || !actor) throw new Error('a round without a subject');
  const known = [...made].find((each) => each.subject === subject && each.actor === actor);
  return known ?? { subject, actor };
}

export const pathOf = ({ stage, names }: Play, subject: Subject, actor: Actor): string =>
  stage.path(actor, names.object(subject));

/** The objects that name the subject, as they are now. */
export async function claimantsOf(play: Play, subject: Subject): Promise<Claimant[]> {
  const { admin } = play.stage.scene;
  const all = await Promise.all(
    subject.actors.map(async (actor) => {
      const object = await admin.find(pathOf(play, subject, actor));
      return object && { object, secret: await secretIn(play, subject, actor.place) };
    }),
  );
  return all.filter((each) => each !== undefined);
}

async function secretIn(play: Play, { type }: Subject, place: Place): Promise<string | undefined> {
  if (type !== 'github') return undefined;
  const { admin } = play.stage.scene;
  const secret = await admin.find(play.stage.secretPath(place, play.names.secret));
  const value = secret?.data?.['key'];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
}

/** The calls of the subject's kind, for an administrator. All its kinds name one resource. */
export const callsOf = ({ actors }: Subject) => kindOf(actors[0]?.kind ?? '').calls;

/** The resource, as an administrator sees it; undefined where there is none. */
export async function resourceOf({ stage, names }: Play, subject: Subject): Promise<Message | undefined> {
  const { admin } = stage.scene.teleport;
  const name = names.resource(subject);
  try {
    if (subject.type === 'github')
      return await admin.unary(AuthService.method.getGithubConnector, { Name: name, WithSecrets: true });
    return await callsOf(subject).get.run(admin, name);
  } catch (error) {
    if (isTeleportError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** Both sides, as far as the round is about them. */
export async function look(play: Play): Promise<World> {
  const known = (subject: Subject): Promise<Known> =>
    Promise.all([claimantsOf(play, subject), resourceOf(play, subject)]).then(([claimants, resource]) => ({
      subject,
      claimants,
      resource,
    }));
  const of = (type: Subject['type']) => subjects.filter((subject) => subject.type === type);
  const [played, roles, users] = await Promise.all([
    Promise.all(play.cast.map(known)),
    Promise.all(of('role').map(known)),
    Promise.all(of('user').map((subject) => resourceOf(play, subject))),
  ]);
  const there = roles.filter(({ resource }) => resource).map(({ subject }) => play.names.resource(subject));
  const held = users.flatMap(
    (user) => (user as { Spec?: { Roles: string[] } } | undefined)?.Spec?.Roles ?? [],
  );
  return { subjects: played, roles: new Set(['access', 'editor', ...there]), rolesInUse: new Set(held) };
}
