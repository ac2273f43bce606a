// TeleportGithubConnector: sign-in with GitHub.
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import {
  GithubConnectorSpecV3Schema,
  type GithubConnectorV3,
  GithubConnectorV3Schema,
} from '../gen/teleport/types/github_connector_pb.js';
import { type Call, call, nothing, orElse, whole } from './calls.js';
import { legacyForm } from './forms.js';
import { declareKind } from './kind.js';
import { rolesNamed } from './mentions.js';

/** What servers have that lack the conditional verbs. */
const upserts: readonly Call<GithubConnectorV3, GithubConnectorV3 | undefined>[] = [
  call(
    AuthService.method.upsertGithubConnectorV2,
    (Connector: GithubConnectorV3) => ({ Connector }),
    (stored) => stored,
  ),
  call(AuthService.method.upsertGithubConnector, (connector: GithubConnectorV3) => connector, nothing),
];

export const githubConnector = declareKind({
  object: {
    kind: 'TeleportGithubConnector',
    plural: 'teleportgithubconnectors',
    shortNames: ['githubconnector', 'githubconnectors'],
    versions: [{ name: 'v3', storage: true }],
    columns: [],
    description:
      'A GitHub connector: who may sign in with a GitHub account, and which roles their teams give them.',
  },
  resource: { kind: 'github', version: 'v3' },
  schema: GithubConnectorV3Schema,
  form: legacyForm(GithubConnectorV3Schema),
  spec: { schema: GithubConnectorSpecV3Schema, hidden: ['teams_to_logins'] },
  mentions: ({ Spec: spec }) => rolesNamed(spec?.TeamsToRoles.flatMap(({ Roles }) => Roles)),
  calls: {
    get: call(
      AuthService.method.getGithubConnector,
      (Name: string) => ({ Name }),
      (stored) => stored,
    ),
    create: orElse(
      call(
        AuthService.method.createGithubConnector,
        (Connector: GithubConnectorV3) => ({ Connector }),
        (stored) => stored,
      ),
      ...upserts,
    ),
    update: orElse(
      call(
        AuthService.method.updateGithubConnector,
        (Connector: GithubConnectorV3) => ({ Connector }),
        (stored) => stored,
      ),
      ...upserts,
    ),
    list: whole(AuthService.method.getGithubConnectors, {}, ({ GithubConnectors }) => GithubConnectors),
    delete: call(AuthService.method.deleteGithubConnector, (Name: string) => ({ Name }), nothing),
  },
});
