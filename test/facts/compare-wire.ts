// Holds compiled .proto files against test/facts/wire.json. A field, value or RPC that differs, is missing or
// is too many is a finding: bytes written by one side would be read as something else by the other.
import {
  createFileRegistry,
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescService,
  ScalarType,
} from '@bufbuild/protobuf';
import type { FileDescriptorSet } from '@bufbuild/protobuf/wkt';

export interface WireFacts {
  services: Record<string, Record<string, string>>;
  messages: Record<string, Record<string, string>>;
  enums: Record<string, Record<string, number>>;
}

/** Messages of which the facts list a part only. */
const partial = new Set(['proto.Event', 'proto.PaginatedResource']);

export function compareWire(facts: WireFacts, image: FileDescriptorSet): string[] {
  const registry = createFileRegistry(image);
  return [
    ...Object.entries(facts.messages).flatMap(([name, fields]) =>
      message(name, fields, registry.getMessage(name)),
    ),
    ...Object.entries(facts.enums).flatMap(([name, values]) =>
      enumeration(name, values, registry.getEnum(name)),
    ),
    ...Object.entries(facts.services).flatMap(([name, rpcs]) =>
      service(name, rpcs, registry.getService(name)),
    ),
  ];
}

function message(name: string, facts: Record<string, string>, actual: DescMessage | undefined): string[] {
  if (!actual) return [`${name}: is missing`];
  const found: string[] = [];
  for (const [number, fact] of Object.entries(facts)) {
    const older = fact.endsWith(' (older)');
    const wanted = fact.replace(' (older)', '');
    const at = `${name}.${wanted.split(':')[0]} = ${number}`;
    const field = actual.fields.find((candidate) => candidate.number === Number(number));
    if (!field) {
      if (!older) found.push(`${at}: is missing`);
    } else if (normal(fieldFact(field)) !== normal(wanted)) {
      found.push(`${at}: is "${fieldFact(field)}", should be "${wanted}"`);
    }
  }
  if (partial.has(name)) return found;
  for (const field of actual.fields) {
    if (facts[field.number] === undefined)
      found.push(`${name}.${field.name} = ${field.number}: Teleport has no such field`);
  }
  return found;
}

/** Field names do not travel; their spelling may differ in case and underscores. Types may not. */
function normal(fact: string): string {
  const colon = fact.indexOf(':');
  return fact.slice(0, colon).toLowerCase().replaceAll('_', '') + fact.slice(colon);
}

/** A field as the facts write it. */
function fieldFact(field: DescField): string {
  const oneof = field.oneof ? ` in ${field.oneof.name}` : '';
  return `${field.name}: ${typeOf(field)}${oneof}`;
}

function typeOf(field: DescField): string {
  switch (field.fieldKind) {
    case 'map':
      return `map<${scalarName(field.mapKey)}, ${elementOf(field)}>`;
    case 'list':
      return `repeated ${elementOf(field)}`;
    default:
      return elementOf(field);
  }
}

function elementOf(field: DescField): string {
  if (field.message) return field.message.typeName;
  if (field.enum) return field.enum.typeName;
  return field.scalar === undefined ? '' : scalarName(field.scalar);
}

function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar].toLowerCase();
}

function enumeration(name: string, facts: Record<string, number>, actual: DescEnum | undefined): string[] {
  if (!actual) return [`${name}: is missing`];
  return Object.entries(facts).flatMap(([value, number]) => {
    const at = `${name}.${value} = ${number}`;
    const byName = actual.values.find((candidate) => candidate.name === value);
    if (byName && byName.number !== number) return [`${at}: is ${byName.number}`];
    return actual.values.some((candidate) => candidate.number === number) ? [] : [`${at}: is missing`];
  });
}

function service(name: string, facts: Record<string, string>, actual: DescService | undefined): string[] {
  return Object.entries(facts).flatMap(([rpc, wanted]) => {
    const at = `rpc ${name}/${rpc}`;
    const method = actual?.methods.find((candidate) => candidate.name === rpc);
    if (!method) return [`${at}: is missing`];
    return methodFact(method) === wanted ? [] : [`${at}: is "${methodFact(method)}", should be "${wanted}"`];
  });
}

function methodFact(method: DescMethod): string {
  const { methodKind } = method;
  const request = methodKind === 'client_streaming' || methodKind === 'bidi_streaming' ? 'stream ' : '';
  const reply = methodKind === 'server_streaming' || methodKind === 'bidi_streaming' ? 'stream ' : '';
  return `${request}${method.input.typeName} -> ${reply}${method.output.typeName}`;
}
