// SSH public keys as lines of authorized_keys (RFC 4253 6.6, RFC 5656 3.1).

/** @param jwk an EC P-256 public key */
export function sshLine(jwk: { x?: string; y?: string }): string {
  const type = 'ecdsa-sha2-nistp256';
  const coordinates = [jwk.x, jwk.y].map((value) => Buffer.from(value ?? '', 'base64url'));
  const point = Buffer.concat([Buffer.from([4]), ...coordinates]);
  const blob = [Buffer.from(type), Buffer.from('nistp256'), point].map(prefixed);
  return `${type} ${Buffer.concat(blob).toString('base64')}\n`;
}

function prefixed(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return Buffer.concat([length, part]);
}
