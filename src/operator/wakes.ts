// Which objects of a kind are looked at again though they did not change: because something that they hang on did
// (their resource, a role or Secret they name, a rival, the licence, the operator's rights, Teleport itself or its version), or because time has passed. What has changed is
// told by others; an object's own change is the informer's word, and what a pass then does is reconcile/'s.
import { sleep } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import type { AnyKind } from '../kinds/kind.js';
import { type KubeObject, keyOf, type ObjectKey, splitKey } from '../kube/object.js';
import type { WorkQueue } from '../kube/workqueue.js';
import { type Claims, claimOf, ownerOf } from '../reconcile/claims.js';
import type { Door } from '../reconcile/door.js';
import type { Mirror, Shadow, Shift } from '../reconcile/mirror.js';
import type { Reason } from '../reconcile/outcome.js';
import { isNewTo } from '../reconcile/shift-news.js';
import { readyReason } from '../reconcile/status.js';
import { resourceName } from '../reconcile/wanted.js';
import { KeyIndex } from './key-index.js';
import type { ObjectStore } from './object-store.js';
import type { SecretsByNamespace } from './secrets-by-namespace.js';

/** Between looks at the resources of a kind that Teleport does not list, in milliseconds. */
const pollMs = 120_000;

/** Reasons that a server of another version may not give. */
const hangsOnServer: ReadonlySet<string> = new Set<Reason>(['VersionMismatch', 'Rejected', 'KindDisabled']);
/** Reasons that a bot with another role may not give. */
const hangsOnRights: ReadonlySet<string> = new Set<Reason>(['KindDisabled', 'AccessDenied', 'NotReadable']);
/** Reasons that the end of an outage, or of a lock on the bot, mends. */
const hangsOnAnswers: ReadonlySet<string> = new Set<Reason>(['TeleportUnavailable', 'AccessDenied']);

export interface WakesParts {
  readonly kind: AnyKind;
  readonly objects: Pick<ObjectStore, 'get' | 'keys' | 'items'>;
  readonly queue: WorkQueue;
  readonly door: Door;
  readonly claims: Claims;
  /** Told which resource's claims changed. */
  readonly onClaims: (resource: string) => void;
  readonly secrets: Pick<SecretsByNamespace, 'subscribe'>;
  readonly mirror: Mirror;
  readonly clock: Clock;
  /** Between looks at every object, in milliseconds; 0 for none. */
  readonly syncPeriodMs: number;
}

export class Wakes {
  readonly #parts: WakesParts;
  readonly #secretUsers = new KeyIndex();
  /** By the resources that they name and that may be missing. */
  readonly #waiting = new KeyIndex();
  /** By the resource they claim. */
  readonly #named = new KeyIndex();
  /** Keys whose resource changed in Teleport while their pass ran, with the last such change. */
  readonly #shifted = new Map<ObjectKey, Shift>();
  /** Deletions that Teleport refuses while the resource is in use. */
  readonly #blocked = new Set<ObjectKey>();

  /** Listens to Secrets and to Teleport from now on. */
  constructor(parts: WakesParts) {
    this.#parts = parts;
    parts.secrets.subscribe((namespace, name) => {
      const users =
        name === undefined ? this.#secretUsers.all() : this.#secretUsers.of(`${namespace}/${name}`);
      for (const key of users) if (splitKey(key).namespace === namespace) this.#wake(key);
    });
    parts.mirror.subscribe((shift) => this.#onShift(shift));
  }

  /** The object came, changed or is gone, and with it its claim to a resource. */
  claim(key: ObjectKey, object: KubeObject | undefined): void {
    const { kind, claims, onClaims } = this.#parts;
    const resource = object && `${kind.resource.kind}/${resourceName(object)}`;
    this.#named.set(key, new Set(resource === undefined ? [] : [resource]));
    if (!object || resource === undefined) {
      for (const left of claims.remove(ownerOf(kind.object.kind, key))) onClaims(left);
      return;
    }
    for (const changed of claims.set(resource, claimOf(object))) {
      // The only claim is this object's, and its pass comes anyway.
      if (changed !== resource || claims.of(resource).length > 1) onClaims(changed);
    }
  }

  /** Notes the Secrets that the object's values were looked up in. */
  usesSecrets(key: ObjectKey, secrets: ReadonlySet<string>): void {
    const { namespace } = splitKey(key);
    this.#secretUsers.set(key, new Set([...secrets].map((name) => `${namespace}/${name}`)));
  }

  /** Notes the resources (`kind/name`) whose coming would help the object. */
  waitsFor(key: ObjectKey, resources: ReadonlySet<string>): void {
    this.#waiting.set(key, resources);
  }

  /** Notes whether the object's deletion waits for others to let go of its resource. */
  isBlocked(key: ObjectKey, blocked: boolean): void {
    if (blocked) this.#blocked.add(key);
    else this.#blocked.delete(key);
  }

  /** The pass is over: whether Teleport now has what it left. */
  passed(key: ObjectKey): void {
    const shift = this.#shifted.get(key);
    this.#shifted.delete(key);
    // Also where the mirror is no longer current: the list that comes tells only of what differs from this.
    if (shift && this.#isNewTo(key, shift.before, shift.after)) this.#wake(key);
  }

  /** Looks at all objects again, if the kind needs a licence: what that allows has changed. */
  licenceChanged(): void {
    if (this.#parts.kind.needs.length === 0) return;
    for (const key of this.#parts.objects.keys()) this.#wake(key);
  }

  /** Looks at the objects again that Teleport did not answer: after a long outage their delays are long. */
  teleportBack(): void {
    this.#wakeWhere(hangsOnAnswers);
  }

  /** Looks at the objects again that Teleport refused or stored as something else: it is of another version now. */
  serverChanged(): void {
    this.#wakeWhere(hangsOnServer);
  }

  /** Looks at the objects again for which the operator lacked a right: it may have it now. */
  rightsChanged(): void {
    this.#wakeWhere(hangsOnRights);
  }

  /** Looks at the objects again that lost their resource, or may have: a rival of theirs may have come in sight. */
  rivalsInSight(resourceKind: string): void {
    const { kind, objects, queue } = this.#parts;
    if (kind.resource.kind !== resourceKind) return;
    for (const object of objects.items()) {
      const key = keyOf(object);
      // A pass that runs may be about to say so.
      if (readyReason(object) === 'NameConflict' || queue.isActive(key)) this.#wake(key);
    }
  }

  /** Looks at the objects again that claim the resource: another object's claim to it came or went. */
  claimsChanged(resource: string): void {
    for (const key of this.#named.of(resource)) this.#wake(key);
  }

  /** Looks at objects again as time passes, too. @returns the end of it */
  run(signal: AbortSignal): () => void {
    const end = this.#resync(signal);
    void this.#poll(signal);
    return end;
  }

  /** Something changed in Teleport: our own resource, what an object lacks, or what held a deletion up. */
  #onShift(shift: Shift): void {
    const { kind, name, before, after } = shift;
    const { kind: own, queue } = this.#parts;
    if (kind === own.resource.kind) {
      // Mostly the echo of the write that its pass is making; the pass knows better when it is over.
      for (const key of this.#named.of(`${kind}/${name}`))
        if (queue.isActive(key)) this.#shifted.set(key, shift);
        else if (this.#isNewTo(key, before, after)) this.#wake(key);
    }
    if (!after !== !before) for (const key of this.#waiting.of(`${kind}/${name}`)) this.#wake(key);
    if (!before || before.refersTo.length === 0 || this.#blocked.size === 0) return;
    const released = before.refersTo.filter((resource) => !after?.refersTo.includes(resource));
    for (const resource of released) {
      for (const key of this.#named.of(resource)) if (this.#blocked.has(key)) this.#wake(key);
    }
  }

  #isNewTo(key: ObjectKey, before: Shadow | undefined, after: Shadow | undefined): boolean {
    const object = this.#parts.objects.get(key);
    return object !== undefined && isNewTo(object, before, after);
  }

  /** Looks at every object now and then whose kind Teleport does not list: so changes made there are found. */
  async #poll(signal: AbortSignal): Promise<void> {
    const { clock, kind, mirror } = this.#parts;
    while (!signal.aborted) {
      await sleep(clock, pollMs, signal).catch(() => {});
      if (signal.aborted || !mirror.isOff(kind.resource.kind)) continue;
      this.#wakeAllWithin(pollMs / 2);
    }
  }

  /** Looks at every object again once a period, spread over a tenth of it; never where the period is none. */
  #resync(signal: AbortSignal): () => void {
    const { clock, syncPeriodMs } = this.#parts;
    if (syncPeriodMs === 0) return () => {};
    const arm = (): { cancel(): void } =>
      clock.after(syncPeriodMs, () => {
        if (signal.aborted) return;
        this.#wakeAllWithin(syncPeriodMs / 10);
        timer = arm();
      });
    let timer = arm();
    return () => timer.cancel();
  }

  #wakeWhere(reasons: ReadonlySet<string>): void {
    for (const object of this.#parts.objects.items())
      if (reasons.has(readyReason(object) ?? '')) this.#wake(keyOf(object));
  }

  /** What it waited for came: delays that grew meanwhile count no more. */
  #wake(key: ObjectKey): void {
    const { door, queue } = this.#parts;
    door.force(key);
    queue.forget(key);
    queue.add(key);
  }

  /** Nothing came: each at a time of its own, and those that fail keep their delays. */
  #wakeAllWithin(ms: number): void {
    const { objects, door, queue } = this.#parts;
    for (const key of objects.keys()) {
      door.force(key);
      queue.addAfter(key, Math.random() * ms);
    }
  }
}
