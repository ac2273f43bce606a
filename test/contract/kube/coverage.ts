// Which verbs and features of the Kubernetes API the contract has cases for. A whole-operator test on the embedded
// server hands its record of calls to `uncovered` and fails when that answers anything; contract.test.ts sees to it
// that the cases really make every one of these calls.

/** A request as the embedded server records it (sandbox/kube/http/calls.ts). */
export interface RecordedCall {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly features: readonly string[];
}

/** Our kinds stand for each other: they are served by the same code. */
function subject({ group, resource, subresource }: RecordedCall): string {
  const name =
    group === 'resources.teleport.dev' ? 'custom resources' : group ? `${resource}.${group}` : resource;
  return subresource ? `${name}/${subresource}` : name;
}

/** What a call needs a case for: its verb on its subject, and each feature with it. */
export function needs(call: RecordedCall): string[] {
  const base = `${call.verb} ${subject(call)}`;
  return [base, ...call.features.map((feature) => `${base} with ${feature}`)];
}

const crs = 'custom resources';

export const covered: readonly string[] = [
  `create ${crs}`,
  `get ${crs}`,
  `update ${crs}`,
  `update ${crs}/status`,
  `delete ${crs}`,
  `list ${crs}`,
  `list ${crs} with limit`,
  `list ${crs} with continue`,
  `list ${crs} with resourceVersion=0`,
  `list ${crs} with labelSelector`,
  `list ${crs} with fieldSelector`,
  `list ${crs} with table`,
  `get ${crs} with table`,
  `watch ${crs}`,
  `watch ${crs} with from-resourceVersion`,
  `watch ${crs} with bookmarks`,
  `watch ${crs} with timeoutSeconds`,
  `watch ${crs} with labelSelector`,
  `watch ${crs} with fieldSelector`,
  `patch ${crs}`,
  `patch ${crs} with merge-patch`,
  `patch ${crs} with json-patch`,
  `patch ${crs} with apply-patch`,
  `patch ${crs} with fieldManager`,
  `patch ${crs}/status`,
  `patch ${crs}/status with merge-patch`,
  'get leases.coordination.k8s.io',
  'create leases.coordination.k8s.io',
  'update leases.coordination.k8s.io',
  'create events',
  'create events with dryRun',
  'list events',
  'list events with fieldSelector',
  'get customresourcedefinitions.apiextensions.k8s.io',
  'patch customresourcedefinitions.apiextensions.k8s.io',
  'patch customresourcedefinitions.apiextensions.k8s.io with apply-patch',
  'patch customresourcedefinitions.apiextensions.k8s.io with fieldManager',
  'get secrets',
  'list secrets',
  'create secrets',
  'patch secrets',
  'patch secrets with merge-patch',
  'patch secrets with apply-patch',
  'patch secrets with fieldManager',
];

/** What the record needs and no case of the contract is about, each once. */
export function uncovered(calls: Iterable<RecordedCall>): string[] {
  const used = new Set([...calls].flatMap(needs));
  return [...used].filter((need) => !covered.includes(need)).sort();
}
