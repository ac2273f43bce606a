// Contract: join method bound_keypair, message by message. An experiment that Auth 18.0 has only where its environment says so
// (test/env/index.ts starts it so).
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { expect, it } from 'vitest';
import { AuthService } from '../../../src/gen/teleport/client/authservice_pb.js';
import {
  JoinService,
  type RegisterUsingBoundKeypairCertificates,
  type RegisterUsingBoundKeypairInitialRequestSchema,
} from '../../../src/gen/teleport/client/joinservice_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import { converse } from '../../../src/teleport/join/conversation.js';
import { authorizedKey } from '../../../src/teleport/keys.js';
import { ofConnect } from '../../env/connect-errors.js';
import type { RunningTeleport } from '../../env/types.js';
import { anonymous, newKeys, secureSocket, withCerts } from './clients.js';
import { expectRefusal, unique } from './expectations.js';

type Init = MessageInitShape<typeof RegisterUsingBoundKeypairInitialRequestSchema>;

/** A compact JWS over the challenge, byte for byte. */
function solve(challenge: string, key: KeyObject): Buffer {
  const part = (text: string): string => Buffer.from(text).toString('base64url');
  const signed = `${part(JSON.stringify({ alg: 'EdDSA', typ: 'JWT' }))}.${part(challenge)}`;
  return Buffer.from(`${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`);
}

/** The proxy's own door for joins, as far as a conversation needs it. */
async function atProxy(teleport: RunningTeleport): Promise<Pick<TeleportClient, 'bidi'> & { close(): void }> {
  const socket = await secureSocket(teleport.proxyAddress, {
    servername: 'localhost',
    ALPNProtocols: ['teleport-proxy-grpc', 'h2'],
    ca: teleport.proxyCa,
  });
  const nodeOptions = { createConnection: () => socket };
  const transport = createGrpcTransport({ baseUrl: `https://${teleport.proxyAddress}`, nodeOptions });
  return {
    async *bidi(method, requests, options = {}) {
      try {
        const reply = await transport.stream(method, options.signal, options.timeoutMs, undefined, requests);
        yield* reply.message;
      } catch (error) {
        throw ofConnect(error, method.name);
      }
    },
    close: () => socket.destroy(),
  };
}

export function boundKeypairContract(teleport: () => RunningTeleport): void {
  const line = (key: KeyObject): string => authorizedKey(key).trim();

  /** A bot whose token names this key. */
  const tokenFor = async (publicKey: KeyObject): Promise<string> => {
    const name = unique('op');
    await teleport().addBot({ name, join: { method: 'token' } });
    const token = unique('bound');
    await teleport().admin.unary(AuthService.method.upsertTokenV2, {
      Token: {
        case: 'V2',
        value: {
          Metadata: { Name: token },
          Spec: {
            Roles: ['Bot'],
            BotName: name,
            JoinMethod: 'bound_keypair',
            BoundKeypair: {
              Onboarding: { InitialPublicKey: line(publicKey) },
              Recovery: { Limit: 5, Mode: 'standard' },
            },
          },
        },
      },
    });
    return token;
  };

  const register = async (
    init: Init,
    publicKey: KeyObject,
    answer: (challenge: string) => Buffer,
    open: () => Promise<Pick<TeleportClient, 'bidi'> & { close(): void }> = () => anonymous(teleport()),
  ): Promise<RegisterUsingBoundKeypairCertificates> => {
    const client = await open();
    try {
      return await converse(
        client,
        JoinService.method.registerUsingBoundKeypairMethod,
        async ({ send, next }) => {
          send({ payload: { case: 'init', value: init } });
          const first = (await next()).response;
          if (first.case !== 'challenge') throw new Error(`no challenge, but ${String(first.case)}`);
          expect(first.value.publicKey.trim()).toBe(line(publicKey));
          expect(JSON.parse(first.value.challenge)).toMatchObject({ nonce: expect.any(String) as string });
          const solution = answer(first.value.challenge);
          send({ payload: { case: 'challengeResponse', value: { solution } } });
          const last = (await next()).response;
          if (last.case !== 'certs') throw new Error(`no certificates, but ${String(last.case)}`);
          return last.value;
        },
      );
    } finally {
      client.close();
    }
  };

  it('joins by a key that signs the challenge, and again with the state of the last join', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const Token = await tokenFor(publicKey);
    const keys = newKeys();
    const joinRequest = {
      Role: 'Bot',
      Token,
      PublicTLSKey: keys.publicKey,
      PublicSSHKey: Buffer.from(authorizedKey(generateKeyPairSync('ed25519').publicKey)),
      Expires: timestampFromMs(Date.now() + 3600_000),
    };
    const join = (previousJoinState: Uint8Array, open?: () => ReturnType<typeof atProxy>) => {
      const answer = (challenge: string): Buffer => solve(challenge, privateKey);
      return register({ joinRequest, previousJoinState }, publicKey, answer, open);
    };
    const first = await join(new Uint8Array());
    expect(first.joinState.length).toBeGreaterThan(0);
    expect(first.publicKey.trim()).toBe(line(publicKey));
    if (!first.certs) throw new Error('no certificates');
    const client = await withCerts(teleport(), first.certs, keys);
    await client.unary(AuthService.method.ping, {});
    client.close();

    await expectRefusal(join(new Uint8Array()), 'AccessDenied', /./);
    const second = await join(first.joinState);
    expect(second.joinState).not.toEqual(first.joinState);
    const third = await join(second.joinState, () => atProxy(teleport()));
    expect(third.joinState).not.toEqual(second.joinState);
  });

  it('refuses an answer that another key has signed', async () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const Token = await tokenFor(publicKey);
    const stranger = generateKeyPairSync('ed25519').privateKey;
    const joinRequest = { Role: 'Bot', Token, PublicTLSKey: newKeys().publicKey };
    await expectRefusal(
      register({ joinRequest }, publicKey, (challenge) => solve(challenge, stranger)),
      'Unknown',
      'validating challenge response: go-jose/go-jose: error in cryptographic primitive',
    );
  });
}
