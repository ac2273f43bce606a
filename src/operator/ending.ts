// Asks the API server whether a kind's CRD or the namespace is going away, with no more rights than upstream's
// chart gives: discovery, and a dry run of an Event.
import type { KubeClient } from '../kube/client.js';
import { isKubeError, isNamespaceClosed } from '../kube/errors.js';
import type { ApiResource, KubeObject } from '../kube/object.js';
import type { Ending } from '../reconcile/teardown.js';

/**
 * What ends. A CRD that is being deleted serves no `create` any more (apiextensions' discovery); a namespace
 * that is takes no new objects.
 * @throws KubeError
 */
export async function whatEnds(
  kube: KubeClient,
  resource: ApiResource,
  namespace: string,
  signal: AbortSignal,
): Promise<Ending> {
  // Side by side: every deletion waits for the answer.
  const [served, namespaceEnds] = await Promise.all([
    kube.discover(resource.group, resource.version, { signal }),
    isNamespaceEnding(kube, namespace, signal),
  ]);
  const mine = served?.find(({ name }) => name === resource.plural);
  if (!mine?.verbs.includes('create')) return 'its CRD';
  return namespaceEnds ? 'its namespace' : undefined;
}

async function isNamespaceEnding(kube: KubeClient, namespace: string, signal: AbortSignal): Promise<boolean> {
  const event: KubeObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `teleport-operator-probe.${Math.random().toString(36).slice(2)}`, namespace },
  };
  const body = {
    ...event,
    involvedObject: { kind: 'Namespace', name: namespace, namespace },
    reason: 'Probe',
    message: 'Never stored: asks whether the namespace takes new objects.',
  };
  try {
    await kube.create({ group: '', version: 'v1', plural: 'events' }, body, { signal, dryRun: true });
    return false;
  } catch (error) {
    if (isNamespaceClosed(error)) return true;
    // Without the right to create Events it can't be told; then a deletion is a deletion.
    if (isKubeError(error, 'Forbidden', 'Invalid', 'BadRequest', 'NotFound')) return false;
    throw error;
  }
}
