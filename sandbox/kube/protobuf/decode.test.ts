import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { expect, it } from 'vitest';
import { decodeProtobuf } from './decode.js';

type Write = (writer: BinaryWriter) => void;

function message(...writes: Write[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const write of writes) write(writer);
  return writer.finish();
}

const bytes =
  (number: number, value: Uint8Array): Write =>
  (writer) =>
    writer.tag(number, WireType.LengthDelimited).bytes(value);
const text =
  (number: number, value: string): Write =>
  (writer) =>
    writer.tag(number, WireType.LengthDelimited).string(value);
const int =
  (number: number, value: number): Write =>
  (writer) =>
    writer.tag(number, WireType.Varint).int64(value);

function body(kind: string, apiVersion: string, raw: Uint8Array): Buffer {
  const type = message(text(1, apiVersion), text(2, kind));
  return Buffer.concat([
    Buffer.from('k8s\0'),
    message(bytes(1, type), bytes(2, raw), text(3, ''), text(4, '')),
  ]);
}

it('reads a Secret: maps, bytes, unset fields, unknown fields', () => {
  const metadata = message(
    text(1, 's'),
    text(2, ''),
    bytes(11, message(text(1, 'k'), text(2, 'v'))),
    text(99, 'unknown'),
  );
  const raw = message(
    bytes(1, metadata),
    bytes(2, message(text(1, 'key'), bytes(2, Buffer.from('b')))),
    text(3, 'Opaque'),
  );
  expect(decodeProtobuf(body('Secret', 'v1', raw))).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's', labels: { k: 'v' } },
    data: { key: 'Yg==' },
    type: 'Opaque',
  });
});

it('reads a TokenRequest: lists, numbers, messages', () => {
  const spec = message(
    text(1, 'a'),
    text(1, 'b'),
    int(4, 600),
    bytes(3, message(text(1, 'Pod'), text(3, 'p'))),
  );
  const read = decodeProtobuf(body('TokenRequest', 'authentication.k8s.io/v1', message(bytes(2, spec))));
  expect(read.spec).toEqual({
    audiences: ['a', 'b'],
    expirationSeconds: 600,
    boundObjectRef: { kind: 'Pod', name: 'p' },
  });
});

it('refuses kinds that it does not know, and what is no protobuf of Kubernetes', () => {
  expect(() => decodeProtobuf(body('Deployment', 'apps/v1', message()))).toThrow(/unknown format/);
  expect(() => decodeProtobuf(Buffer.from('{}'))).toThrow(/unknown format/);
});
