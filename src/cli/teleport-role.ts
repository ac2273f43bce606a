// The `teleport-role` command: the Teleport role for the operator's bot, as YAML for `tctl create -f`. What it
// must allow comes from the kinds (kinds/permissions.ts); here it only gets its form.
import { stringify } from 'yaml';

/** The `allow` part, as kinds/permissions.ts makes it. */
interface Allow {
  readonly rules: readonly object[];
  readonly matchers: object;
}

/** The role as a YAML document. Version v7 is the newest that Teleport 15 to 18 all take. */
export function printTeleportRole(allow: Allow): string {
  const role = {
    kind: 'role',
    version: 'v7',
    metadata: {
      name: 'operator',
      description: 'What teleport-operator manages: the resources of its kinds, and nothing else.',
    },
    spec: { allow: { ...allow.matchers, rules: allow.rules } },
  };
  return stringify(role, { version: '1.1', lineWidth: 0 });
}
