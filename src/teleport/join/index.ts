// The only list of join methods.
import { azure } from './azure.js';
import { azureDevops } from './azure-devops.js';
import { bitbucket } from './bitbucket.js';
import { boundKeypair } from './bound-keypair.js';
import { circleci } from './circleci.js';
import { gcp } from './gcp.js';
import { github } from './github.js';
import { gitlab } from './gitlab.js';
import { iam } from './iam.js';
import { kubernetes } from './kubernetes.js';
import type { JoinMethod } from './method.js';
import { spacelift } from './spacelift.js';
import { terraformCloud } from './terraform-cloud.js';
import { token } from './token.js';

export const joinMethods: readonly JoinMethod[] = [
  azure,
  azureDevops,
  bitbucket,
  boundKeypair,
  circleci,
  gcp,
  github,
  gitlab,
  iam,
  kubernetes,
  spacelift,
  terraformCloud,
  token,
];

/** Methods of Teleport that this operator does not have, and why. */
const never: Readonly<Record<string, string>> = {
  ec2: 'Teleport does not let bots join with it; use iam, which works on every EC2 instance with a role',
  oracle: 'Teleport 18.0 does not let bots join with it; in OKE use kubernetes with type static_jwks',
  tpm:
    'it needs the TPM device of the machine, which a Pod does not have, and there is no well-kept TPM library for ' +
    'Node.js; use kubernetes with type static_jwks, which needs no device',
};

export function findJoinMethod(name: string): JoinMethod | undefined {
  return joinMethods.find((method) => method.name === name);
}

/** What is wrong with a `-join-method` value, or undefined. */
export function joinMethodMistake(name: string): string | undefined {
  if (findJoinMethod(name)) return undefined;
  const why = never[name];
  if (why !== undefined) return `-join-method "${name}" is not supported: ${why}`;
  const supported = joinMethods.map((method) => method.name).join(', ');
  return `-join-method "${name}" is not a join method; supported are: ${supported}`;
}
