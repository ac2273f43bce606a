// The contract of a kind: one declaration from which come the informer, the CRD, the permissions, the docs
// row, the codec's schema and the contract tests. The reconciler knows kinds only through it; what a kind
// does differently is a property here, never an `if` there.
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { ApiResource } from '../kube/object.js';
import type { Call, Listing } from './calls.js';
import type { ResourceForm } from './forms.js';

/** API group of every kind. */
export const group = 'resources.teleport.dev';

/** A version of the CRD. Exactly one is stored. */
export interface ObjectVersion {
  readonly name: string;
  readonly storage: boolean;
}

/** A column of `kubectl get`, beside Ready, Reason and Age, which every kind has. */
export interface PrinterColumn {
  readonly name: string;
  readonly jsonPath: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  /** Columns above 0 show with `-o wide` only. */
  readonly priority?: number;
}

/** The Kubernetes side. */
export interface ObjectNames {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly versions: readonly ObjectVersion[];
  readonly columns: readonly PrinterColumn[];
  /** One or two sentences for `kubectl explain` and docs/kinds.md. */
  readonly description: string;
}

/** The Teleport side: the constants that every resource of the kind carries. */
export interface ResourceNames {
  readonly kind: string;
  readonly version: string;
  readonly subKind?: string;
}

/** The spec of the object: a message, less what the object may not say. */
export interface SpecShape {
  readonly schema: DescMessage;
  /** CR names of top-level spec fields that the object has not. */
  readonly hidden: readonly string[];
}

/** The RPCs. `update` is given the existing resource's revision in the resource's metadata. */
export interface KindCalls<Resource> {
  /** Throws NotFound where there is none. */
  readonly get: Call<string, Resource>;
  /** Answers the resource as stored, or undefined where the RPC's reply does not hold it. */
  readonly create: Call<Resource, Resource | undefined>;
  readonly update: Call<Resource, Resource | undefined>;
  readonly delete: Call<string, void>;
  /** All of the kind; undefined where Teleport has no list, or one too long to be read. */
  readonly list?: Listing<Resource>;
}

/** Something in Teleport that a resource names. */
export interface Reference {
  /** Teleport kind: `role`. */
  readonly kind: string;
  readonly name: string;
}

/**
 * A resource that is gone was used, or never made: nobody can tell the two apart once the operator has died between
 * the write and its status. So a stand-in is written first, then the intention to the status, then the resource over the
 * stand-in: what is gone after that was used. It costs one write more to each side.
 */
export interface OneTime<Resource> {
  /** Whether Teleport deletes this resource at its first use, so that its absence is no drift. */
  is(resource: Resource): boolean;
  /** A resource of the same name and labels that nobody can use. Changes its argument. */
  makeStandIn(resource: Resource): void;
  isStandIn(resource: Resource): boolean;
}

/**
 * An update writes over whatever is there, and Teleport itself writes to the resource or uses it up. Reads of `get` are up to a
 * second old, so an update made of one could undo that. The kind's list must read what is stored, past the cache.
 */
export interface Unguarded<Resource> {
  /** Whether Teleport writes to this resource, or uses it up. */
  isTouchy(resource: Resource): boolean;
}

/** Features that a licence switches on, as Ping tells them (joining.md 7.2, 7.3). */
export type Feature = 'OIDC' | 'SAML' | 'AdvancedAccessWorkflows';

/** Fields of a role that match resources by their labels. */
export type LabelMatchers = 'node_labels' | 'app_labels' | 'db_labels';

/** What most kinds have nothing to say about. */
type Optional =
  | 'kept'
  | 'initial'
  | 'serverOwned'
  | 'immutable'
  | 'mayBeHidden'
  | 'seenBy'
  | 'singleton'
  | 'needs'
  | 'watched'
  | 'references'
  | 'mentions'
  | 'holds'
  | 'defaults'
  | 'oneTime'
  | 'unguarded';

/** A kind as its file states it. */
export type KindDeclaration<Schema extends DescMessage> = Omit<Kind<Schema>, Optional> &
  Partial<Pick<Kind<Schema>, Optional>>;

export interface Kind<Schema extends DescMessage = DescMessage> {
  readonly object: ObjectNames;
  readonly resource: ResourceNames;
  readonly schema: Schema;
  readonly form: ResourceForm<MessageShape<Schema>>;
  readonly spec: SpecShape;
  readonly calls: KindCalls<MessageShape<Schema>>;
  /**
   * Dotted paths of protobuf fields (local names, from the resource's root) that an update takes over from
   * the existing resource wherever the object leaves them empty.
   */
  readonly kept: readonly string[];
  /**
   * Dotted paths that count only when the resource is made: an update takes over the existing value whatever
   * the object says, since the server has moved it on.
   */
  readonly initial: readonly string[];
  /** Dotted paths that the server writes by itself: a change there is no drift. Metadata's are the form's. */
  readonly serverOwned: readonly string[];
  /** Dotted paths that Teleport does not let change once the resource is there. */
  readonly immutable: readonly string[];
  /**
   * Whether Teleport shows a resource only to roles whose labels match it, so that one that was just written
   * may not be found.
   */
  readonly mayBeHidden: boolean;
  /** The label matchers of a role that decide whether its holder sees a resource of the kind; none for most. */
  readonly seenBy: LabelMatchers | undefined;
  /** The only name that Teleport knows a resource of this kind by; an object of another name is refused. */
  readonly singleton: string | undefined;
  /** Licensed features, any of which the kind needs; none for kinds that every Teleport has. */
  readonly needs: readonly Feature[];
  /**
   * Fills in what the server fills in when it stores the resource (kinds.md E), so that a stored resource can
   * be compared with a wanted one. May change its argument. Where it is wrong the cost is one write too many.
   */
  readonly defaults: (resource: MessageShape<Schema>) => void;
  /** Whether Auth's WatchEvents carries the kind (joining.md 8.4). */
  readonly watched: boolean;
  /** Resources without which Teleport refuses this one: a write waits for them. */
  readonly references: (resource: MessageShape<Schema>) => readonly Reference[];
  /** Resources that it names and Teleport does without: said in the status while they are missing, never waited for. */
  readonly mentions: (resource: MessageShape<Schema>) => readonly Reference[];
  /** Resources that Teleport does not let go while this one is there. */
  readonly holds: (resource: MessageShape<Schema>) => readonly Reference[];
  /** How resources that Teleport deletes at their first use are made once and no more; undefined where it deletes none. */
  readonly oneTime: OneTime<MessageShape<Schema>> | undefined;
  /** How updates spare what Teleport has just written; undefined where a revision guards them, or nothing is lost. */
  readonly unguarded: Unguarded<MessageShape<Schema>> | undefined;
}

/** A kind with its message type forgotten: what the reconciler and all generic code hold. */
export type AnyKind = Kind;

/**
 * Completes a declaration and forgets its message type. The one cast of the kinds layer:
 * a kind's functions are only ever given messages of its own schema.
 */
export function declareKind<Schema extends DescMessage>(declaration: KindDeclaration<Schema>): AnyKind {
  const kind: Kind<Schema> = {
    kept: [],
    initial: [],
    serverOwned: [],
    immutable: [],
    mayBeHidden: false,
    seenBy: undefined,
    singleton: undefined,
    needs: [],
    watched: false,
    references: () => [],
    mentions: () => [],
    holds: () => [],
    defaults: () => {},
    oneTime: undefined,
    unguarded: undefined,
    ...declaration,
  };
  return kind;
}

/** The version in which objects are stored, read and written. */
export function storageVersion(kind: Pick<Kind, 'object'>): string {
  const stored = kind.object.versions.find((version) => version.storage);
  if (!stored) throw new Error(`${kind.object.kind}: no storage version is declared`);
  return stored.name;
}

/** Where objects of the kind stand in the Kubernetes API. */
export function apiResource(kind: Pick<Kind, 'object'>): ApiResource {
  return { group, version: storageVersion(kind), plural: kind.object.plural };
}
