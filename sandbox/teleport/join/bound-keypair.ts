// Join method `bound_keypair`: the key that the token names signs a challenge; a join state, handed out at each join
// and asked for at the next, shows a copied key; recoveries are counted (joining.md 4.8).
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  RegisterUsingBoundKeypairMethodRequest,
  RegisterUsingBoundKeypairMethodResponseSchema,
} from '../../../src/gen/teleport/client/joinservice_pb.js';
import type { Caller } from '../access/caller.js';
import { accessDenied, badParameter, notImplemented, unknownError, wrapped } from '../refusal.js';
import type { ClusterState } from '../state/cluster.js';
import { tokens } from '../state/kinds.js';
import type { Joining } from './join.js';
import type { JoinMethod } from './method.js';

export const boundKeypairMethod: JoinMethod = {
  name: 'bound_keypair',
  renewable: false,
  verify: (_state, _token, _request, proof) => {
    if (proof?.form !== 'bound_keypair')
      throw accessDenied('this token is only valid for the bound keypair join method');
    return Promise.resolve({ bound_keypair: {} });
  },
};

interface Bound {
  joinState: string;
  recoveries: number;
}

/** By cluster and token name: what a real Auth keeps in the token's status. */
const bound = new WeakMap<ClusterState, Map<string, Bound>>();

type Reply = MessageInitShape<typeof RegisterUsingBoundKeypairMethodResponseSchema>;

export async function* boundKeypairJoin(
  joining: Joining,
  caller: Caller,
  requests: AsyncIterable<RegisterUsingBoundKeypairMethodRequest>,
): AsyncGenerator<Reply> {
  const { state } = joining.access;
  const incoming = requests[Symbol.asyncIterator]();
  const first = (await incoming.next()).value as RegisterUsingBoundKeypairMethodRequest | undefined;
  if (first?.payload.case !== 'init') throw badParameter('expected the init message');
  const { joinRequest, initialJoinSecret, previousJoinState } = first.payload.value;
  if (!joinRequest) throw badParameter('missing parameter JoinRequest');
  if (initialJoinSecret) throw notImplemented('initial joining secrets are not yet supported');
  const token = state.store.get(tokens, joinRequest.Token);
  const spec = token?.Spec?.JoinMethod === 'bound_keypair' ? token.Spec.BoundKeypair : undefined;
  if (!spec) throw accessDenied('token expired or not found');
  const publicKey = spec.Onboarding?.InitialPublicKey ?? '';
  if (!publicKey) throw badParameter('an initial public key is required');

  const known = bound.get(state) ?? new Map<string, Bound>();
  bound.set(state, known);
  const before = known.get(joinRequest.Token);
  const recovers = caller.identity?.botName !== token?.Spec?.BotName;
  const strict = (spec.Recovery?.Mode || 'standard') !== 'insecure';
  if (before && strict && recovers && Buffer.from(previousJoinState).toString() !== before.joinState)
    throw accessDenied('join state verification failed');
  const used = before?.recoveries ?? 0;
  if (recovers && (spec.Recovery?.Mode || 'standard') === 'standard' && used >= (spec.Recovery?.Limit ?? 1))
    throw accessDenied('no recovery attempts remaining');

  const now = Math.floor(state.clock.now() / 1000);
  const challenge = JSON.stringify({
    iss: state.clusterName,
    aud: [state.clusterName],
    sub: createHash('sha256').update(publicKey).digest('base64'),
    iat: now,
    nbf: now - 10,
    exp: now + 60,
    nonce: randomBytes(24).toString('base64url'),
  });
  yield { response: { case: 'challenge', value: { publicKey, challenge } } };
  const second = (await incoming.next()).value as RegisterUsingBoundKeypairMethodRequest | undefined;
  if (second?.payload.case !== 'challengeResponse') throw badParameter('expected the challenge response');
  checkSolution(Buffer.from(second.payload.value.solution).toString(), challenge, publicKey);

  const certs = await joining.register(caller, joinRequest, { form: 'bound_keypair' });
  const joinState = randomBytes(16).toString('hex');
  known.set(joinRequest.Token, { joinState, recoveries: used + (recovers ? 1 : 0) });
  yield { response: { case: 'certs', value: { certs, joinState: Buffer.from(joinState), publicKey } } };
}

function checkSolution(jws: string, challenge: string, publicKey: string): void {
  const [header = '', payload = '', signature = ''] = jws.split('.');
  const failed = () =>
    wrapped(
      'validating challenge response',
      unknownError('go-jose/go-jose: error in cryptographic primitive'),
    );
  if (Buffer.from(payload, 'base64url').toString() !== challenge) throw failed();
  const { alg, typ } = JSON.parse(Buffer.from(header, 'base64url').toString()) as {
    alg: string;
    typ: string;
  };
  if (alg !== 'EdDSA' || typ !== 'JWT') throw failed();
  const blob = Buffer.from(publicKey.split(' ')[1] ?? '', 'base64');
  const x = blob.subarray(-32).toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  if (!verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')))
    throw failed();
}
