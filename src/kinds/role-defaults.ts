// What Teleport fills in when it stores a role (kinds.md E.2, and the answers of a real server under
// test/facts/golden), for comparing a stored role with a wanted one. What Teleport refuses is its own affair.
import { create } from '@bufbuild/protobuf';
import type { BoolValue } from '../gen/teleport/types/common_pb.js';
import { BoolValueSchema, IdPOptionsSchema } from '../gen/teleport/types/common_pb.js';
import {
  CreateHostUserMode,
  type KubernetesResource,
  KubernetesResourceSchema,
  RecordSessionSchema,
  type RoleConditions,
  RoleConditionsSchema,
  type RoleOptions,
  RoleOptionsSchema,
  RoleSpecV6Schema,
  type RoleV6,
} from '../gen/teleport/types/role_pb.js';

const any = '*';
const hour = 3_600_000_000_000n;

/** Adds the server's defaults of the role's version (v5 to v8) to its spec. */
export function roleDefaults(role: RoleV6): void {
  const spec = (role.Spec ??= create(RoleSpecV6Schema));
  const options = (spec.Options ??= create(RoleOptionsSchema));
  const allow = (spec.Allow ??= create(RoleConditionsSchema));
  const deny = (spec.Deny ??= create(RoleConditionsSchema));
  optionDefaults(options, role.Version);
  if (allow.Namespaces.length === 0) allow.Namespaces = ['default'];
  if (deny.Namespaces.length === 0) deny.Namespaces = ['default'];
  const everything = allKubernetesResources(role.Version);
  if (everything && allow.KubernetesResources.length === 0 && selectsKubernetes(allow))
    allow.KubernetesResources = [everything];
  if (isUpToV6(role.Version)) {
    for (const resource of [...allow.KubernetesResources, ...deny.KubernetesResources]) {
      if (resource.Verbs.length === 0) resource.Verbs = [any];
    }
  }
}

function optionDefaults(options: RoleOptions, version: string): void {
  if (options.CertificateFormat === '') options.CertificateFormat = 'standard';
  if (options.MaxSessionTTL <= 0n) options.MaxSessionTTL = 30n * hour;
  if (options.BPF.length === 0) options.BPF = ['command', 'network'];
  options.RecordSession ??= create(RecordSessionSchema, { Desktop: stated(true), Default: 'best_effort' });
  options.DesktopClipboard ??= stated(true);
  options.DesktopDirectorySharing ??= stated(true);
  options.CreateDesktopUser ??= stated(false);
  options.CreateDatabaseUser ??= stated(false);
  options.SSHFileCopy ??= stated(true);
  if (!isV8OrLater(version)) options.IDP ??= create(IdPOptionsSchema, { SAML: { Enabled: stated(true) } });
  // Teleport keeps roles as JSON, where both say "drop".
  if (options.CreateHostUserMode === CreateHostUserMode.HOST_USER_MODE_DROP) {
    options.CreateHostUserMode = CreateHostUserMode.HOST_USER_MODE_INSECURE_DROP;
  }
}

/** What a role that selects Kubernetes clusters and names no resources in them may reach; v6 means what it says. */
function allKubernetesResources(version: string): KubernetesResource | undefined {
  const everywhere = { Namespace: any, Name: any, Verbs: [any] };
  if (version === 'v5') return create(KubernetesResourceSchema, { ...everywhere, Kind: 'pod' });
  if (version === 'v7') return create(KubernetesResourceSchema, { ...everywhere, Kind: any });
  return isV8OrLater(version)
    ? create(KubernetesResourceSchema, { ...everywhere, Kind: any, APIGroup: any })
    : undefined;
}

function selectsKubernetes(allow: RoleConditions): boolean {
  return (
    allow.KubernetesLabelsExpression !== '' || Object.keys(allow.KubernetesLabels?.Values ?? {}).length > 0
  );
}

function isUpToV6(version: string): boolean {
  return version === 'v5' || version === 'v6';
}

function isV8OrLater(version: string): boolean {
  return !isUpToV6(version) && version !== 'v7';
}

function stated(value: boolean): BoolValue {
  return create(BoolValueSchema, { Value: value });
}
