// What servers before 18 do otherwise (joining.md 3.5): one key for both certificates up to 16, no signature suite up
// to 16, roles up to v7 and RPCs that came later, and the HTTP join on Auth's own port up to 17.
import { createPublicKey } from 'node:crypto';
import { SignatureAlgorithmSuite } from '../../../src/gen/teleport/types/cluster_config_pb.js';
import { badParameter } from '../refusal.js';

/** The first number of a version. */
export function majorOf(serverVersion: string): number {
  return Number(serverVersion.split('.')[0]);
}

/** The newest version of a role that a server of this version knows. */
export const newestRole = (major: number): 'v7' | 'v8' => (major < 18 ? 'v7' : 'v8');

/** Whether a server of this version has no such RPC; `/service/Method`. */
export function isAbsent(major: number, method: string): boolean {
  const since: Readonly<Record<string, number>> = {
    // whole services
    '/teleport.workloadidentity.v1.WorkloadIdentityResourceService': 17,
    '/teleport.autoupdate.v1.AutoUpdateService': 17,
    '/proto.JoinService/RegisterUsingToken': 17,
    '/proto.JoinService/RegisterUsingBoundKeypairMethod': 18,
    '/teleport.machineid.v1.BotInstanceService/SubmitHeartbeat': 17,
    '/teleport.clusterconfig.v1.ClusterConfigService/GetAuthPreference': 16,
  };
  const service = method.slice(0, method.lastIndexOf('/'));
  return major < (since[method] ?? since[service] ?? 0);
}

export function suiteOf(major: number): SignatureAlgorithmSuite {
  return major < 17 ? SignatureAlgorithmSuite.UNSPECIFIED : SignatureAlgorithmSuite.BALANCED_V1;
}

/** The keys that a server of this version reads from a request for certificates. */
export function keysOf(
  major: number,
  request: { PublicKey: Uint8Array; SSHPublicKey: Uint8Array; TLSPublicKey: Uint8Array },
): { ssh: Uint8Array; tls: Uint8Array } {
  const separate = { ssh: request.SSHPublicKey, tls: request.TLSPublicKey };
  if (major >= 18) return separate;
  if (request.PublicKey.length === 0) {
    if (major === 17) return separate;
    throw badParameter('ssh: no key found');
  }
  if (major === 17 && (separate.ssh.length > 0 || separate.tls.length > 0))
    throw badParameter('public_key cannot be set together with ssh_public_key or tls_public_key');
  return { ssh: request.PublicKey, tls: Buffer.from(tlsKey(request.PublicKey)) };
}

/** The same key as PEM (SPKI), from an authorized_keys line (RFC 4253 6.6). */
export function tlsKey(line: Uint8Array): string {
  const blob = Buffer.from(Buffer.from(line).toString().split(' ')[1] ?? '', 'base64');
  const parts: Buffer[] = [];
  for (let at = 0; at + 4 <= blob.length; at += 4 + blob.readUInt32BE(at))
    parts.push(blob.subarray(at + 4, at + 4 + blob.readUInt32BE(at)));
  const [type, first = Buffer.alloc(0), second = Buffer.alloc(0)] = parts;
  const text = (bytes: Buffer): string => bytes.toString('base64url');
  const unsigned = (bytes: Buffer): string => text(bytes[0] === 0 ? bytes.subarray(1) : bytes);
  const jwk =
    type?.toString() === 'ssh-rsa'
      ? { kty: 'RSA', e: unsigned(first), n: unsigned(second) }
      : { kty: 'EC', crv: 'P-256', x: text(second.subarray(1, 33)), y: text(second.subarray(33, 65)) };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' }).toString();
}
