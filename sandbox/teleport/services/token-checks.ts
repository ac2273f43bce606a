// The validations of join tokens (kinds.md E.4), in the server's words. Defaults have been set.
import type {
  ProvisionTokenSpecV2,
  ProvisionTokenSpecV2Kubernetes,
  ProvisionTokenV2,
} from '../../../src/gen/teleport/types/provision_token_pb.js';
import { badParameter } from '../refusal.js';

/** Canonical names of system roles that tokens may grant, by lower-case name. */
const systemRoles = new Map(
  [
    'Auth',
    'Node',
    'Proxy',
    'Admin',
    'ProvisionToken',
    'Trusted_cluster',
    'Signup',
    'Nop',
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
  ].map((name) => [name.toLowerCase(), name]),
);

/** Methods with a block of their own in the spec, and how its absence is told. */
const blocks: Readonly<Record<string, { field: keyof ProvisionTokenSpecV2; missing: string }>> = {
  github: { field: 'GitHub', missing: '"github" configuration must be provided for join method "github"' },
  circleci: {
    field: 'CircleCI',
    missing: '"cirleci" configuration must be provided for join method "circleci"',
  },
  kubernetes: {
    field: 'Kubernetes',
    missing: '"kubernetes" configuration must be provided for the join method "kubernetes"',
  },
  azure: { field: 'Azure', missing: '"azure" configuration must be provided for the join method "azure"' },
  gitlab: {
    field: 'GitLab',
    missing: '"gitlab" configuration must be provided for the join method "gitlab"',
  },
  gcp: { field: 'GCP', missing: '"gcp" configuration must be provided for the join method "gcp"' },
  spacelift: {
    field: 'Spacelift',
    missing: 'spec.spacelift: must be configured for the join method "spacelift"',
  },
  tpm: { field: 'TPM', missing: 'spec.tpm: must be configured for the join method "tpm"' },
  terraform_cloud: {
    field: 'TerraformCloud',
    missing: 'spec.terraform_cloud: must be configured for the join method "terraform_cloud"',
  },
  bitbucket: {
    field: 'Bitbucket',
    missing: 'spec.bitbucket: must be configured for the join method "bitbucket"',
  },
  oracle: { field: 'Oracle', missing: 'spec.oracle: must be configured for the join method "oracle"' },
  azure_devops: {
    field: 'AzureDevops',
    missing: 'spec.azure_devops: must be configured for the join method "azure_devops"',
  },
  bound_keypair: {
    field: 'BoundKeypair',
    missing: 'spec.bound_keypair: must be configured for the join method "bound_keypair"',
  },
};

/** Also gives roles their canonical names. @throws BadParameter */
export function checkToken(token: ProvisionTokenV2): void {
  const spec = token.Spec;
  if (!spec || spec.Roles.length === 0) throw badParameter('provisioning token is missing roles');
  spec.Roles = spec.Roles.map((role) => {
    const canonical = systemRoles.get(role.toLowerCase());
    if (!canonical) throw badParameter(`role ${role} is not registered`);
    return canonical;
  });
  if (spec.Roles.includes('Bot') && spec.BotName === '') {
    throw badParameter('token with role "Bot" must set bot_name');
  }
  if (spec.BotName !== '' && !spec.Roles.includes('Bot')) {
    throw badParameter('can only set bot_name on token with role "Bot"');
  }
  const block = blocks[spec.JoinMethod];
  if (block) {
    if (!spec[block.field]) throw badParameter(block.missing);
  } else if (spec.JoinMethod === 'token') {
    if (spec.Allow.length > 0)
      throw badParameter('allow rules are not compatible with the "token" join method');
  } else if (spec.JoinMethod === 'ec2' || spec.JoinMethod === 'iam') {
    if (spec.Allow.length === 0) {
      throw badParameter(`the "${spec.JoinMethod}" join method requires defined token allow rules`);
    }
  } else {
    throw badParameter(`unknown join method "${spec.JoinMethod}"`);
  }
  if (spec.JoinMethod === 'kubernetes' && spec.Kubernetes) checkKubernetes(spec.Kubernetes);
}

function checkKubernetes(kubernetes: ProvisionTokenSpecV2Kubernetes): void {
  const refuse = (message: string): never => {
    throw badParameter(`spec.kubernetes:\n\t${message}`);
  };
  if (kubernetes.Allow.length === 0) refuse('allow: at least one rule must be set');
  kubernetes.Allow.forEach((rule, index) => {
    const at = `allow[${index}].service_account: name of service account`;
    if (rule.ServiceAccount === '') refuse(`${at} must be set`);
    if (rule.ServiceAccount.split(':').length !== 2) {
      refuse(`${at} should be in format "namespace:service_account", got "${rule.ServiceAccount}" instead`);
    }
  });
  if (kubernetes.Type === 'in_cluster') {
    if (kubernetes.StaticJWKS) refuse('static_jwks: must not be set when type is "in_cluster"');
  } else if (kubernetes.Type === 'static_jwks') {
    if (!kubernetes.StaticJWKS) refuse('static_jwks: must be set when type is "static_jwks"');
    if (!kubernetes.StaticJWKS?.JWKS) refuse('static_jwks.jwks: must be set when type is "static_jwks"');
  } else {
    refuse(`type: must be one of (in_cluster, static_jwks), got "${kubernetes.Type}"`);
  }
}
