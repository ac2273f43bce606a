// The contract of a join method: how a join request's proof is checked against the token. One file a method;
// what all methods have in common is in join.ts.
import type { RegisterUsingTokenRequest } from '../../../src/gen/teleport/types/common_pb.js';
import type { ProvisionTokenV2 } from '../../../src/gen/teleport/types/provision_token_pb.js';
import type { ClusterState } from '../state/cluster.js';

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
  ): Promise<Record<string, unknown>>;
}
