// Every name that users script against: the finalizer, annotations, labels. Upstream's where upstream has one.
/** Keeps an object until its resource is dealt with. */
export const finalizer = 'resources.teleport.dev/deletion';

/** The label by which a resource in Teleport is known to be an operator's. */
export const originLabel = 'teleport.dev/origin';

/** The value of {@link originLabel} on our resources. */
export const originKubernetes = 'kubernetes';

/** The label that tells apart several operators on one Teleport; upstream's newer operator has it too. */
export const operatorIdLabel = 'resources.teleport.dev/operator-id';

/** The label by which Teleport knows the user and the role that stand for a bot; both are the bot's. */
export const botLabel = 'teleport.internal/bot';

/** The annotation of the Lease that says in which namespaces its operator keeps objects: `all`, or names with commas in between. */
export const leaseNamespaces = 'resources.teleport.dev/namespaces';

/** The same of those where it did before, and may have left objects with their finalizers. */
export const leaseFormerNamespaces = 'resources.teleport.dev/former-namespaces';

export const annotations = {
  /** Deleting the object leaves the resource in Teleport. */
  keep: 'teleport.dev/keep',
  /** The object is not looked at: nothing is created, updated or deleted, and a deletion waits. */
  ignore: 'teleport.dev/ignore',
  /** The resource's name, where Kubernetes can't hold it. */
  resourceName: 'teleport.dev/resource-name',
  /** Takes over a resource that is not ours: true, or preview. */
  adopt: 'teleport.dev/adopt',
  /** What to do about changes made in Teleport: correct, report or ignore. */
  drift: 'teleport.dev/drift',
  /** observe: nothing is written to Teleport, the status shows what would be. */
  mode: 'teleport.dev/mode',
  /** Lets one deletion through the brake. */
  confirmDelete: 'teleport.dev/confirm-delete',
  /** Any new value asks for a pass. */
  reconcileAt: 'teleport.dev/reconcile-at',
  /** Becomes the resource's description. */
  description: 'description',
} as const;

const yes = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);

/** All that Go's strconv.ParseBool takes. */
export const flagValues: ReadonlySet<string> = new Set([...yes, '0', 'f', 'F', 'FALSE', 'false', 'False']);

/** Reads a flag as Go's strconv.ParseBool does; what is missing or no boolean is false. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && yes.has(value);
}
