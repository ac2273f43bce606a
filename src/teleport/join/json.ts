// The join request and its reply as JSON, for the HTTP endpoints. Names are Teleport's (joining.md 3.1, 3.2); bytes
// are base64.
import { create } from '@bufbuild/protobuf';
import { type Timestamp, timestampDate } from '@bufbuild/protobuf/wkt';
import { type Certs, CertsSchema } from '../../gen/teleport/client/certs_pb.js';
import { RegisterUsingTokenRequestSchema } from '../../gen/teleport/types/common_pb.js';
import { TeleportError } from '../errors.js';
import type { JoinRequest } from './method.js';

export function joinRequestToJson(init: JoinRequest): Record<string, unknown> {
  const request = create(RegisterUsingTokenRequestSchema, init);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    hostID: '',
    node_name: '',
    role: request.Role,
    token: request.Token,
    public_tls_key: base64(request.PublicTLSKey),
    public_ssh_key: base64(request.PublicSSHKey),
    ...(request.IDToken ? { id_token: request.IDToken } : {}),
    ...(request.Expires ? { expires: rfc3339(request.Expires) } : {}),
  };
}

/** @throws TeleportError (Unknown) when the reply holds no certificate. */
export function certsFromJson(reply: unknown): Certs {
  const fields = typeof reply === 'object' && reply !== null ? (reply as Record<string, unknown>) : {};
  const bytes = (value: unknown): Uint8Array =>
    typeof value === 'string' ? Buffer.from(value, 'base64') : new Uint8Array();
  const list = (value: unknown): Uint8Array[] => (Array.isArray(value) ? value.map(bytes) : []);
  const certs = create(CertsSchema, {
    SSH: bytes(fields.ssh),
    TLS: bytes(fields.tls),
    TLSCACerts: list(fields.tls_ca_certs),
    SSHCACerts: list(fields.ssh_ca_certs),
  });
  if (certs.TLS.length === 0)
    throw new TeleportError('Unknown', 'the join was answered without a certificate');
  return certs;
}

function rfc3339(time: Timestamp): string {
  return timestampDate(time).toISOString();
}
