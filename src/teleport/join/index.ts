// The only list of join methods.
import { kubernetes } from './kubernetes.js';
import type { JoinMethod } from './method.js';
import { token } from './token.js';

const methods: readonly JoinMethod[] = [kubernetes, token];

/** Methods of Teleport that this operator does not have yet. */
const later = [
  'azure',
  'azure_devops',
  'bitbucket',
  'bound_keypair',
  'circleci',
  'gcp',
  'github',
  'gitlab',
  'iam',
  'oracle',
  'spacelift',
  'terraform_cloud',
  'tpm',
];

export function findJoinMethod(name: string): JoinMethod | undefined {
  return methods.find((method) => method.name === name);
}

/** What is wrong with a `-join-method` value, or undefined. */
export function joinMethodMistake(name: string): string | undefined {
  if (findJoinMethod(name)) return undefined;
  const supported = methods.map((method) => method.name).join(', ');
  if (later.includes(name)) return `-join-method "${name}" is not supported yet; supported are: ${supported}`;
  return `-join-method "${name}" is not a join method; supported are: ${supported}`;
}
