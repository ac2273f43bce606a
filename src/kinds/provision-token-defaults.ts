// What Teleport fills in when it stores a join token (kinds.md E.4).
import type { ProvisionTokenV2 } from '../gen/teleport/types/provision_token_pb.js';

/** Adds the server's defaults. */
export function tokenDefaults(token: ProvisionTokenV2): void {
  const spec = token.Spec;
  if (!spec) return;
  if (spec.JoinMethod === '') spec.JoinMethod = spec.Allow.length > 0 ? 'ec2' : 'token';
  if (spec.JoinMethod === 'ec2' && spec.AWSIIDTTL === 0n) spec.AWSIIDTTL = 300_000_000_000n;
  if (spec.Kubernetes && spec.Kubernetes.Type === '') spec.Kubernetes.Type = 'in_cluster';
  if (spec.GitLab && spec.GitLab.Domain === '') spec.GitLab.Domain = 'gitlab.com';
}
