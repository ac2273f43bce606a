// In which versions a resource is served: one that is not served as we know it may have objects all the same.
import type { ApiResource } from './object.js';
import type { CallOptions, KubeClient } from './verbs.js';

/** The part of a client that asks what the server has. */
export type Discovery = Pick<KubeClient, 'versions' | 'discover'>;

/** Asks discovery. @throws KubeError */
export async function servedVersions(
  kube: Discovery,
  { group, plural }: ApiResource,
  options: CallOptions = {},
): Promise<readonly string[]> {
  const versions = await kube.versions(group, options);
  const found = await Promise.all(versions.map((version) => kube.discover(group, version, options)));
  return versions.filter((_, at) => found[at]?.some(({ name }) => name === plural));
}
