// Protobuf descriptors to structural schemas: one function per shape a field can have. The rules are those of
// the Go operator's schemas (its users' objects must stay valid), less what a schema can't say: label values
// and duration texts are left open here and judged by the codec, which names the field.
import { type DescField, type DescMessage, getOption, hasOption, ScalarType } from '@bufbuild/protobuf';
import { Codec, cr, type Field } from '../../gen/teleport/operator/v1/options_pb.js';
import type { Schema } from './types.js';

/** The text for a message or field, from the comments of the .proto files; undefined where there is none. */
export type Describe = (element: DescMessage | DescField) => string | undefined;

/**
 * The schema of a message as an object of its fields.
 * @param hidden names of fields, as custom resources write them, that the object does not have
 * @throws Error on a recursive message, which no structural schema can hold
 */
export function messageSchema(
  message: DescMessage,
  describe: Describe,
  hidden: readonly string[] = [],
): Schema {
  return objectSchema(message, describe, hidden, []);
}

function objectSchema(
  message: DescMessage,
  describe: Describe,
  hidden: readonly string[],
  parents: readonly string[],
): Schema {
  if (parents.includes(message.typeName)) {
    throw new Error(`${message.typeName} contains itself (${parents.join(' > ')}); hide one of the fields`);
  }
  const way = [...parents, message.typeName];
  const properties: Record<string, Schema> = {};
  for (const field of message.fields) {
    const form = formOf(field);
    if (form?.hidden || hidden.includes(crName(field))) continue;
    if (form?.inline) {
      if (!field.message) throw new Error(`${field.toString()}: only a message can be inline`);
      Object.assign(properties, objectSchema(field.message, describe, [], way).properties);
      continue;
    }
    properties[crName(field)] = described(describe(field), fieldSchema(field, describe, way));
  }
  return { type: 'object', properties };
}

/** The field's name in a custom resource. */
export function crName(field: DescField): string {
  return formOf(field)?.json || field.name;
}

function formOf(field: DescField): Field | undefined {
  return hasOption(field, cr) ? getOption(field, cr) : undefined;
}

function described(description: string | undefined, schema: Schema): Schema {
  return description ? { description, ...schema } : schema;
}

function fieldSchema(field: DescField, describe: Describe, parents: readonly string[]): Schema {
  const form = formOf(field);
  // Where Teleport's Go type always holds a value, the Go operator's schemas don't take null either.
  const nullable = (schema: Schema): Schema => (form?.required ? schema : { ...schema, nullable: true });
  switch (form?.codec ?? Codec.UNSPECIFIED) {
    case Codec.LABELS:
      // A string or a list of strings, which no structural schema can say.
      return nullable({
        type: 'object',
        additionalProperties: { 'x-kubernetes-preserve-unknown-fields': true },
      });
    case Codec.TRAITS:
      return nullable({ type: 'object', additionalProperties: listOf({ type: 'string' }) });
    case Codec.STRINGS:
      return nullable(listOf({ type: 'string' }));
    case Codec.DURATION:
      return durationSchema();
    case Codec.UNSPECIFIED:
      break;
  }
  switch (field.fieldKind) {
    case 'scalar':
      return scalarSchema(field.scalar);
    case 'enum':
      return enumSchema();
    case 'list':
      return nullable(listOf(elementSchema(field, describe, parents)));
    case 'map':
      return nullable({ type: 'object', additionalProperties: elementSchema(field, describe, parents) });
    case 'message': {
      const schema = valueSchema(field.message, describe, parents);
      return schema.type === 'object' ? nullable(schema) : schema;
    }
  }
}

/** What a list or map holds. */
function elementSchema(
  field: Extract<DescField, { fieldKind: 'list' | 'map' }>,
  describe: Describe,
  parents: readonly string[],
): Schema {
  if (field.message) return valueSchema(field.message, describe, parents);
  return field.scalar === undefined ? enumSchema() : scalarSchema(field.scalar);
}

/** Well-known messages have a form of their own; all others are objects. */
function valueSchema(message: DescMessage, describe: Describe, parents: readonly string[]): Schema {
  switch (message.typeName) {
    case 'google.protobuf.Timestamp':
      return { type: 'string', format: 'date-time' };
    case 'google.protobuf.Duration':
      return durationSchema();
    case 'google.protobuf.BoolValue':
    case 'types.BoolValue':
      return { type: 'boolean' };
    case 'google.protobuf.Struct':
      return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    case 'wrappers.StringValues':
      return listOf({ type: 'string' });
    case 'wrappers.LabelValues':
      return { type: 'object', additionalProperties: listOf({ type: 'string' }) };
    default:
      return objectSchema(message, describe, [], parents);
  }
}

function listOf(items: Schema): Schema {
  return { type: 'array', items };
}

/**
 * No `format: duration`, which the Go operator's schemas have: the API server's own notion of it refuses
 * `never`, `1mo` and `1y`, which Teleport takes.
 */
function durationSchema(): Schema {
  return { type: 'string' };
}

/** By name or by number. Which names there are, the codec says: it knows them in any case and spelling. */
function enumSchema(): Schema {
  return { 'x-kubernetes-int-or-string': true };
}

function scalarSchema(scalar: ScalarType): Schema {
  switch (scalar) {
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.STRING:
      return { type: 'string' };
    case ScalarType.BYTES:
      return { type: 'string', format: 'byte' };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: 'number' };
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return { type: 'integer', format: 'int64' };
    case ScalarType.INT32:
    case ScalarType.UINT32:
    case ScalarType.SINT32:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return { type: 'integer', format: 'int32' };
  }
}
