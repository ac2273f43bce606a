// Which resources may be taken over when an object asks for it. Pure. What belongs to Teleport itself or to
// another system is refused: a takeover there would break it, or be undone.
import { originLabel } from './names.js';

const othersOrigins: Readonly<Record<string, string>> = {
  defaults: "Teleport's own defaults",
  'config-file': "Teleport's configuration file",
  cloud: 'Teleport Cloud',
  okta: 'the Okta integration',
  scim: 'the SCIM integration',
  'entra-id': 'the Entra ID integration',
  'aws-identity-center': 'the AWS Identity Center integration',
  'discovery-kubernetes': 'the discovery service',
};

/** Why the resource may not be taken over; undefined where it may. */
export function adoptionRefusal(labels: Readonly<Record<string, string>>): string | undefined {
  const origin = labels[originLabel];
  const owner = origin === undefined ? undefined : othersOrigins[origin];
  if (owner !== undefined) return `it belongs to ${owner} (label ${originLabel}: ${origin})`;
  const internal = Object.keys(labels).find((label) => label.startsWith('teleport.internal/'));
  return internal === undefined ? undefined : `it is one of Teleport's own (label ${internal})`;
}
