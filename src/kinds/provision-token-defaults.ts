// What Teleport fills in when it stores a join token (kinds.md E.4, and the answers of a real server under
// test/facts/golden). What Teleport refuses is its own affair.
import { create } from '@bufbuild/protobuf';
import type { ProvisionTokenSpecV2, ProvisionTokenV2 } from '../gen/teleport/types/provision_token_pb.js';
import { ProvisionTokenSpecV2BoundKeypair_RecoverySpecSchema } from '../gen/teleport/types/provision_token_pb.js';

const fiveMinutes = 300_000_000_000n;

/** Adds the server's defaults: the join method, those of the method's own block, and the roles' proper names. */
export function tokenDefaults(token: ProvisionTokenV2): void {
  const spec = token.Spec;
  if (!spec) return;
  spec.Roles = spec.Roles.map((role) => properNames.get(role.trim().toLowerCase()) ?? role);
  if (spec.JoinMethod === '') spec.JoinMethod = spec.Allow.length > 0 ? 'ec2' : 'token';
  methodDefaults(spec);
}

/** Only the block of the join method is completed: a block that stands there unused stays as written. */
function methodDefaults(spec: ProvisionTokenSpecV2): void {
  switch (spec.JoinMethod) {
    case 'ec2':
      if (spec.AWSIIDTTL === 0n) spec.AWSIIDTTL = fiveMinutes;
      break;
    case 'kubernetes':
      if (spec.Kubernetes?.Type === '') spec.Kubernetes.Type = 'in_cluster';
      break;
    case 'gitlab':
      if (spec.GitLab?.Domain === '') spec.GitLab.Domain = 'gitlab.com';
      break;
    case 'bound_keypair':
      if (spec.BoundKeypair) {
        const recovery = (spec.BoundKeypair.Recovery ??= create(
          ProvisionTokenSpecV2BoundKeypair_RecoverySpecSchema,
        ));
        if (recovery.Limit === 0) recovery.Limit = 1;
      }
      break;
  }
}

// Teleport reads system roles without regard to case, two of them also with an underscore more or less.
const properNames: ReadonlyMap<string, string> = new Map([
  ...[
    'Auth',
    'Node',
    'Proxy',
    'Admin',
    'ProvisionToken',
    'Trusted_cluster',
    'Signup',
    'Nop',
    'RemoteProxy',
    'Kube',
    'App',
    'Db',
    'WindowsDesktop',
    'Bot',
    'Instance',
    'Discovery',
    'Okta',
    'MDM',
    'AccessGraphPlugin',
  ].map((name): [string, string] => [name.toLowerCase(), name]),
  ['trustedcluster', 'Trusted_cluster'],
  ['remote_proxy', 'RemoteProxy'],
  ['windows_desktop', 'WindowsDesktop'],
]);
