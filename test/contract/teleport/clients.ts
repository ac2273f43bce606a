// Clients for the suites: an administrator's, anonymous ones, and a bot's with the certificates it is given.
// Over Connect's own Node transport, so that what is seen is the server's doing and not src/teleport's.
import { generateKeyPairSync } from 'node:crypto';
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { AuthService, type UserCertsRequestSchema } from '../../../src/gen/teleport/client/authservice_pb.js';
import type { Certs } from '../../../src/gen/teleport/client/certs_pb.js';
import { JoinService } from '../../../src/gen/teleport/client/joinservice_pb.js';
import type { RegisterUsingTokenRequestSchema } from '../../../src/gen/teleport/types/common_pb.js';
import type { TeleportClient } from '../../../src/teleport/client.js';
import { ofConnect } from '../../env/connect-errors.js';
import { openTeleportAdmin } from '../../env/teleport-admin.js';
import type { RunningTeleport } from '../../env/types.js';

export type Client = TeleportClient & { close(): void };

/** Name that every server certificate of a cluster has. */
export const apiDomain = 'teleport.cluster.local';

export interface Keys {
  /** PKCS#8, PEM. */
  readonly key: string;
  /** PKIX in `PUBLIC KEY`, as it is sent. */
  readonly publicKey: Uint8Array;
}

export function newKeys(): Keys {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: Buffer.from(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()),
  };
}

/** PEM of the host CA, as the cluster itself tells it. */
export async function hostCa(teleport: RunningTeleport): Promise<string> {
  const reply = await teleport.admin.unary(AuthService.method.getClusterCACert, {});
  return Buffer.from(reply.TLSCA).toString('utf8');
}

/** A client that sends no certificate. */
export async function anonymous(teleport: RunningTeleport): Promise<Client> {
  return openTeleportAdmin(teleport.authAddress, await hostCa(teleport), { cert: '', key: '' });
}

/** A client with these certificates. */
export async function withCerts(teleport: RunningTeleport, certs: Certs, keys: Keys): Promise<Client> {
  const cert = Buffer.from(certs.TLS).toString('utf8');
  return openTeleportAdmin(teleport.authAddress, await hostCa(teleport), { cert, key: keys.key });
}

type JoinRequest = MessageInitShape<typeof RegisterUsingTokenRequestSchema>;

/** Joins anonymously at Auth, as a bot does. */
export async function join(teleport: RunningTeleport, keys: Keys, request: JoinRequest): Promise<Certs> {
  const client = await anonymous(teleport);
  try {
    return await client.unary(JoinService.method.registerUsingToken, {
      Role: 'Bot',
      PublicTLSKey: keys.publicKey,
      ...request,
    });
  } finally {
    client.close();
  }
}

/** A bot that has joined with a new token. */
export interface JoinedBot {
  readonly certs: Certs;
  readonly keys: Keys;
  readonly client: Client;
  readonly token: string;
}

export async function joinedBot(teleport: RunningTeleport, name: string): Promise<JoinedBot> {
  const token = await teleport.addBot({ name, join: { method: 'token' } });
  const keys = newKeys();
  const certs = await join(teleport, keys, { Token: token });
  return { certs, keys, token, client: await withCerts(teleport, certs, keys) };
}

type CertsRequest = MessageInitShape<typeof UserCertsRequestSchema>;

/** GenerateUserCerts with all that is mandatory filled in. */
export function generateCerts(
  bot: Client,
  user: string,
  keys: Keys,
  request: CertsRequest = {},
): Promise<Certs> {
  return bot.unary(AuthService.method.generateUserCerts, {
    Username: user,
    Expires: timestampFromMs(Date.now() + 3600_000),
    TLSPublicKey: keys.publicKey,
    ...request,
  });
}

/** The operator's way: the bot's certificate, then one with the roles it may impersonate. */
export async function operatorClient(teleport: RunningTeleport, name: string): Promise<Client> {
  const bot = await joinedBot(teleport, name);
  const keys = newKeys();
  try {
    const certs = await generateCerts(bot.client, `bot-${name}`, keys, {
      UseRoleRequests: true,
      RoleRequests: ['operator'],
    });
    return await withCerts(teleport, certs, keys);
  } finally {
    bot.client.close();
  }
}

/** A TLS connection whose handshake is done. Rejects with the socket's error. */
export function secureSocket(address: string, options: ConnectionOptions): Promise<TLSSocket> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ ...options, host, port: Number(port) }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** A client over a connection that was made elsewhere, e.g. with a protocol list of its own. */
export function overSocket(socket: TLSSocket, address: string): TeleportClient['unary'] {
  const transport = createGrpcTransport({
    baseUrl: `https://${address}`,
    nodeOptions: { createConnection: () => socket },
  });
  return async (method, request) => {
    try {
      return (await transport.unary(method, undefined, 10_000, undefined, request)).message;
    } catch (error) {
      throw ofConnect(error, method.name);
    }
  };
}
