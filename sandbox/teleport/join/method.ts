// The contract of a join method: how a join request's proof is checked against the token. One file a method;
// what all methods have in common is in join.ts.
import type { RegisterUsingTokenRequest } from '../../../src/gen/teleport/types/common_pb.js';
import type { ProvisionTokenV2 } from '../../../src/gen/teleport/types/provision_token_pb.js';
import type { ClusterState } from '../state/cluster.js';

/** What a client answered to a challenge; methods that need none get none. */
export type Proof =
  | { readonly form: 'iam'; readonly challenge: string; readonly stsIdentityRequest: Uint8Array }
  | {
      readonly form: 'azure';
      readonly challenge: string;
      readonly attestedData: Uint8Array;
      readonly accessToken: string;
    }
  /** Checked during the conversation (bound-keypair.ts). */
  | { readonly form: 'bound_keypair' };

export interface JoinMethod {
  readonly name: string;
  /** Whether the certificate can be renewed with GenerateUserCerts and the token is spent by the join. */
  readonly renewable: boolean;
  /**
   * @returns the attributes that the certificate carries, apart from the method
   * @throws ConnectError, as Teleport refuses
   */
  verify(
    state: ClusterState,
    token: ProvisionTokenV2,
    request: RegisterUsingTokenRequest,
    proof?: Proof,
  ): Promise<Record<string, unknown>>;
}
