// What of a resource a round looks at, as plain values: written down here from what Teleport stores, so that the judge
// shares nothing with the operator's own comparison. And how an administrator changes each, in fields that specs state
// and in fields that they don't.
import { create, type Message } from '@bufbuild/protobuf';
import { type Bot, TraitSchema } from '../../src/gen/teleport/machineid/v1/bot_pb.js';
import type { AppV3 } from '../../src/gen/teleport/types/app_pb.js';
import type { GithubConnectorV3 } from '../../src/gen/teleport/types/github_connector_pb.js';
import type { LockV2 } from '../../src/gen/teleport/types/lock_pb.js';
import type { ProvisionTokenV2 } from '../../src/gen/teleport/types/provision_token_pb.js';
import type { RoleV6 } from '../../src/gen/teleport/types/role_pb.js';
import type { ServerV2 } from '../../src/gen/teleport/types/server_pb.js';
import { ExternalIdentitySchema, type UserV2 } from '../../src/gen/teleport/types/user_pb.js';
import type { WorkloadIdentity } from '../../src/gen/teleport/workloadidentity/v1/resource_pb.js';
import type { KubeObject } from '../../src/kube/object.js';
import type { Spec, Type } from './subjects.js';

/** What is compared; two that are equal as JSON are the same. */
export type View = Readonly<Record<string, unknown>>;

/** How resources of a type look in Teleport. */
interface Form<Resource> {
  /** What the server stores. */
  view(resource: Resource): View;
  /** What it is to store for an object; `secret` is what its Secret holds. */
  wanted(spec: Spec, kind: string, secret: string | undefined): View;
  /** What an administrator does to it: a stated field, then one that no spec states. */
  readonly edits: readonly ((resource: Resource) => void)[];
  /** Auth tells of its changes at once. */
  readonly watched: boolean;
  /** Auth refuses to write over what was changed since it was read, and to make what is there. */
  readonly guarded: boolean;
}

/** Teleport refuses some lists in which a word stands twice. */
function add(list: string[] | undefined, word: string): void {
  if (!list?.includes(word)) list?.push(word);
}

const form = <Resource>(of: Form<Resource>): Form<Resource> => of;

const forms = {
  role: form<RoleV6>({
    view: ({ Version: version, Spec: spec }) => ({
      version,
      allow: spec?.Allow?.Logins ?? [],
      deny: spec?.Deny?.Logins ?? [],
    }),
    wanted: (spec, kind) => ({
      version: kind.slice(-2).toLowerCase(),
      allow: spec.allow?.logins,
      deny: [],
    }),
    edits: [
      ({ Spec: spec }) => add(spec?.Allow?.Logins, 'mallory'),
      ({ Spec: spec }) => add(spec?.Deny?.Logins, 'mallory'),
    ],
    watched: true,
    guarded: true,
  }),
  user: form<UserV2>({
    view: ({ Spec: spec }) => ({ roles: spec?.Roles ?? [], github: spec?.GithubIdentities.length ?? 0 }),
    wanted: (spec) => ({ roles: spec.roles, github: 0 }),
    edits: [
      ({ Spec: spec }) => add(spec?.Roles, 'editor'),
      ({ Spec: spec }) =>
        void spec?.GithubIdentities.push(
          create(ExternalIdentitySchema, { ConnectorID: 'github', Username: 'mallory' }),
        ),
    ],
    watched: true,
    guarded: true,
  }),
  token: form<ProvisionTokenV2>({
    view: tokenView,
    wanted: (spec) => ({ method: spec.join_method, roles: spec.roles, bot: '', allow: 0 }),
    edits: [
      ({ Spec: spec }) => add(spec?.Roles, 'Proxy'),
      ({ Metadata: head }) => void (head && (head.Labels['team'] = 'mallory')),
    ],
    watched: true,
    guarded: false,
  }),
  once: form<ProvisionTokenV2>({
    view: tokenView,
    wanted: (spec) => ({ method: 'token', roles: spec.roles, bot: spec.bot_name, allow: 0 }),
    edits: [
      ({ Metadata: head }) => void (head && (head.Labels['team'] = 'mallory')),
      ({ Metadata: head }) => void (head && (head.Labels['other'] = 'mallory')),
    ],
    watched: true,
    guarded: false,
  }),
  github: form<GithubConnectorV3>({
    view: ({ Spec: spec }) => ({
      id: spec?.ClientID,
      display: spec?.Display,
      secret: spec?.ClientSecret,
      teams: spec?.TeamsToRoles.length,
    }),
    wanted: (spec, _kind, secret) => ({
      id: spec.client_id,
      display: spec.display,
      secret: spec.client_secret?.startsWith('secret://') ? secret : spec.client_secret,
      teams: 1,
    }),
    edits: [
      ({ Spec: spec }) => void (spec && (spec.Display = 'mallory')),
      ({ Spec: spec }) => void (spec && (spec.TeamsToRoles = [...spec.TeamsToRoles, ...spec.TeamsToRoles])),
    ],
    watched: false,
    guarded: true,
  }),
  lock: form<LockV2>({
    view: ({ Spec: spec }) => ({
      message: spec?.Message,
      user: spec?.Target?.User,
      login: spec?.Target?.Login,
    }),
    wanted: (spec) => ({ message: spec.message, user: spec.target?.user, login: '' }),
    edits: [
      ({ Spec: spec }) => void (spec && (spec.Message = 'mallory')),
      ({ Spec: spec }) => void (spec?.Target && (spec.Target.Login = 'mallory')),
    ],
    watched: true,
    guarded: false,
  }),
  bot: form<Bot>({
    view: ({ spec }) => ({ roles: spec?.roles ?? [], traits: spec?.traits.length ?? 0 }),
    wanted: (spec) => ({ roles: spec.roles, traits: 0 }),
    edits: [
      ({ spec }) => add(spec?.roles, 'auditor'),
      ({ spec }) => void spec?.traits.push(create(TraitSchema, { name: 'logins', values: ['mallory'] })),
    ],
    watched: false,
    guarded: false,
  }),
  app: form<AppV3>({
    view: ({ Spec: spec }) => ({ uri: spec?.URI, public: spec?.PublicAddr }),
    wanted: (spec) => ({ uri: spec.uri, public: '' }),
    edits: [
      ({ Spec: spec }) => void (spec && (spec.URI = 'http://localhost:1')),
      ({ Spec: spec }) => void (spec && (spec.PublicAddr = 'mallory.example.com')),
    ],
    watched: true,
    guarded: false,
  }),
  node: form<ServerV2>({
    view: ({ SubKind: sub, Spec: spec }) => ({ sub, addr: spec?.Addr, host: spec?.Hostname }),
    wanted: (spec) => ({ sub: 'openssh', addr: spec.addr, host: spec.hostname }),
    edits: [
      ({ Spec: spec }) => void (spec && (spec.Hostname = 'mallory')),
      ({ Metadata: head }) => void (head && (head.Labels['team'] = 'mallory')),
    ],
    watched: false,
    guarded: false,
  }),
  workload: form<WorkloadIdentity>({
    view: ({ spec }) => ({ id: spec?.spiffe?.id, hint: spec?.spiffe?.hint }),
    wanted: (spec) => ({ id: spec.spiffe?.id, hint: '' }),
    edits: [
      ({ spec }) => void (spec?.spiffe && (spec.spiffe.id = '/mallory')),
      ({ spec }) => void (spec?.spiffe && (spec.spiffe.hint = 'mallory')),
    ],
    watched: true,
    guarded: true,
  }),
};

function tokenView({ Spec: spec }: ProvisionTokenV2): View {
  return { method: spec?.JoinMethod, roles: spec?.Roles, bot: spec?.BotName, allow: spec?.Allow.length };
}

export const formOf = (type: Type): Form<Message> => forms[type] as unknown as Form<Message>;

const origin = 'teleport.dev/origin';

/** The labels of a resource, less those that only Teleport itself sets. The map itself may be changed. */
export function labelsIn(resource: Message): Record<string, string> {
  const { Metadata: legacy, metadata } = resource as unknown as {
    Metadata?: { Labels: Record<string, string> };
    metadata?: { labels: Record<string, string> };
  };
  return legacy?.Labels ?? metadata?.labels ?? {};
}

export const isOurs = (resource: Message): boolean => labelsIn(resource)[origin] === 'kubernetes';

export const disown = (resource: Message): void => void delete labelsIn(resource)[origin];

/** All that is looked at of a resource. Auth itself says `dynamic` of an app that nobody says more of. */
export function viewOf(type: Type, resource: Message): View {
  const labels = Object.entries(labelsIn(resource)).filter(
    ([name, value]) => !name.startsWith('teleport.internal/') && !(name === origin && value === 'dynamic'),
  );
  return { ...formOf(type).view(resource), labels: inOrder(labels) };
}

const inOrder = (labels: [string, string][]): Record<string, string> =>
  Object.fromEntries(labels.toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** What there must be of an object. */
export function wantedOf(type: Type, { kind, spec, metadata }: KubeObject, secret: string | undefined): View {
  const labels = Object.entries({ ...metadata.labels, [origin]: 'kubernetes' });
  return { ...formOf(type).wanted(spec ?? {}, kind, secret), labels: inOrder(labels) };
}

export const isSame = (a: View, b: View): boolean => JSON.stringify(a) === JSON.stringify(b);
