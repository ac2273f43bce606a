// Who is at the other end of a TLS connection to Auth: the checks of the client certificate (joining.md 2.2,
// observed.md A.1, 7, 8). Node checks nothing here, since it knows only the machine's clock.
import type { TLSSocket } from 'node:tls';
import type { Caller } from '../access/caller.js';
import { identityOf } from '../ca/identity.js';
import type { ClusterState } from '../state/cluster.js';

const apiDomain = 'teleport.cluster.local';

/** @returns undefined when the connection must be closed */
export function callerOfConnection(state: ClusterState, socket: TLSSocket): Caller | undefined {
  const remoteAddress = `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return { identity: undefined, remoteAddress, expires: 0 };
  if (certificate.issuerCertificate !== undefined) return undefined;
  const encoded = encodedCluster(socket);
  if (encoded !== undefined && encoded !== state.clusterName) return undefined;
  if (!state.userCa.signed(certificate)) return undefined;
  const expires = Date.parse(certificate.validTo);
  const now = state.clock.now();
  if (now > expires || now < Date.parse(certificate.validFrom)) return undefined;
  const identity = identityOf(certificate.raw);
  if (identity.clusterName !== state.clusterName) return undefined;
  return { identity, remoteAddress, expires };
}

/** The cluster that the server name encodes, if it encodes one. */
function encodedCluster(socket: TLSSocket): string | undefined {
  const name = (socket as TLSSocket & { servername?: string | false }).servername;
  if (!name || !name.endsWith(`.${apiDomain}`)) return undefined;
  return Buffer.from(name.slice(0, -apiDomain.length - 1), 'hex').toString('utf8');
}
