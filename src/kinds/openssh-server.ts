// TeleportOpenSSHServerV2 and TeleportOpenSSHEICEServerV2: servers without an agent, reached by the proxy
// itself or through EC2 Instance Connect. Both are nodes in Teleport and differ in their sub-kind.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import { ServerSpecV2Schema, type ServerV2, ServerV2Schema } from '../gen/teleport/types/server_pb.js';
import { call, nothing } from './calls.js';
import { legacyForm } from './forms.js';
import { type AnyKind, declareKind } from './kind.js';

const inDefault = (Name: string) => ({ Name, Namespace: 'default' });

function server(
  subKind: string,
  kind: string,
  plural: string,
  shortNames: string[],
  description: string,
): AnyKind {
  const upsert = call(AuthService.method.upsertNode, (node: ServerV2) => node, nothing);
  return declareKind({
    object: {
      kind,
      plural,
      shortNames,
      versions: [{ name: 'v1', storage: true }],
      columns: [
        { name: 'Hostname', jsonPath: '.spec.hostname', type: 'string' },
        { name: 'Address', jsonPath: '.spec.addr', type: 'string' },
      ],
      description,
    },
    resource: { kind: 'node', version: 'v2', subKind },
    schema: ServerV2Schema,
    form: legacyForm(ServerV2Schema),
    spec: { schema: ServerSpecV2Schema, hidden: ['cmd_labels'] },
    mayBeHidden: true,
    seenBy: 'node_labels',
    calls: {
      get: call(AuthService.method.getNode, inDefault, (stored) => stored),
      create: upsert,
      update: upsert,
      delete: call(AuthService.method.deleteNode, inDefault, nothing),
    },
  });
}

export const opensshServer = server(
  'openssh',
  'TeleportOpenSSHServerV2',
  'teleportopensshserversv2',
  ['opensshserverv2', 'opensshserversv2'],
  'A server that runs plain OpenSSH and no Teleport agent; the proxy connects to its address.',
);

export const opensshEiceServer = server(
  'openssh-ec2-ice',
  'TeleportOpenSSHEICEServerV2',
  'teleportopenssheiceserversv2',
  ['openssheiceserverv2', 'openssheiceserversv2'],
  'An EC2 instance without a Teleport agent that is reached through EC2 Instance Connect Endpoint.',
);
