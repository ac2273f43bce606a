// The only list of join methods, and what the world around them is: the issuers and clouds that tests supply.

import { type AzureTrust, azureMethod } from './azure.js';
import { boundKeypairMethod } from './bound-keypair.js';
import { type AwsUsers, iamMethod } from './iam.js';
import { type Issuers, jwtMethods } from './jwt.js';
import { kubernetesMethod, type ReviewToken } from './kubernetes.js';
import type { JoinMethod } from './method.js';
import { tokenMethod } from './token.js';

/** Whom the sandbox's Auth believes beside the token's own content. */
export interface JoinWorld {
  /** Makes in_cluster joins work; without it Auth is not in Kubernetes. */
  readonly reviewToken?: ReviewToken;
  readonly issuers?: Issuers;
  readonly awsUsers?: AwsUsers;
  readonly azure?: AzureTrust;
}

export function joinMethods(world: JoinWorld): JoinMethod[] {
  return [
    tokenMethod,
    kubernetesMethod(() => world.reviewToken),
    ...jwtMethods(() => world.issuers),
    iamMethod(() => world.awsUsers),
    azureMethod(() => world.azure),
    boundKeypairMethod,
  ];
}
