// What Teleport holds, in short: for each resource its revision, a hash and whose it is. Enough to know that
// nothing changed without asking, and to notice when something did. Filled by mirror-feed.ts.
import type { Message } from '@bufbuild/protobuf';
import type { AnyKind } from '../kinds/kind.js';
import { storedHash } from './applied.js';
import { ownership } from './ownership.js';

/** A resource in short. Of one that is not ours only that it is there: there may be many, and they change often. */
export interface Shadow {
  readonly revision: string;
  /** As `status.applied.resourceHash` has it. */
  readonly hash: string;
  readonly ours: boolean;
  /** `kind/name` of what Teleport does not let go while this is there. */
  readonly refersTo: readonly string[];
}

/** One resource came, changed (both) or went; without both it went, and a list has told so before. */
export interface Shift {
  /** Teleport kind: `role`. */
  readonly kind: string;
  readonly name: string;
  readonly before?: Shadow;
  readonly after?: Shadow;
}

export type ShiftListener = (shift: Shift) => void;

const none: readonly string[] = [];
const foreign: Shadow = { revision: '', hash: '', ours: false, refersTo: none };

/** One Teleport kind. Kinds that share it (roles of all versions) share their form, so one of them stands for all. */
class MirroredKind {
  shadows = new Map<string, Shadow>();
  /** Hashes of what we wrote, by name, until the news of it comes. */
  readonly written = new Map<string, { readonly revision: string; readonly hash: string }>();
  current = false;

  constructor(
    readonly kind: AnyKind,
    readonly operatorId: string | undefined,
  ) {}

  shadow(resource: Message): Shadow {
    const { form } = this.kind;
    const targets = this.kind.holds(resource).map(({ kind, name }) => `${kind}/${name}`);
    const refersTo = targets.length === 0 ? none : targets;
    if (ownership(form.head(resource).labels, this.operatorId) !== 'ours') {
      return targets.length === 0 ? foreign : { ...foreign, refersTo };
    }
    const revision = form.revision(resource);
    return { revision, hash: this.#hash(resource, revision), ours: true, refersTo };
  }

  /** A revision stands for one content, so what we hashed when we wrote it need not be hashed again. */
  #hash(resource: Message, revision: string): string {
    const { name } = this.kind.form.head(resource);
    const written = this.written.get(name);
    this.written.delete(name);
    return revision !== '' && written?.revision === revision ? written.hash : storedHash(this.kind, resource);
  }
}

function isSame(a: Shadow, b: Shadow): boolean {
  if (a.hash !== b.hash || a.revision !== b.revision || a.ours !== b.ours) return false;
  return a.refersTo.length === b.refersTo.length && a.refersTo.every((to, at) => to === b.refersTo[at]);
}

export class Mirror {
  readonly #kinds = new Map<string, MirroredKind>();
  readonly #listeners = new Set<ShiftListener>();
  readonly #waiting = new Set<() => void>();
  /** Kinds that are not going to be mirrored, for lack of a right or of an RPC. */
  readonly #off = new Set<string>();
  /** Why the last list of a kind failed. */
  readonly #problems = new Map<string, string>();

  constructor(kinds: readonly AnyKind[], operatorId?: string) {
    for (const kind of kinds) {
      if (!this.#kinds.has(kind.resource.kind))
        this.#kinds.set(kind.resource.kind, new MirroredKind(kind, operatorId));
    }
  }

  /** The kinds that stand for all, one for each Teleport kind. */
  get kinds(): readonly AnyKind[] {
    return [...this.#kinds.values()].map(({ kind }) => kind);
  }

  /** The kind that stands for all of a Teleport kind; undefined where it is not one of ours. */
  kindOf(kind: string): AnyKind | undefined {
    return this.#kinds.get(kind)?.kind;
  }

  /** Whether what is held about the kind is what Teleport holds, as far as it has told. */
  isCurrent(kind: string): boolean {
    return this.#kinds.get(kind)?.current ?? false;
  }

  /** Whether Teleport does not let the kind be listed, so that its resources must be looked at one by one. */
  isOff(kind: string): boolean {
    return this.#off.has(kind);
  }

  /** Why the kind's resources can't be listed; undefined where they can, or where there is no RPC for it. */
  problem(kind: string): string | undefined {
    return this.#problems.get(kind);
  }

  /** What is held of the resource; undefined where there is none, or where the kind is not current. */
  get(kind: string, name: string): Shadow | undefined {
    const mirrored = this.#kinds.get(kind);
    return mirrored?.current ? mirrored.shadows.get(name) : undefined;
  }

  /** Names of the kind's resources that refer to this one; undefined where that is not known. */
  referrers(kind: string, target: string): string[] | undefined {
    const mirrored = this.#kinds.get(kind);
    if (!mirrored?.current) return undefined;
    return [...mirrored.shadows]
      .filter(([, { refersTo }]) => refersTo.includes(target))
      .map(([name]) => name);
  }

  /** Calls back at every shift. @returns the end of it. */
  subscribe(listener: ShiftListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Kinds that are neither current nor off. */
  get unsettled(): string[] {
    return [...this.#kinds]
      .filter(([name, { current }]) => !current && !this.#off.has(name))
      .map(([name]) => name);
  }

  /** Resolves when every kind is current or off. */
  async whenSettled(): Promise<void> {
    while (this.unsettled.length > 0) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** We wrote it: news of this revision is about what has this hash. */
  wrote(kind: string, name: string, revision: string, hash: string): void {
    const mirrored = this.#kinds.get(kind);
    // The news may have been faster than the write's own reply.
    if (!mirrored?.current || revision === '' || mirrored.shadows.get(name)?.revision === revision) return;
    mirrored.written.set(name, { revision, hash });
  }

  /**
   * A resource as it now is.
   * @param from `news` of the stream are told on also where a list was ahead of them: Auth lists some kinds as they are stored, and
   * reads and tells from its cache, so that the pass which the list woke may have read what was before.
   */
  put(kind: string, resource: Message, from: 'list' | 'news' = 'list'): void {
    const mirrored = this.#kinds.get(kind);
    if (!mirrored) return;
    const { name } = mirrored.kind.form.head(resource);
    const before = mirrored.shadows.get(name);
    const after = mirrored.shadow(resource);
    mirrored.shadows.set(name, after);
    const known = before && !isSame(before, after);
    if (before && !known && from === 'list') return;
    this.#tell({ kind, name, after, ...(known && { before }) });
  }

  /** A resource that is gone, as the stream tells; also where a list was ahead of it. */
  delete(kind: string, name: string): void {
    const mirrored = this.#kinds.get(kind);
    if (!mirrored) return;
    mirrored.written.delete(name);
    const before = mirrored.shadows.get(name);
    mirrored.shadows.delete(name);
    this.#tell({ kind, name, ...(before && { before }) });
  }

  /**
   * A full list has come in: what is not in it is gone, except what events told of meanwhile.
   * @param seen names in the list
   * @param touched names that events told of while it was read
   */
  replaced(kind: string, seen: ReadonlySet<string>, touched: ReadonlySet<string>): void {
    const mirrored = this.#kinds.get(kind);
    if (!mirrored) return;
    mirrored.current = true;
    // Of what is gone before it was listed no news comes.
    mirrored.written.clear();
    this.#off.delete(kind);
    this.#problems.delete(kind);
    for (const name of mirrored.shadows.keys()) {
      if (!seen.has(name) && !touched.has(name)) this.delete(kind, name);
    }
    this.#settle();
  }

  /**
   * What is held may be out of date: nothing is answered until the next full list.
   * @param problem why a list failed
   */
  stale(kind: string, problem?: string): void {
    const mirrored = this.#kinds.get(kind);
    if (!mirrored) return;
    if (problem !== undefined) this.#problems.set(kind, problem);
    mirrored.current = false;
    mirrored.written.clear();
  }

  /** The kind can't be mirrored now; where lists are refused, with Teleport's words. */
  off(kind: string, problem?: string): void {
    this.stale(kind, problem);
    this.#off.add(kind);
    this.#settle();
  }

  #settle(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #tell(shift: Shift): void {
    for (const listener of this.#listeners) listener(shift);
  }
}
