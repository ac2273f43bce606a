// The conversation of bound_keypair against a scripted Auth: the challenge is signed byte for byte by the key asked for,
// and a rotation never leaves us without the key that Teleport knows.
import { createPrivateKey, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.js';
import { CertsSchema } from '../../gen/teleport/client/certs_pb.js';
import {
  type RegisterUsingBoundKeypairMethodRequest,
  RegisterUsingBoundKeypairMethodRequestSchema,
  RegisterUsingBoundKeypairMethodResponseSchema,
} from '../../gen/teleport/client/joinservice_pb.js';
import type { TeleportClient } from '../client.js';
import { authorizedKey } from '../keys.js';
import { boundKeypair } from './bound-keypair.js';
import type { StateStore } from './method.js';

type Request = RegisterUsingBoundKeypairMethodRequest;
type Reply = MessageInitShape<typeof RegisterUsingBoundKeypairMethodResponseSchema>;

class Kept implements StateStore {
  readonly place = 'the test store';
  values: Record<string, string> = {};
  load = () => Promise.resolve(this.values);
  save = (values: Readonly<Record<string, string>>) => {
    this.values = { ...this.values, ...values };
    return Promise.resolve();
  };
}

/** A client whose server is the generator: it is handed each request, and yields replies. */
function scripted(auth: (next: () => Promise<Request>) => AsyncGenerator<Reply>): TeleportClient {
  return {
    bidi: async function* (_method: unknown, requests: AsyncIterable<Reply>) {
      const incoming = requests[Symbol.asyncIterator]();
      const next = async (): Promise<Request> =>
        create(
          RegisterUsingBoundKeypairMethodRequestSchema,
          (await incoming.next()).value as MessageInitShape<
            typeof RegisterUsingBoundKeypairMethodRequestSchema
          >,
        );
      for await (const reply of auth(next))
        yield create(RegisterUsingBoundKeypairMethodResponseSchema, reply);
    },
  } as unknown as TeleportClient;
}

const newKey = () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    line: authorizedKey(createPublicKey(privateKey)),
  };
};
const certs = (publicKey: string): Reply => ({
  response: {
    case: 'certs',
    value: { certs: create(CertsSchema, {}), joinState: Buffer.from('state-2'), publicKey },
  },
});
const challenge = (publicKey: string): Reply => ({
  response: { case: 'challenge', value: { publicKey, challenge: '{"nonce": "1"}' } },
});
const run = (client: TeleportClient, store: Kept) =>
  boundKeypair.register(client, { Token: 't' }, { env: {}, clock: systemClock, store });

function signedBy(request: Request, line: string): boolean {
  if (request.payload.case !== 'challengeResponse') return false;
  const [header = '', payload = '', signature = ''] = Buffer.from(request.payload.value.solution)
    .toString()
    .split('.');
  const x = Buffer.from(line.split(' ')[1] ?? '', 'base64')
    .subarray(-32)
    .toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return (
    Buffer.from(payload, 'base64url').toString() === '{"nonce": "1"}' &&
    verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'))
  );
}

describe('bound_keypair', () => {
  it('sends the last join state, signs the challenge, and keeps the next state', async () => {
    const key = newKey();
    const store = new Kept();
    store.values = { 'private-key': key.pem, 'join-state': 'state-1' };
    let first: Request | undefined;
    let signed = false;
    await run(
      scripted(async function* (next) {
        first = await next();
        yield challenge(key.line);
        signed = signedBy(await next(), key.line);
        yield certs(key.line);
      }),
      store,
    );
    expect(first?.payload).toMatchObject({
      case: 'init',
      value: { previousJoinState: Buffer.from('state-1') },
    });
    expect(signed).toBe(true);
    expect(store.values).toMatchObject({ 'private-key': key.pem, 'join-state': 'state-2' });
  });

  it('keeps a new key before Teleport hears of it, and takes it when Teleport has', async () => {
    const key = newKey();
    const store = new Kept();
    store.values = { 'private-key': key.pem };
    let keptBefore = '';
    let signed = false;
    await run(
      scripted(async function* (next) {
        await next();
        yield challenge(key.line);
        await next();
        yield { response: { case: 'rotation', value: {} } };
        const { payload } = await next();
        keptBefore = store.values['next-private-key'] ?? '';
        const line = payload.case === 'rotationResponse' ? payload.value.publicKey : '';
        yield challenge(line);
        signed = signedBy(await next(), line);
        yield certs(line);
      }),
      store,
    );
    expect(keptBefore).toContain('PRIVATE KEY');
    expect(signed).toBe(true);
    expect(store.values).toMatchObject({ 'private-key': keptBefore, 'next-private-key': '' });
    expect(createPrivateKey(store.values['private-key'] ?? '').asymmetricKeyType).toBe('ed25519');
  });

  it('answers with the pending key after it was interrupted in a rotation', async () => {
    const old = newKey();
    const next = newKey();
    const store = new Kept();
    store.values = { 'private-key': old.pem, 'next-private-key': next.pem };
    let signed = false;
    await run(
      scripted(async function* (request) {
        await request();
        yield challenge(next.line);
        signed = signedBy(await request(), next.line);
        yield certs(next.line);
      }),
      store,
    );
    expect(signed).toBe(true);
    expect(store.values).toMatchObject({ 'private-key': next.pem, 'next-private-key': '' });
  });

  it('does not sign for a key that it has not', async () => {
    const store = new Kept();
    store.values = { 'private-key': newKey().pem };
    const stranger = newKey();
    const joining = run(
      scripted(async function* (next) {
        await next();
        yield challenge(stranger.line);
        await next();
      }),
      store,
    );
    await expect(joining).rejects.toThrow(/not that of the test store/);
  });

  it('takes an end without certificates for a refusal', async () => {
    const store = new Kept();
    store.values = { 'private-key': newKey().pem };
    const joining = run(
      scripted(async function* (next) {
        await next();
        yield* [];
      }),
      store,
    );
    await expect(joining).rejects.toThrow(/ended the join without certificates/);
  });
});
