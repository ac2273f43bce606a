// Who sends a request: a client certificate of our CA, an administrator's token, a service account's token, nobody.
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ApiError, forbidden } from '../errors.js';
import { listOr, textOr } from '../json.js';
import { pods, serviceAccounts } from '../kinds/core.js';
import type { Store } from '../store.js';
import { issuer, sharedAudiences, type TokenClaims, type TokenSigner } from './tokens.js';

export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Record<string, string[]>;
}

export const admins = 'system:masters';

export class Authenticator {
  constructor(
    private readonly store: Store,
    private readonly signer: TokenSigner,
    private readonly adminToken: string,
    private readonly now: () => number,
  ) {}

  /**
   * Who sends the request, or whom an administrator plays (`kubectl --as`).
   * @throws ApiError 401 when credentials are given and do not hold, 403 when somebody else plays a role
   */
  user(request: IncomingMessage): User {
    const real = this.authenticated(request);
    const played = request.headers['impersonate-user'];
    if (typeof played !== 'string') return real;
    if (!real.groups.includes(admins)) {
      const why = `User ${JSON.stringify(real.name)} cannot impersonate resource "users" in API group "" at the cluster scope`;
      throw forbidden({ group: '', resource: 'users', name: played }, why);
    }
    const [, namespace] = /^system:serviceaccount:([^:]+):/.exec(played) ?? [];
    const own = namespace ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`] : [];
    const given = [request.headers['impersonate-group'] ?? []].flat().flatMap((text) => text.split(', '));
    return { name: played, groups: [...own, ...given, 'system:authenticated'] };
  }

  private authenticated(request: IncomingMessage): User {
    const header = request.headers.authorization;
    if (header !== undefined) {
      const token = /^Bearer (.+)$/i.exec(header)?.[1];
      const user = token === undefined ? undefined : this.ofToken(token, [issuer])?.user;
      if (!user) throw new ApiError(401, 'Unauthorized', 'Unauthorized');
      return user;
    }
    const socket = request.socket as TLSSocket;
    if (!socket.authorized) return { name: 'system:anonymous', groups: ['system:unauthenticated'] };
    const { subject } = socket.getPeerCertificate();
    const groups = listOr(Array.isArray(subject.O) ? subject.O : [subject.O]).map((group) => textOr(group));
    return { name: textOr(subject.CN), groups: [...groups.filter(Boolean), 'system:authenticated'] };
  }

  /** Whose token it is, if it holds for one of the audiences. */
  ofToken(token: string, audiences: readonly string[]): { user: User; audiences: string[] } | undefined {
    if (token === this.adminToken) {
      return {
        user: { name: 'kubernetes-admin', groups: [admins, 'system:authenticated'] },
        audiences: [...audiences],
      };
    }
    const claims = this.signer.verify(token, this.now());
    if (!claims) return undefined;
    const fitting = sharedAudiences(claims, audiences);
    if (fitting.length === 0 || !this.stillThere(claims)) return undefined;
    return { user: userOf(claims), audiences: fitting };
  }

  /** A token dies with its service account, and with the Pod it is bound to. */
  private stillThere(claims: TokenClaims): boolean {
    const { namespace, serviceaccount, pod } = claims['kubernetes.io'];
    const account = this.store.get(serviceAccounts, namespace, serviceaccount.name);
    if (account?.object.metadata.uid !== serviceaccount.uid) return false;
    return !pod || this.store.get(pods, namespace, pod.name)?.object.metadata.uid === pod.uid;
  }
}

function userOf(claims: TokenClaims): User {
  const { namespace, serviceaccount, pod } = claims['kubernetes.io'];
  return {
    name: claims.sub,
    uid: serviceaccount.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra: {
      'authentication.kubernetes.io/credential-id': [`JTI=${claims.jti}`],
      ...(pod && {
        'authentication.kubernetes.io/pod-name': [pod.name],
        'authentication.kubernetes.io/pod-uid': [pod.uid],
      }),
    },
  };
}
