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

/** Our kinds stand for each other, and so do the documents of discovery: they are served by the same code. */
function subject({ group, resource, subresource }: RecordedCall): string {
  if (resource.startsWith('/')) {
    return resource
      .replace(/^\/apis\/[^/]+$/, '/apis/{group}')
      .replace(/^\/apis\/[^/]+\/[^/]+$/, '/apis/{group}/{version}')
      .replace(/^\/openapi\/v3\/.+$/, '/openapi/v3/{path}');
  }
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
const crds = 'customresourcedefinitions.apiextensions.k8s.io';
const paged = ['', 'limit', 'continue'];
const followed = ['', 'from-resourceVersion', 'bookmarks', 'timeoutSeconds'];
const applied = ['', 'apply-patch', 'fieldManager', 'force'];

/** Verb and subject, and the features that there are cases for; '' is the verb without any. */
const cases: readonly (readonly [string, readonly string[]])[] = [
  [`create ${crs}`, ['', 'dryRun', 'fieldValidation=Strict', 'fieldValidation=Ignore']],
  [`get ${crs}`, ['', 'table']],
  [`update ${crs}`, ['']],
  [`update ${crs}/status`, ['']],
  [`delete ${crs}`, ['', 'precondition uid']],
  [
    `list ${crs}`,
    [
      ...paged,
      'all-namespaces',
      'resourceVersion=0',
      'labelSelector',
      'fieldSelector=metadata.name',
      'table',
    ],
  ],
  [`watch ${crs}`, [...followed, 'all-namespaces', 'labelSelector', 'fieldSelector=metadata.name', 'table']],
  [`patch ${crs}`, [...applied, 'merge-patch', 'a guarding version']],
  [`patch ${crs}`, ['json-patch', 'json-patch test', 'json-patch add', 'json-patch remove']],
  [`patch ${crs}/status`, ['', 'merge-patch', 'a guarding version']],
  ['get leases.coordination.k8s.io', ['']],
  ['create leases.coordination.k8s.io', ['']],
  ['update leases.coordination.k8s.io', ['']],
  ['list leases.coordination.k8s.io', [...paged, 'all-namespaces']],
  ['create events', ['', 'dryRun']],
  ['list events', ['', 'fieldSelector=involvedObject.uid', 'all-namespaces', 'table', 'limit']],
  [`get ${crds}`, ['']],
  [`patch ${crds}`, applied],
  ['get secrets', ['']],
  ['create secrets', ['']],
  ['list secrets', [...paged, 'all-namespaces']],
  ['watch secrets', [...followed, 'all-namespaces']],
  ['patch secrets', ['', 'merge-patch', 'apply-patch', 'fieldManager']],
  ['get namespaces', ['']],
  ['get /apis/{group}', ['']],
  ['create selfsubjectaccessreviews.authorization.k8s.io', ['']],
  ['get /apis/{group}/{version}', ['']],
  ['get /openapi/v3/{path}', ['']],
];

export const covered: readonly string[] = cases.flatMap(([base, features]) =>
  features.map((feature) => (feature === '' ? base : `${base} with ${feature}`)),
);

/** What the record needs and no case of the contract is about, each once. */
export function uncovered(calls: Iterable<RecordedCall>): string[] {
  const used = new Set([...calls].flatMap(needs));
  return [...used].filter((need) => !covered.includes(need)).sort();
}
