// What a round of random steps is about: resources in Teleport, and for each the objects that may name it. Several may:
// two versions of a role, two namespaces. Knows names and specs; what Teleport makes of a spec is views.ts's matter.

/** The operator works in two namespaces. */
export type Place = 'home' | 'away';

/** An object that may or may not be there. */
export interface Actor {
  readonly kind: string;
  readonly place: Place;
}

/** A resource, by what it is called for people, and the objects that name it. */
export interface Subject {
  readonly id: string;
  readonly type: Type;
  readonly stem: string;
  /** The resource has a name that Kubernetes can't hold, which stands in an annotation. */
  readonly foreignName?: true;
  readonly actors: readonly Actor[];
  /** A real Teleport of this machine can't take it. */
  readonly embeddedOnly?: true;
}

export type Type =
  | 'role'
  | 'user'
  | 'token'
  | 'once'
  | 'github'
  | 'lock'
  | 'bot'
  | 'app'
  | 'node'
  | 'workload';

const both = (kind: string): Actor[] => [
  { kind, place: 'home' },
  { kind, place: 'away' },
];
const home = (kind: string): Actor[] => [{ kind, place: 'home' }];

export const subjects: readonly Subject[] = [
  {
    id: 'a role of three versions',
    type: 'role',
    stem: 'one',
    actors: [...home('TeleportRoleV7'), ...home('TeleportRoleV6'), { kind: 'TeleportRoleV8', place: 'away' }],
  },
  { id: 'a role', type: 'role', stem: 'two', actors: home('TeleportRoleV7') },
  { id: 'a role with an @', type: 'role', stem: 'three', foreignName: true, actors: both('TeleportRoleV8') },
  { id: 'a user', type: 'user', stem: 'alice', actors: both('TeleportUser') },
  { id: 'a user with an @', type: 'user', stem: 'bob', foreignName: true, actors: home('TeleportUser') },
  { id: 'a token', type: 'token', stem: 'agents', actors: both('TeleportProvisionToken') },
  { id: 'a one-time token', type: 'once', stem: 'once', actors: home('TeleportProvisionToken') },
  {
    id: 'a connector',
    type: 'github',
    stem: 'github',
    actors: both('TeleportGithubConnector'),
    embeddedOnly: true,
  },
  { id: 'a lock', type: 'lock', stem: 'lock', actors: both('TeleportLockV2') },
  { id: 'a bot', type: 'bot', stem: 'robot', actors: both('TeleportBotV1') },
  { id: 'an app', type: 'app', stem: 'app', actors: both('TeleportAppV3') },
  { id: 'a node', type: 'node', stem: 'node', actors: both('TeleportOpenSSHServerV2') },
  { id: 'a workload identity', type: 'workload', stem: 'work', actors: both('TeleportWorkloadIdentityV1') },
];

/** Names of a round, which no other round has. */
export interface Names {
  object(subject: Subject): string;
  resource(subject: Subject): string;
  /** Of the Secret that connectors look their client secret up in, one in each namespace. */
  readonly secret: string;
  /** Somebody that there is not, for locks to be aimed at. */
  readonly nobody: string;
}

export function namesOf(round: string): Names {
  const object = ({ stem }: Subject): string => `${stem}-${round}`;
  return {
    object,
    resource: (subject) => (subject.foreignName ? `${object(subject)}@example.com` : object(subject)),
    secret: `secret-${round}`,
    nobody: `nobody-${round}`,
  };
}

/** The fields of all specs below. */
export interface Spec {
  readonly options?: { readonly max_session_ttl: string };
  readonly allow?: { readonly logins: readonly string[] };
  readonly roles?: readonly string[];
  readonly join_method?: string;
  readonly bot_name?: string;
  readonly client_id?: string;
  readonly client_secret?: string;
  readonly redirect_url?: string;
  readonly display?: string;
  readonly teams_to_roles?: readonly object[];
  readonly message?: string;
  readonly target?: { readonly user: string };
  readonly uri?: string;
  readonly addr?: string;
  readonly hostname?: string;
  readonly spiffe?: { readonly id: string };
}

/** How many specs there are of each; the last of a role can't be read. */
export const variants = 4;

const roleNamed = (names: Names, stem: string): string => {
  const found = subjects.find((subject) => subject.stem === stem);
  return found ? names.resource(found) : stem;
};

const at = (lists: readonly (readonly string[])[], n: number): readonly string[] => lists[n] ?? [];

/** A spec of the subject. Users refer to the roles of the round, which may be missing. */
export function specOf({ type }: Subject, variant: number, names: Names): Spec {
  const n = variant % variants;
  switch (type) {
    case 'role':
      return n === 3
        ? { options: { max_session_ttl: 'soon' }, allow: { logins: ['three'] } }
        : { allow: { logins: [`login-${n}`] } };
    case 'user': {
      const one = roleNamed(names, 'one');
      return { roles: at([['access'], [one], ['access', one], [roleNamed(names, 'two')]], n) };
    }
    case 'token':
      return { join_method: 'token', roles: at([['Node'], ['App'], ['Db'], ['Node', 'App']], n) };
    case 'once':
      return { join_method: 'token', roles: ['Bot'], bot_name: `somebody-${n}` };
    case 'github':
      return {
        client_id: `id-${n}`,
        client_secret: n === 2 ? 'in-plain-words' : `secret://${names.secret}/key`,
        redirect_url: 'https://teleport.example.com/v1/webapi/github/callback',
        display: 'GitHub',
        teams_to_roles: [{ organization: 'octocats', team: 'admins', roles: ['access'] }],
      };
    case 'lock':
      return { message: `message ${n}`, target: { user: names.nobody } };
    case 'bot':
      return { roles: at([['access'], ['editor'], ['access', 'editor'], []], n) };
    case 'app':
      return { uri: `http://localhost:${8080 + n}` };
    case 'node':
      return { addr: `127.0.0.1:${2200 + n}`, hostname: `host-${n}` };
    case 'workload':
      return { spiffe: { id: `/workload/${n}` } };
  }
}
