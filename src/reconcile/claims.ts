// Which object speaks for which resource. Two objects may name the same one (a role as V6 and as V7): the
// oldest has it, ties go by UID; the other says so and touches nothing. Kinds whose objects can't be read are
// known as such: there may be a claim that nobody sees.
import type { AnyKind } from '../kinds/kind.js';
import { hasFinalizer } from '../kube/finalizer.js';
import type { KubeObject } from '../kube/object.js';
import { unknownValues } from './annotation-values.js';
import { annotations, finalizer, isOn } from './names.js';
import { isObserved } from './policy.js';

/** One object's claim to a resource. */
export interface Claim {
  /** `TeleportRoleV7 teleport/engineer`: unique, and fit for people. */
  readonly owner: string;
  readonly uid: string;
  /** RFC 3339; whole seconds. */
  readonly created: string;
  readonly deleting: boolean;
  /** Whether it carries our finalizer: what it has goes with it. */
  readonly held: boolean;
  /** Whether its annotations say that it is not to be reconciled, or can't be read, so that it gets no finalizer. */
  readonly idle: boolean;
}

/** Makes a claim of an object. */
export function claimOf(object: KubeObject): Claim {
  const { namespace, name, uid, creationTimestamp, deletionTimestamp } = object.metadata;
  return {
    owner: ownerOf(object.kind, namespace ? `${namespace}/${name}` : name),
    uid: uid ?? '',
    created: creationTimestamp ?? '',
    deleting: deletionTimestamp !== undefined,
    held: holds(object),
    idle: isIdle(object),
  };
}

const isIdle = (object: KubeObject): boolean =>
  isOn(object.metadata.annotations?.[annotations.ignore]) ||
  isObserved(object) ||
  unknownValues(object, false).length > 0;

/** Whether the object carries our finalizer. */
export const holds = (object: KubeObject): boolean => hasFinalizer(object, finalizer);

/** How an object is named in claims and messages. */
export const ownerOf = (kind: string, key: string): string => `${kind} ${key}`;

/** Kubernetes does not allow it, does not serve them in the operator's version, or the lists fail. */
export type WhyHidden = 'forbidden' | 'unserved' | 'unlisted';

/** A kind whose objects can't be read. */
export interface Hidden {
  readonly kind: AnyKind;
  readonly why: WhyHidden;
}

const none: readonly Hidden[] = [];

export class Claims {
  /** Mostly one each, so no map. */
  readonly #byResource = new Map<string, readonly Claim[]>();
  readonly #resourceOf = new Map<string, string>();
  /** Resources that several objects claimed since we looked: their rivals are known. */
  readonly #contested = new Set<string>();
  /** Owners that go and have left their resource to another: it is not theirs any more, though they are still there. */
  readonly #left = new Set<string>();
  /** By the object's kind. */
  readonly #hidden = new Map<string, Hidden>();

  /** The object claims the resource (`role/engineer`), and no other. @returns resources whose claims changed */
  set(resource: string, claim: Claim): string[] {
    const before = this.#resourceOf.get(claim.owner);
    const changed = before !== undefined && before !== resource ? this.remove(claim.owner) : [];
    const claims = this.#byResource.get(resource) ?? [];
    const known = claims.find(({ owner }) => owner === claim.owner);
    const others = claims.filter((each) => each !== known);
    if (!claim.deleting || known?.uid !== claim.uid) this.#left.delete(claim.owner);
    this.#byResource.set(resource, [...others, claim].sort(byAge));
    if (others.length > 0) this.#contested.add(resource);
    this.#resourceOf.set(claim.owner, resource);
    const same =
      known?.uid === claim.uid &&
      known.deleting === claim.deleting &&
      known.held === claim.held &&
      known.idle === claim.idle;
    return same ? changed : [...changed, resource];
  }

  /** The object is gone. @returns the resource it claimed, if any */
  remove(owner: string): string[] {
    const resource = this.#resourceOf.get(owner);
    if (resource === undefined) return [];
    this.#resourceOf.delete(owner);
    this.#left.delete(owner);
    const others = this.of(resource).filter((claim) => claim.owner !== owner);
    if (others.length > 0) this.#byResource.set(resource, others);
    else {
      this.#byResource.delete(resource);
      this.#contested.delete(resource);
    }
    return [resource];
  }

  /** Objects that claim the resource, the one that has it first. */
  of(resource: string): readonly Claim[] {
    return this.#byResource.get(resource) ?? [];
  }

  /** The other object that has the resource; undefined where this one has. */
  rival(resource: string, owner: string): Claim | undefined {
    const first = this.of(resource).find((claim) => !this.#isThrough(claim));
    return first === undefined || first.owner === owner ? undefined : first;
  }

  /** Whether the object goes and nothing goes with it any more: what still keeps it is a finalizer of others. */
  #isThrough({ owner, deleting, held }: Claim): boolean {
    return this.#left.has(owner) || (deleting && !held);
  }

  /** The object goes, and its resource is another's from now on: should that one go too, it takes the resource along. */
  leave(owner: string): void {
    this.#left.add(owner);
  }

  /** Whether several objects that we know have claimed the resource of late. */
  isContested(resource: string): boolean {
    return this.#contested.has(resource);
  }

  /** Notes why there may be objects of the kind that can't be read; undefined where there are none. @returns whether that is new */
  hide(kind: AnyKind, why: WhyHidden | undefined): boolean {
    const name = kind.object.kind;
    if (why === this.#hidden.get(name)?.why) return false;
    if (why) this.#hidden.set(name, { kind, why });
    else this.#hidden.delete(name);
    return true;
  }

  /** Kinds of objects that can't be read and may claim resources of the Teleport kind. */
  hidden(resourceKind: string): readonly Hidden[] {
    if (this.#hidden.size === 0) return none;
    return [...this.#hidden.values()].filter(({ kind }) => kind.resource.kind === resourceKind);
  }

  /** The object that would have the resource after this one, and stays: the oldest, held or not. */
  heir(resource: string, owner: string): Claim | undefined {
    return this.of(resource).find(
      (claim) => claim.owner !== owner && !claim.deleting && !this.#left.has(claim.owner),
    );
  }
}

function byAge(a: Claim, b: Claim): number {
  if (a.created !== b.created) return a.created < b.created ? -1 : 1;
  return a.uid < b.uid ? -1 : 1;
}
