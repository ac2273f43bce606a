// In which versions a resource is served: one that is not served as we know it may have objects all the same.
import type { ApiResource } from './object.js';
import type { CallOptions, KubeClient } from './verbs.js';

/** Asks discovery. @throws KubeError */
export async function servedVersions(
  kube: Pick<KubeClient, 'versions' | 'discover'>,
  { group, plural }: ApiResource,
  options: CallOptions = {},
): Promise<readonly string[]> {
  const versions = await kube.versions(group, options);
  const found = await Promise.all(versions.map((version) => kube.discover(group, version, options)));
  return versions.filter((_, at) => found[at]?.some(({ name }) => name === plural));
}
