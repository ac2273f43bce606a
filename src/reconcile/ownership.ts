// Whose a resource in Teleport is. Pure. What is not ours is never changed and never deleted.
import { originKubernetes, originLabel } from './names.js';

export type Ownership = 'none' | 'ours' | 'notOurs';

/**
 * @param labels of the existing resource; undefined where there is no resource. A resource without the origin
 * label is somebody else's.
 */
export function ownership(labels: Readonly<Record<string, string>> | undefined): Ownership {
  if (labels === undefined) return 'none';
  return labels[originLabel] === originKubernetes ? 'ours' : 'notOurs';
}
