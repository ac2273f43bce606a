// Which kinds the licence of this Teleport allows, by what Ping tells of its features (joining.md 7.2). Pure.
import type { Features } from '../gen/teleport/client/authservice_pb.js';
import type { AnyKind, Feature } from '../kinds/kind.js';

const has: Readonly<Record<Feature, (features: Features) => boolean>> = {
  OIDC: (features) => entitled(features, 'OIDC') ?? features.OIDC,
  SAML: (features) => entitled(features, 'SAML') ?? features.SAML,
  AdvancedAccessWorkflows: (features) => features.AdvancedAccessWorkflows,
};

/** Servers that are older than entitlements send none at all, and the booleans count. */
function entitled({ entitlements }: Features, name: string): boolean | undefined {
  return Object.keys(entitlements).length === 0 ? undefined : (entitlements[name]?.enabled ?? false);
}

/** What the kind lacks, in words; undefined where nothing. Unknown features lack nothing: Teleport will say. */
export function lacking(kind: AnyKind, features: Features | undefined): string | undefined {
  if (!features || kind.needs.length === 0 || kind.needs.some((need) => has[need](features)))
    return undefined;
  return `${kind.object.kind} needs Teleport Enterprise with ${kind.needs.map((need) => words[need]).join(' or ')}.`;
}

const words: Readonly<Record<Feature, string>> = {
  OIDC: 'OIDC',
  SAML: 'SAML',
  AdvancedAccessWorkflows: 'Identity Governance (advanced access workflows)',
};
