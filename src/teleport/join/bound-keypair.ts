// Join method `bound_keypair`: a key that Teleport knows, proven by signing a challenge. The one method whose key must
// outlive the process: it and the join state, which shows a stolen copy, are kept in a StateStore.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Certs } from '../../gen/teleport/client/certs_pb.js';
import type {
  RegisterUsingBoundKeypairChallenge,
  RegisterUsingBoundKeypairMethodRequestSchema,
  RegisterUsingBoundKeypairMethodResponseSchema,
} from '../../gen/teleport/client/joinservice_pb.js';
import { JoinService } from '../../gen/teleport/client/joinservice_pb.js';
import { isTeleportError, TeleportError } from '../errors.js';
import { authorizedKey } from '../keys.js';
import { type Conversation, converse } from './conversation.js';
import type { ChallengeMethod, JoinContext, JoinRequest, StateStore } from './method.js';

/** Names in the store. */
const entries = {
  privateKey: 'private-key',
  /** What Teleport is to be told: for reading, not read again. */
  publicKey: 'public-key',
  joinState: 'join-state',
  /** A key that Teleport was told of, before it is certain that Teleport took it. */
  nextKey: 'next-private-key',
  /** Put there by people, where the server registers keys by a secret. */
  registrationSecret: 'registration-secret',
} as const;

export const boundKeypair: ChallengeMethod = {
  name: 'bound_keypair',
  form: 'challenge',
  repeatable: true,
  register: async (client, request, context) => {
    const store = mustStore(context);
    const saved = await store.load(context.signal);
    const text = saved[entries.privateKey];
    const key = text ? readKey(text, store) : await firstKey(store, context);
    try {
      return await converse(
        client,
        JoinService.method.registerUsingBoundKeypairMethod,
        (conversation) => talk(conversation, request, key, saved, store, context.signal),
        context.signal,
      );
    } catch (error) {
      // Unknown is what a real Auth says to a signature of another key.
      if (!isTeleportError(error, 'AccessDenied', 'BadParameter', 'CompareFailed', 'Unknown')) throw error;
      throw new TeleportError(
        error.kind,
        `${error.message} (the key of ${store.place} is ${authorizedKey(createPublicKey(key)).trim()}; the join ` +
          "token's spec.bound_keypair.onboarding.initial_public_key must be it)",
        { cause: error, ...(error.method === undefined ? {} : { method: error.method }) },
      );
    }
  },
};

type Talk = Conversation<
  typeof RegisterUsingBoundKeypairMethodRequestSchema,
  typeof RegisterUsingBoundKeypairMethodResponseSchema
>;

async function talk(
  { send, next }: Talk,
  request: JoinRequest,
  present: KeyObject,
  saved: Readonly<Record<string, string>>,
  store: StateStore,
  signal: AbortSignal | undefined,
): Promise<Certs> {
  const pending = saved[entries.nextKey];
  const keys = pending ? [present, readKey(pending, store)] : [present];
  send({
    payload: {
      case: 'init',
      value: {
        joinRequest: request,
        initialJoinSecret: saved[entries.registrationSecret] ?? '',
        previousJoinState: Buffer.from(saved[entries.joinState] ?? ''),
      },
    },
  });
  for (;;) {
    const { response } = await next();
    if (response.case === 'challenge') {
      const solution = Buffer.from(solve(response.value, keys, store));
      send({ payload: { case: 'challengeResponse', value: { solution } } });
    } else if (response.case === 'rotation') {
      const fresh = generateKeyPairSync('ed25519').privateKey;
      keys.push(fresh);
      // Kept before Teleport hears of it: a key that only Teleport knows would lock us out.
      await store.save({ [entries.nextKey]: pem(fresh) }, signal);
      const publicKey = authorizedKey(createPublicKey(fresh));
      send({ payload: { case: 'rotationResponse', value: { publicKey } } });
    } else if (response.case === 'certs' && response.value.certs) {
      const { certs, joinState, publicKey } = response.value;
      const bound = keys.find((key) => sameKey(key, publicKey)) ?? present;
      await store.save(
        {
          [entries.privateKey]: pem(bound),
          [entries.publicKey]: authorizedKey(createPublicKey(bound)).trim(),
          [entries.joinState]: Buffer.from(joinState).toString(),
          ...(pending || keys.length > 1 ? { [entries.nextKey]: '' } : {}),
        },
        signal,
      );
      return certs;
    } else {
      throw new TeleportError('Unknown', 'Teleport sent a message that this version does not know');
    }
  }
}

/** A compact JWS over the challenge, byte for byte (joining.md 4.8, RFC 7515). */
function solve(
  { challenge, publicKey }: RegisterUsingBoundKeypairChallenge,
  keys: readonly KeyObject[],
  store: StateStore,
): string {
  const key = keys.find((candidate) => sameKey(candidate, publicKey));
  if (key === undefined) {
    throw new TeleportError(
      'AccessDenied',
      `Teleport asks for a signature of the key ${publicKey.trim()}, which is not that of ${store.place}`,
    );
  }
  const alg = key.asymmetricKeyType === 'ec' ? 'ES256' : key.asymmetricKeyType === 'rsa' ? 'RS256' : 'EdDSA';
  const part = (text: string): string => Buffer.from(text).toString('base64url');
  const signed = `${part(JSON.stringify({ alg, typ: 'JWT' }))}.${part(challenge)}`;
  const signature = sign(
    alg === 'EdDSA' ? null : 'sha256',
    Buffer.from(signed),
    alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key,
  );
  return `${signed}.${signature.toString('base64url')}`;
}

/** Makes the key at the first start, so that all a person has to do is to tell Teleport its public half. */
async function firstKey(store: StateStore, { log, signal }: JoinContext): Promise<KeyObject> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const line = authorizedKey(publicKey).trim();
  await store.save({ [entries.privateKey]: pem(privateKey), [entries.publicKey]: line }, signal);
  log?.warn('made a key for join method bound_keypair; give its public half to the join token', {
    kept: store.place,
    'spec.bound_keypair.onboarding.initial_public_key': line,
  });
  return privateKey;
}

function mustStore({ store }: JoinContext): StateStore {
  if (store !== undefined) return store;
  throw new TeleportError(
    'BadParameter',
    'join method bound_keypair: nowhere to keep its key; name a Secret with -bound-keypair-secret',
  );
}

function readKey(text: string, { place }: StateStore): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new TeleportError(
      'BadParameter',
      `join method bound_keypair: "${entries.privateKey}" of ${place} is no private key in PEM; put it back, or ` +
        'remove it and register the new key',
      { cause },
    );
  }
}

/** Whether an authorized_keys line is the key's; comments do not count. */
function sameKey(key: KeyObject, line: string): boolean {
  const blob = (text: string): string => text.trim().split(/\s+/)[1] ?? '';
  return line.trim() !== '' && blob(authorizedKey(createPublicKey(key))) === blob(line);
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
