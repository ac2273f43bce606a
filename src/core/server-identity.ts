// Whether a certificate is for the host that was called, once its chain has been believed. Node decides for names;
// addresses are decided here, since Node 22.23 takes an IPv6 address for a name and refuses its own certificate.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/**
 * For the `checkServerIdentity` of a TLS connection. An address must stand among the certificate's IP addresses
 * (RFC 9110 4.3.5); never is a name or the Common Name taken for one.
 * @returns what is wrong, with Node's own code `ERR_TLS_CERT_ALTNAME_INVALID`; undefined where nothing is
 */
export function checkIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  if (isIP(host) === 0) return checkServerIdentity(host, certificate);
  if (new X509Certificate(certificate.raw).checkIP(host) !== undefined) return undefined;
  const reason = `IP: ${host} is not in the cert's list: ${certificate.subjectaltname ?? 'it has none'}`;
  return Object.assign(new Error(`Hostname/IP does not match certificate's altnames: ${reason}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    reason,
    host,
    cert: certificate,
  });
}
