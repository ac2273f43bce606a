// What a resource refers to and Teleport does not have. Teleport would refuse the write, so it is held: the mirror
// suspects that something is missing, and Teleport, asked once, confirms it. What is done about it is apply.ts's.
import type { Clock } from '../core/clock.js';
import type { Reference } from '../kinds/kind.js';
import { isTeleportError } from '../teleport/errors.js';
import type { Mirror } from './mirror.js';
import type { ReconcilerParts } from './parts.js';

/**
 * Milliseconds for which a confirmed absence is believed: many objects wait for one role, and try again by
 * themselves. The mirror tells at once when the resource comes.
 */
const believedFor = 60_000;

/** Resources that Teleport, asked, did not have. Shared by all kinds; made for one mirror. */
export class Absences {
  readonly #confirmed = new Map<string, number>();
  /** Questions that are not answered yet: passes that wait for the same resource ask once. */
  readonly #asked = new Map<string, Promise<boolean>>();
  readonly #clock: Clock;

  constructor(mirror: Mirror, clock: Clock) {
    this.#clock = clock;
    mirror.subscribe(({ kind, name }) => {
      if (this.#confirmed.size > 0) this.#confirmed.delete(idOf({ kind, name }));
    });
  }

  /** Whether it is known, or `ask` now tells, that there is no such resource. @throws what `ask` throws */
  async isConfirmed(reference: Reference, ask: () => Promise<boolean>): Promise<boolean> {
    const id = idOf(reference);
    const at = this.#confirmed.get(id);
    if (at !== undefined && this.#clock.monotonic() - at < believedFor) return true;
    const asked = this.#asked.get(id) ?? this.#ask(id, ask);
    return asked;
  }

  #ask(id: string, ask: () => Promise<boolean>): Promise<boolean> {
    const answer = ask()
      .then((absent) => {
        if (absent) this.#remember(id);
        return absent;
      })
      .finally(() => this.#asked.delete(id));
    this.#asked.set(id, answer);
    return answer;
  }

  #remember(id: string): void {
    const now = this.#clock.monotonic();
    // In the order of their times, so that what is no longer believed stands first.
    this.#confirmed.delete(id);
    this.#confirmed.set(id, now);
    for (const [old, at] of this.#confirmed) {
      if (now - at < believedFor) return;
      this.#confirmed.delete(old);
    }
  }
}

/** How a resource is told from all others. */
export const idOf = ({ kind, name }: Reference): string => `${kind}/${name}`;

type Parts = Pick<ReconcilerParts, 'mirror' | 'recent' | 'teleport' | 'absences'>;

/** Those that Teleport, as far as the mirror knows, does not have. */
export function absent({ mirror }: Pick<Parts, 'mirror'>, named: readonly Reference[]): readonly Reference[] {
  return named.filter(({ kind, name }) => mirror.isCurrent(kind) && !mirror.get(kind, name));
}

/**
 * What is missing, where Teleport confirms it of one at least: that one is enough for a refusal, so the others are
 * not asked for. Empty where all is there, or where that can't be told: then Teleport is to judge the write.
 */
export async function missing(
  parts: Parts,
  named: readonly Reference[],
  signal: AbortSignal,
): Promise<readonly Reference[]> {
  // The mirror hears of what we write ourselves a moment later.
  const suspects = absent(parts, named).filter(({ kind, name }) => !parts.recent.get(kind, name)?.stored);
  const there = new Set<Reference>();
  try {
    for (const suspect of suspects) {
      const confirmed = await parts.absences.isConfirmed(suspect, () => isAbsent(parts, suspect, signal));
      if (confirmed) return suspects.filter((each) => !there.has(each));
      there.add(suspect);
    }
  } catch {
    // It can't be asked for: the write is tried, and its answer says why.
  }
  return [];
}

/** Asks Teleport; the mirror, which has missed it, is told of what is there after all. */
async function isAbsent(
  { mirror, teleport }: Parts,
  { kind, name }: Reference,
  signal: AbortSignal,
): Promise<boolean> {
  const get = mirror.kindOf(kind)?.calls.get;
  if (!get) return false;
  let told = false;
  const end = mirror.subscribe((shift) => {
    told ||= shift.kind === kind && shift.name === name;
  });
  try {
    const found = await get.run(teleport, name, { signal });
    // What events told of meanwhile is newer than the answer.
    if (!told) mirror.put(kind, found);
    return false;
  } catch (error) {
    if (isTeleportError(error, 'NotFound')) return true;
    throw error;
  } finally {
    end();
  }
}
