// Makes the certificates of a reply: TLS for the TLS key, SSH for the SSH key, with the authorities beside.
// Who may have which identity is decided by its callers (generate-user-certs.ts, join/join.ts).
import { create } from '@bufbuild/protobuf';
import type { Certs } from '../../../src/gen/teleport/client/certs_pb.js';
import { CertsSchema } from '../../../src/gen/teleport/client/certs_pb.js';
import { type Identity, subjectOf } from '../ca/identity.js';
import { checkSshKey, publicKeyInfo } from '../ca/keys.js';
import { badParameter } from '../refusal.js';
import type { ClusterState } from '../state/cluster.js';
import { roles } from '../state/kinds.js';

export interface CertRequest {
  readonly identity: Identity;
  readonly tlsPublicKey: Uint8Array;
  readonly sshPublicKey: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly expires: number;
  /** Joins and renewals bring the host CA, impersonation does not (joining.md 5.2). */
  readonly withHostCa: boolean;
}

/** Certificates begin this long before their issue. */
const backdate = 60_000;
/** Role default of max_session_ttl: 30 h. */
const defaultTtl = 30 * 3600_000;

/** @throws BadParameter for keys that are missing or no keys; nothing has happened then */
export function checkKeys(tlsPublicKey: Uint8Array, sshPublicKey: Uint8Array): void {
  if (tlsPublicKey.length === 0 && sshPublicKey.length === 0) throw badParameter('must provide a public key');
  if (tlsPublicKey.length > 0) publicKeyInfo(tlsPublicKey);
  if (sshPublicKey.length > 0) checkSshKey(sshPublicKey);
}

/** The latest moment that the roles' max_session_ttl allow, and no later than `expires`. */
export function capExpiry(state: ClusterState, roleNames: readonly string[], expires: number): number {
  const ttls = roleNames.map((name) => {
    const nanos = state.reads.get(roles, name)?.Spec?.Options?.MaxSessionTTL ?? 0n;
    return nanos > 0n ? Number(nanos / 1_000_000n) : defaultTtl;
  });
  return Math.min(expires, ...ttls.map((ttl) => state.clock.now() + ttl));
}

export async function issueCerts(state: ClusterState, request: CertRequest): Promise<Certs> {
  checkKeys(request.tlsPublicKey, request.sshPublicKey);
  const authorities = request.withHostCa ? [state.userCa, state.hostCa] : [state.userCa];
  const identity: Identity = {
    ...request.identity,
    principals: ['-teleport-internal-join', `-teleport-nologin-${crypto.randomUUID()}`],
  };
  const tls =
    request.tlsPublicKey.length === 0
      ? ''
      : await state.userCa.issue({
          subject: subjectOf(identity),
          publicKey: publicKeyInfo(request.tlsPublicKey),
          notBefore: new Date(state.clock.now() - backdate),
          notAfter: new Date(request.expires),
        });
  return create(CertsSchema, {
    TLS: Buffer.from(tls),
    SSH: request.sshPublicKey.length === 0 ? new Uint8Array() : sshCertificate(request.sshPublicKey),
    TLSCACerts: authorities.map((authority) => Buffer.from(authority.pem)),
    SSHCACerts: authorities.map((authority) => Buffer.from(authority.sshLine)),
  });
}

/** Stands for an SSH certificate: nothing in the sandbox speaks SSH, so none is signed. */
function sshCertificate(key: Uint8Array): Uint8Array {
  const [type = '', blob = ''] = Buffer.from(key).toString('utf8').trim().split(/\s+/);
  return Buffer.from(`${type}-cert-v01@openssh.com ${blob}\n`);
}
