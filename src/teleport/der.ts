// The little of DER that reading a certificate's names needs. Node prints subjects as text in which a role
// called "a + O=admin" could pass for two, so names are read from the bytes.

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** One attribute of a distinguished name: dotted OID and text. */
export interface NameAttribute {
  readonly oid: string;
  readonly value: string;
}

/**
 * Issuer and subject of an X.509 certificate, attributes in order.
 * @throws RangeError when the bytes are no certificate.
 */
export function certificateNames(der: Buffer): { issuer: NameAttribute[]; subject: NameAttribute[] } {
  const certificate = only(elements(der));
  const tbs = elements(elements(certificate.content)[0]?.content ?? Buffer.of());
  // [0] version is optional; then serial, signature, issuer, validity, subject.
  const first = tbs[0]?.tag === 0xa0 ? 1 : 0;
  const issuer = tbs[first + 2];
  const subject = tbs[first + 4];
  if (issuer === undefined || subject === undefined)
    throw new RangeError('not a certificate: names are missing');
  return { issuer: readName(issuer.content), subject: readName(subject.content) };
}

function readName(name: Buffer): NameAttribute[] {
  return elements(name).flatMap((set) =>
    elements(set.content).map((pair) => {
      const [type, value] = elements(pair.content);
      if (type === undefined || value === undefined)
        throw new RangeError('not a certificate: a name is cut off');
      return { oid: readOid(type.content), value: value.content.toString('utf8') };
    }),
  );
}

function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = byte(bytes, at++);
    let length = byte(bytes, at++);
    if (length > 0x80) {
      const count = length & 0x7f;
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + byte(bytes, at++);
    }
    if (at + length > bytes.length) throw new RangeError('not DER: an element is longer than its frame');
    found.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function readOid(bytes: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const part of bytes) {
    arc = arc * 128 + (part & 0x7f);
    if ((part & 0x80) === 0) {
      if (arcs.length === 0)
        arcs.push(Math.min(2, Math.floor(arc / 40)), arc - 40 * Math.min(2, Math.floor(arc / 40)));
      else arcs.push(arc);
      arc = 0;
    }
  }
  return arcs.join('.');
}

function byte(bytes: Buffer, at: number): number {
  const value = bytes[at];
  if (value === undefined) throw new RangeError('not DER: cut off');
  return value;
}

function only(list: readonly Element[]): Element {
  const [first, ...rest] = list;
  if (first === undefined || rest.length > 0) throw new RangeError('not DER: one element expected');
  return first;
}
