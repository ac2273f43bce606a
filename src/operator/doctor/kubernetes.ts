// The doctor's questions to Kubernetes: does it answer, is the namespace there, are the CRDs, and may we do what the
// operator does.
import { type AnyKind, group } from '../../kinds/kind.js';
import { kubeRules, objectRule } from '../../kinds/permissions.js';
import type { KubeClient, Stored } from '../../kube/client.js';
import { isKubeError } from '../../kube/errors.js';
import type { ApiResource } from '../../kube/object.js';
import type { Namespaces } from '../namespaces.js';
import { installCrdsCommand, servedOtherwise, servedOtherwiseRemedy } from '../served-otherwise.js';
import { type Finding, failed, ok, skipped, warning } from './findings.js';

const reviews: ApiResource = {
  group: 'authorization.k8s.io',
  version: 'v1',
  plural: 'selfsubjectaccessreviews',
};
const namespacesResource: ApiResource = { group: '', version: 'v1', plural: 'namespaces' };

interface Asked {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly namespace: string | undefined;
}

interface Review extends Stored {
  readonly status?: { readonly allowed?: boolean };
}

/** Asks all of it; the rest is skipped where the API server does not answer. */
export async function askKubernetes(
  kube: KubeClient,
  kinds: readonly AnyKind[],
  own: string,
  namespaces: Namespaces,
  signal: AbortSignal,
): Promise<Finding[]> {
  try {
    await isAllowed(kube, { group, resource: 'teleportroles', verb: 'list', namespace: own }, signal);
  } catch (error) {
    const unknown = isKubeError(error, 'Unauthorized');
    return [
      failed(
        'kubernetes',
        `the API server ${unknown ? 'does not know us' : 'does not answer'}: ${text(error)}`,
        unknown
          ? 'compare the credentials of -kubeconfig, or the service account of the Pod'
          : 'compare -kubeconfig, $KUBECONFIG and network policies',
      ),
      ...['namespace', 'crds', 'kubernetes permissions'].map((check) =>
        skipped(check, 'needs an API server that answers'),
      ),
    ];
  }
  const asked = namespaces === 'all' ? [own] : [...new Set([own, ...namespaces])];
  return [
    ok('kubernetes', 'the API server answers'),
    ...(await Promise.all(asked.map((name) => askNamespace(kube, name, signal)))),
    ...(await askCrds(kube, kinds, signal)),
    await askPermissions(kube, kinds, own, namespaces, signal),
  ];
}

async function askNamespace(kube: KubeClient, name: string, signal: AbortSignal): Promise<Finding> {
  try {
    await kube.get(namespacesResource, { name }, { signal });
    return ok('namespace', `${name} is there`);
  } catch (error) {
    if (isKubeError(error, 'NotFound')) {
      const remedy = `kubectl create namespace ${name}, or correct -namespace and -namespaces`;
      return failed('namespace', `${name} does not exist`, remedy);
    }
    if (isKubeError(error, 'Forbidden')) return skipped('namespace', `${name}: we may not look, nor need to`);
    return failed('namespace', `${name}: ${text(error)}`, 'try again');
  }
}

async function askCrds(kube: KubeClient, kinds: readonly AnyKind[], signal: AbortSignal): Promise<Finding[]> {
  const versions = [...new Set(kinds.flatMap(({ object }) => object.versions.map(({ name }) => name)))];
  const servedAs = new Map<string, string[]>();
  const others = await kube.versions(group, { signal }).catch(() => []);
  for (const version of new Set([...versions, ...others])) {
    const found = (await kube.discover(group, version, { signal }).catch(() => undefined)) ?? [];
    for (const { name } of found) {
      if (!name.includes('/')) servedAs.set(name, [...(servedAs.get(name) ?? []), version]);
    }
  }
  const isServed = (plural: string, version: string): boolean =>
    servedAs.get(plural)?.includes(version) ?? false;
  const unknown = kinds.filter(({ object }) =>
    object.versions.every(({ name }) => !isServed(object.plural, name)),
  );
  const outdated = kinds.flatMap(({ object }) =>
    object.versions
      .filter(({ name }) => !isServed(object.plural, name))
      .map(({ name }) => `${object.plural} ${name}`)
      .filter(() => !unknown.some((kind) => kind.object.plural === object.plural)),
  );
  const absent = unknown.filter(({ object }) => !servedAs.has(object.plural));
  const otherwise = unknown.flatMap((kind) => {
    const { plural } = kind.object;
    const as = servedAs.get(plural);
    return as ? [failed('crds', `${plural}: ${servedOtherwise(kind, as)}`, servedOtherwiseRemedy(as))] : [];
  });
  if (absent.length === kinds.length)
    return [failed('crds', 'none of the CRDs is installed', installCrdsCommand)];
  const findings: Finding[] = [...otherwise];
  if (absent.length > 0) {
    const names = absent.map(({ object }) => object.plural).join(', ');
    findings.push(warning('crds', `not installed, so these kinds are off: ${names}`, installCrdsCommand));
  }
  if (outdated.length > 0)
    findings.push(failed('crds', `versions that are not served: ${outdated.join(', ')}`, installCrdsCommand));
  const { forgetful, unasked } = await askMemory(kube, kinds, versions, signal);
  if (forgetful.length > 0) {
    const detail =
      `not this operator's (the Go operator's, left in place): status loses what is remembered there, so drift is corrected whatever is asked, ` +
      `and one-time bot tokens and resources with a name of their own are refused: ${forgetful.join(', ')}`;
    findings.push(warning('crds', detail, installCrdsCommand));
  }
  if (unasked !== undefined) findings.push(skipped('crds', `whose they are can't be asked: ${unasked}`));
  return findings.length > 0 ? findings : [ok('crds', `${kinds.length} kinds, all versions served`)];
}

/** The kinds whose published schema has no place in status for what the operator remembers. */
async function askMemory(
  kube: KubeClient,
  kinds: readonly AnyKind[],
  versions: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly forgetful: readonly string[]; readonly unasked?: string }> {
  const forgetful: string[] = [];
  for (const version of versions) {
    try {
      const schemas = await kube.describe(group, version, { signal });
      for (const { object } of kinds) {
        const status = schemas?.get(object.kind)?.properties?.['status'];
        if (
          status &&
          !('applied' in (status.properties ?? {})) &&
          !status['x-kubernetes-preserve-unknown-fields']
        )
          forgetful.push(object.versions.length > 1 ? `${object.plural} ${version}` : object.plural);
      }
    } catch (error) {
      return { forgetful, unasked: text(error) };
    }
  }
  return { forgetful };
}

async function askPermissions(
  kube: KubeClient,
  kinds: readonly AnyKind[],
  own: string,
  namespaces: Namespaces,
  signal: AbortSignal,
): Promise<Finding> {
  const check = 'kubernetes permissions';
  const inObjects = objectRule(kinds).resources;
  const asked: Asked[] = kubeRules(kinds).flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((apiGroup) =>
      resources.flatMap((resource) => {
        const places = !inObjects.includes(resource)
          ? [own]
          : namespaces === 'all'
            ? [undefined]
            : namespaces;
        return places.flatMap((namespace) =>
          verbs.map((verb): Asked => ({ group: apiGroup, resource, verb, namespace })),
        );
      }),
    ),
  );
  const missing = new Map<string, string[]>();
  const queue = [...asked];
  const ask = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      if (await isAllowed(kube, one, signal)) continue;
      const where = `${one.resource} in ${one.namespace ?? 'all namespaces'}`;
      missing.set(where, [...(missing.get(where) ?? []), one.verb]);
    }
  };
  try {
    await Promise.all(Array.from({ length: 8 }, ask));
  } catch (error) {
    return failed(check, `cannot be asked: ${text(error)}`, 'try again');
  }
  if (missing.size === 0) return ok(check, `all ${asked.length} that the operator uses`);
  const rows = [...missing].map(([where, verbs]) => `${verbs.join(', ')} ${where}`);
  const shown = rows.slice(0, 8).join('; ') + (rows.length > 8 ? `; and ${rows.length - 8} more` : '');
  return failed(
    check,
    `missing: ${shown}`,
    'apply the Role of docs/rbac.yaml to the service account, or the chart',
  );
}

async function isAllowed(kube: KubeClient, asked: Asked, signal: AbortSignal): Promise<boolean> {
  const [resource, subresource] = asked.resource.split('/');
  const { namespace, verb } = asked;
  const resourceAttributes = {
    group: asked.group,
    resource,
    verb,
    ...(namespace === undefined ? {} : { namespace }),
    ...(subresource === undefined ? {} : { subresource }),
  };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    // Not stored, so it has no name.
    metadata: {},
    spec: { resourceAttributes },
  } as unknown as Review;
  const answer = await kube.create<Review>(reviews, body, { signal });
  return answer.status?.allowed === true;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
