// The validations of roles that cost little (kinds.md E.2), in the server's words. Defaults have been set.

import type { KubernetesResource, RoleV6 } from '../../../src/gen/teleport/types/role_pb.js';
import type { LabelValues } from '../../../src/gen/teleport/types/wrappers_pb.js';
import { badParameter } from '../refusal.js';

/** @throws BadParameter */
export function checkRole(role: RoleV6): void {
  const options = role.Spec?.Options;
  const allow = role.Spec?.Allow;
  const deny = role.Spec?.Deny;
  for (const side of [allow, deny]) {
    for (const resource of side?.KubernetesResources ?? []) checkKubernetesResource(role.Version, resource);
  }
  for (const value of options?.BPF ?? []) {
    if (!['command', 'disk', 'network'].includes(value)) {
      throw badParameter(`invalid value for role option enhanced_recording: ${value}`);
    }
  }
  if (options && !['', 'strict', 'best_effort'].includes(options.Lock)) {
    throw badParameter(`invalid value for role option lock: ${options.Lock}`);
  }
  if (options?.PortForwarding && options.SSHPortForwarding) {
    throw badParameter(
      "options define both 'port_forwarding' and 'ssh_port_forwarding', only one can be set",
    );
  }
  const wildcards: readonly [readonly string[] | undefined, string][] = [
    [allow?.Logins, 'wildcard matcher is not allowed in logins'],
    [allow?.AWSRoleARNs, 'wildcard matcher is not allowed in aws_role_arns'],
    [allow?.AzureIdentities, 'wildcard matcher is not allowed in allow.azure_identities'],
    [allow?.GCPServiceAccounts, 'wildcard matcher is not allowed in allow.gcp_service_accounts'],
    [allow?.DatabaseRoles, 'wildcard is not allowed in allow.database_roles'],
  ];
  for (const [values, message] of wildcards) {
    if (values?.includes('*')) throw badParameter(message);
  }
  for (const labels of [
    allow?.NodeLabels,
    allow?.AppLabels,
    allow?.KubernetesLabels,
    allow?.DatabaseLabels,
    allow?.WindowsDesktopLabels,
    allow?.GroupLabels,
    allow?.WorkloadIdentityLabels,
  ]) {
    checkSelector(labels);
  }
  for (const permission of allow?.DatabasePermissions ?? []) {
    if (permission.Permissions.includes('*')) {
      throw badParameter('individual database permissions cannot be wildcards strings');
    }
  }
  for (const [name, side] of [
    ['allow', allow],
    ['deny', deny],
  ] as const) {
    side?.Rules.forEach((rule, index) => {
      if (rule.Resources.length === 0) {
        throw badParameter(`failed to process '${name}' rule ${index}: missing resources to match`);
      }
      if (rule.Verbs.length === 0)
        throw badParameter(`failed to process '${name}' rule ${index}: missing verbs`);
    });
  }
  if (deny?.Impersonate?.Where) throw badParameter("'where' is not supported in deny.impersonate conditions");
}

function checkSelector(labels: LabelValues | undefined): void {
  const values = labels?.Values['*']?.Values;
  if (values && (values.length !== 1 || values[0] !== '*')) {
    throw badParameter('selector *:<val> is not supported');
  }
}

function checkKubernetesResource(version: string, resource: KubernetesResource): void {
  const upgrade = 'Upgrade the role version to "v8"';
  if (version !== 'v8' && version !== 'v7') {
    if (resource.Kind !== 'pod') {
      throw badParameter(
        `KubernetesResource kind "${resource.Kind}" is not supported in role version "${version}". ${upgrade}`,
      );
    }
    if (resource.Verbs.length !== 1 || resource.Verbs[0] !== '*') {
      throw badParameter(`Role version "${version}" only supports "*" verb. ${upgrade}`);
    }
  }
  if (version !== 'v8' && resource.APIGroup !== '') {
    throw badParameter(
      `API Group "${resource.APIGroup}" is not supported in role version "${version}". ${upgrade}`,
    );
  }
  if (version === 'v8' && resource.Kind === '') {
    throw badParameter('KubernetesResource kind "" is required in role version "v8"');
  }
  if (
    version === 'v8' &&
    resource.Kind === 'pod' &&
    (resource.APIGroup === '' || resource.APIGroup === '*')
  ) {
    throw badParameter(
      'KubernetesResource kind "pod" is invalid. Please use plural name for role version "v8"',
    );
  }
  if (resource.Name === '') throw badParameter('KubernetesResource must include Name');
}
