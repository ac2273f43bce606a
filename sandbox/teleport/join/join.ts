// Joining with a token of any method that needs no challenge: the checks that all have in common, the bot's
// instance and certificates (joining.md 3.6, observed.md 11, 12).
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Certs } from '../../../src/gen/teleport/client/certs_pb.js';
import type { RegisterUsingTokenRequest } from '../../../src/gen/teleport/types/common_pb.js';
import type { Access } from '../access/access.js';
import type { Caller } from '../access/caller.js';
import { lockInForce, lockMessage } from '../access/locks.js';
import { accessDenied, badParameter } from '../refusal.js';
import { advanceInstance } from '../services/generate-user-certs.js';
import { capExpiry, checkKeys, issueCerts } from '../services/user-certs.js';
import { tokens, users } from '../state/kinds.js';
import type { JoinMethod, Proof } from './method.js';

const defaultTtl = 3600_000;
const longestTtl = 7 * 24 * 3600_000;

export class Joining {
  readonly #methods: ReadonlyMap<string, JoinMethod>;

  constructor(
    readonly access: Access,
    methods: readonly JoinMethod[],
  ) {
    this.#methods = new Map(methods.map((method) => [method.name, method]));
  }

  /** @throws ConnectError with Teleport's codes and texts */
  async register(caller: Caller, request: RegisterUsingTokenRequest, proof?: Proof): Promise<Certs> {
    const { state } = this.access;
    if (request.Role !== 'Bot' && request.HostID === '') throw badParameter('missing parameter HostID');
    if (request.Token === '') throw badParameter('missing parameter Token');
    if (request.Role !== 'Bot') throw accessDenied('the sandbox lets bots join, and nothing else');
    const token = state.reads.get(tokens, request.Token);
    if (!token) {
      throw accessDenied(
        `"${request.NodeName}" can not join the cluster with role "${request.Role}", token expired or not found`,
      );
    }
    if (!token.Spec?.Roles.includes(request.Role)) {
      throw badParameter(
        `node "${request.NodeName}" [${request.HostID}] can not join the cluster, ` +
          `the token does not allow "${request.Role}" role`,
      );
    }
    const method = this.#methods.get(token.Spec.JoinMethod || 'token');
    if (!method) throw badParameter('unrecognized token join method');
    if (proof && proof.form !== method.name) throw accessDenied('this token is for another join method');
    const attributes = await method.verify(state, token, request, proof);

    const botName = token.Spec.BotName;
    const userName = botUserName(botName);
    const user = state.reads.get(users, userName);
    if (!user) throw accessDenied();
    const roleNames = user.Spec?.Roles ?? [];
    const lock = lockInForce(state, userName, roleNames);
    if (lock) throw accessDenied(lockMessage(lock));
    checkKeys(request.PublicTLSKey, request.PublicSSHKey);

    const now = state.clock.now();
    const asked = request.Expires ? timestampMs(request.Expires) : now + defaultTtl;
    const expires = capExpiry(state, roleNames, Math.min(asked, now + longestTtl));
    const known =
      caller.identity?.botName === botName && caller.identity.botInstanceId ? caller.identity : undefined;
    const instance = known
      ? advanceInstance(state, known, botName, expires, method.name, method.renewable)
      : state.instances.create(botName, method.name, expires);
    const meta = {
      join_token_name: method.name === 'token' ? undefined : request.Token,
      join_method: method.name,
    };
    const certs = await issueCerts(state, {
      identity: {
        user: userName,
        roles: roleNames,
        clusterName: state.clusterName,
        traits: Object.fromEntries(
          Object.entries(user.Spec?.Traits?.Values ?? {}).map(([name, list]) => [name, list.Values]),
        ),
        loginIp: caller.remoteAddress.replace(/:\d+$/, ''),
        renewable: method.renewable,
        generation: instance.generation,
        botName,
        botInstanceId: instance.id,
        joinAttributes: JSON.stringify({ meta, ...attributes }),
      },
      tlsPublicKey: request.PublicTLSKey,
      sshPublicKey: request.PublicSSHKey,
      expires,
      withHostCa: true,
    });
    if (method.renewable) state.store.delete(tokens, request.Token);
    state.audit.add('bot.join', 'bot', botName, userName);
    return certs;
  }
}

/** User and role of a bot. */
export function botUserName(botName: string): string {
  return `bot-${botName.replaceAll(' ', '-')}`;
}
