// Reads Kubernetes' protobuf bodies into the JSON form of the same object. kubectl's typed clients send them; answers
// are always JSON, which those clients take as well.
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { unsupportedMediaType } from '../errors.js';
import { isObject, type JsonObject, textOr } from '../json.js';
import { timestamp } from '../object.js';
import { type Field, type Message, messages } from './fields.js';

const magic = Buffer.from('k8s\0');
const envelope: Message = {
  1: ['typeMeta', { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] }],
  2: ['raw', 'bytes'],
};

/**
 * Decodes a body in `application/vnd.kubernetes.protobuf`.
 * @throws ApiError 415 for a kind that is not known in this form
 */
export function decodeProtobuf(body: Buffer): JsonObject {
  if (!body.subarray(0, 4).equals(magic)) throw unsupportedMediaType(['application/json']);
  const { typeMeta, raw } = decode(body.subarray(4), envelope);
  const { kind, apiVersion } = isObject(typeMeta) ? typeMeta : {};
  const message = messages[textOr(kind)];
  if (!message) throw unsupportedMediaType(['application/json']);
  return { apiVersion, kind, ...decode(Buffer.from(textOr(raw), 'base64'), message) };
}

function decode(bytes: Uint8Array, message: Message): JsonObject {
  const reader = new BinaryReader(bytes);
  const result: JsonObject = {};
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = message[number];
    if (field) set(result, field, reader);
    else reader.skip(wire, number);
  }
  return result;
}

function set(result: JsonObject, field: Field, reader: BinaryReader): void {
  const [name, form] = field;
  if (form === 'map') {
    const known = result[name];
    const entry = decode(reader.bytes(), { 1: ['key', 'text'], 2: ['value', field[2]] });
    result[name] = { ...(isObject(known) ? known : {}), [textOr(entry.key)]: textOr(entry.value) };
    return;
  }
  const value = read(form, reader);
  // Go writes empty strings and zeros of unset fields.
  if (value === '' || value === undefined) return;
  if (form === 'text*' || Array.isArray(form)) {
    const known = result[name];
    result[name] = [...(Array.isArray(known) ? (known as unknown[]) : []), value];
  } else result[name] = value;
}

function read(form: Field[1], reader: BinaryReader): unknown {
  switch (form) {
    case 'text':
    case 'text*':
      return reader.string();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'int':
      return Number(reader.int64());
    case 'bool':
      return reader.bool();
    case 'time': {
      const { seconds } = decode(reader.bytes(), { 1: ['seconds', 'int'] });
      return typeof seconds === 'number' ? timestamp(seconds * 1000) : undefined;
    }
    default: {
      const inner = (Array.isArray(form) ? form[0] : form) as Message;
      return decode(reader.bytes(), inner);
    }
  }
}
