// Certificates from an authenticated connection: the bot's own, renewed, and the one with the roles that the
// operator works with. Both by GenerateUserCerts.

import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Clock } from '../core/clock.js';
import { AuthService } from '../gen/teleport/client/authservice_pb.js';
import type { Certs } from '../gen/teleport/client/certs_pb.js';
import { ClusterConfigService } from '../gen/teleport/clusterconfig/v1/clusterconfig_service_pb.js';
import { SignatureAlgorithmSuite } from '../gen/teleport/types/cluster_config_pb.js';
import type { CallOptions, TeleportClient } from './client.js';
import { isTeleportError, TeleportError } from './errors.js';
import { type Identity, makeIdentity } from './identity.js';
import { generateKeys, type KeyPair } from './keys.js';

export interface CertifyOptions {
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly signal?: AbortSignal;
  /** Remembers which form of keys this server reads. */
  readonly keyForm?: KeyForm;
}

/** Servers before 17 read one key for both certificates; found out with the output identity, which counts nothing. */
export interface KeyForm {
  single?: boolean;
}

/**
 * The bot's next certificate. Only for renewable ones (method token). A reply that gets lost after Auth has counted
 * it makes the next try look like a stolen certificate and locks the bot (joining.md 5.7): hence the long deadline.
 * @param client speaks to Auth as the bot.
 * @throws TeleportError
 */
export async function renew(
  client: TeleportClient,
  bot: Identity,
  options: CertifyOptions,
): Promise<Identity> {
  const keys = await generateKeys(await signatureSuite(client, options));
  const certs = await client.unary(
    AuthService.method.generateUserCerts,
    {
      Username: bot.user,
      Expires: timestampFromMs(Math.round(options.clock.now() + options.ttlMs)),
      ...(options.keyForm?.single
        ? { PublicKey: keys.sshPublicKey }
        : { SSHPublicKey: keys.sshPublicKey, TLSPublicKey: keys.publicKey }),
    },
    { ...callOptions(options), timeoutMs: 120_000 },
  );
  return makeIdentity(text(certs.TLS), keys.privateKey, certs.TLSCACerts.map(text));
}

/**
 * The identity that every call of the operator uses: all roles that the bot's own role lets it take on. Its trust is
 * the host CA alone, fetched anew, so that it follows a rotation.
 * @param client speaks to Auth as the bot.
 * @throws TeleportError
 */
export async function impersonate(
  client: TeleportClient,
  bot: Identity,
  options: CertifyOptions,
): Promise<Identity> {
  const role = await client.unary(AuthService.method.getRole, { Name: bot.user }, callOptions(options));
  const roles = role.Spec?.Allow?.Impersonate?.Roles ?? [];
  if (roles.length === 0) {
    throw new TeleportError(
      'AccessDenied',
      `the bot ${bot.botName ?? bot.user} has no roles to work with; give it the operator's role: ` +
        `tctl bots update ${bot.botName ?? '<bot>'} --add-roles=<role>`,
    );
  }
  const keys = await generateKeys(await signatureSuite(client, options));
  const request = {
    Username: bot.user,
    Expires: timestampFromMs(Math.round(options.clock.now() + options.ttlMs)),
    RouteToCluster: bot.clusterName,
    RoleRequests: roles,
    UseRoleRequests: true as const,
  };
  const certs = await certsForKey(client, request, keys, options);
  const hostCas = await client.unary(AuthService.method.getClusterCACert, {}, callOptions(options));
  return makeIdentity(text(certs.TLS), keys.privateKey, [text(hostCas.TLSCA)]);
}

interface OutputRequest {
  readonly Username: string;
  readonly Expires: Timestamp;
  readonly RouteToCluster: string;
  readonly RoleRequests: string[];
  readonly UseRoleRequests: true;
}

/**
 * Asks with the TLS key alone: the operator never uses SSH, and an SSH certificate not made cannot be stolen. A server
 * that does not read that key is asked again in the old form.
 */
async function certsForKey(
  client: TeleportClient,
  request: OutputRequest,
  keys: KeyPair,
  options: CertifyOptions,
): Promise<Certs> {
  const { keyForm } = options;
  const ask = (key: { TLSPublicKey: Uint8Array } | { PublicKey: Uint8Array }): Promise<Certs> =>
    client.unary(AuthService.method.generateUserCerts, { ...request, ...key }, callOptions(options));
  if (!keyForm?.single) {
    try {
      const certs = await ask({ TLSPublicKey: keys.publicKey });
      if (certs.TLS.length > 0 || !keyForm) return certs;
    } catch (error) {
      if (!keyForm || !isTeleportError(error, 'BadParameter', 'Unknown') || !/key/i.test(error.message))
        throw error;
    }
  }
  const certs = await ask({ PublicKey: keys.sshPublicKey });
  if (keyForm) keyForm.single = true;
  return certs;
}

/** The cluster's suite; servers before 17 have none. */
async function signatureSuite(
  client: TeleportClient,
  options: CertifyOptions,
): Promise<SignatureAlgorithmSuite> {
  try {
    const preference = await client.unary(
      ClusterConfigService.method.getAuthPreference,
      {},
      callOptions(options),
    );
    return preference.Spec?.signatureAlgorithmSuite ?? SignatureAlgorithmSuite.UNSPECIFIED;
  } catch (error) {
    if (!isTeleportError(error, 'NotImplemented')) throw error;
    return SignatureAlgorithmSuite.UNSPECIFIED;
  }
}

function callOptions({ signal }: CertifyOptions): CallOptions {
  return signal ? { signal } : {};
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
