// Whose a resource in Teleport is. Pure. What is not ours is never changed and never deleted.
import { botLabel, operatorIdLabel, originKubernetes, originLabel } from './names.js';

export type Ownership = 'none' | 'ours' | 'notOurs';

/**
 * @param labels of the existing resource; undefined where there is no resource. One without the origin label
 * is somebody else's, and so is one that bears another operator's id, and the user that stands for a bot: it has
 * the bot's labels, ours among them.
 * @param operatorId ours, where we have one; a resource that bears none is then ours too, and is given it.
 */
export function ownership(
  labels: Readonly<Record<string, string>> | undefined,
  operatorId: string | undefined,
): Ownership {
  if (labels === undefined) return 'none';
  const id = labels[operatorIdLabel];
  const another = id !== undefined && id !== (operatorId ?? '');
  const ofBot = labels[botLabel] !== undefined;
  return labels[originLabel] === originKubernetes && !another && !ofBot ? 'ours' : 'notOurs';
}
