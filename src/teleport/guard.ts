// A write whose resource is missing takes a real Auth server down: it dereferences what is not there and exits
// (observed.md A.2). So such a request is refused here, before anything is sent, for every Create, Update and
// Upsert of every service, by the shape of its message alone.
import type { DescField, DescMessage, DescMethod, Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { TeleportError } from './errors.js';

/** Does the call create or change a resource? */
export function isWrite(method: DescMethod): boolean {
  return /^(?:Create|Update|Upsert)/.test(method.name);
}

/**
 * Lets reads and complete writes pass.
 * @throws TeleportError (BadParameter) when a write lacks its resource or the resource its name.
 */
export function guardWrite(method: DescMethod, message: Message): void {
  if (!isWrite(method)) return;
  const shape = shapes.get(method) ?? remember(method);
  const request = reflect(method.input, message);
  const missing = shape.resource
    ? nameMissing(request)
    : shape.parts.length === 0
      ? 'no resource field is known for this request'
      : partMissing(request, shape.parts);
  if (missing !== undefined) {
    const name = `/${method.parent.typeName}/${method.name}`;
    throw new TeleportError(
      'BadParameter',
      `${method.name} was not sent: ${missing}; this is a mistake in the operator, please report it`,
      { method: name },
    );
  }
}

interface Shape {
  /** The request is the resource itself. */
  readonly resource: boolean;
  /** Otherwise: the request's fields that hold one; those of one oneof are alternatives. */
  readonly parts: readonly DescField[];
}

const shapes = new WeakMap<DescMethod, Shape>();

function remember(method: DescMethod): Shape {
  const parts = method.input.fields.filter(
    (field) => field.fieldKind === 'message' && isResource(field.message),
  );
  const shape = { resource: isResource(method.input), parts };
  shapes.set(method, shape);
  return shape;
}

/** Resources carry metadata, in one of the three ways that Teleport has used so far. */
function isResource(message: DescMessage): boolean {
  return metadataField(message) !== undefined;
}

function metadataField(message: DescMessage): DescField | undefined {
  return message.fields.find(
    (field) => field.fieldKind === 'message' && /^(?:metadata|header|resourceheader)$/i.test(field.name),
  );
}

function partMissing(request: ReflectMessage, parts: readonly DescField[]): string | undefined {
  const seenOneofs = new Set<string>();
  for (const field of parts) {
    if (field.oneof !== undefined) {
      if (seenOneofs.has(field.oneof.name)) continue;
      seenOneofs.add(field.oneof.name);
      const chosen = request.oneofCase(field.oneof);
      if (chosen === undefined) return `its ${field.oneof.name} is not set`;
      if (!parts.includes(chosen)) continue;
      const missing = resourceMissing(request, chosen);
      if (missing !== undefined) return missing;
      continue;
    }
    const missing = resourceMissing(request, field);
    if (missing !== undefined) return missing;
  }
  return undefined;
}

function resourceMissing(request: ReflectMessage, field: DescField): string | undefined {
  if (field.fieldKind !== 'message' || !request.isSet(field)) return `its ${field.name} is not set`;
  return nameMissing(request.get(field));
}

/** Metadata may sit in a header that has metadata of its own. */
function nameMissing(resource: ReflectMessage): string | undefined {
  const field = metadataField(resource.desc);
  if (field === undefined || field.fieldKind !== 'message' || !resource.isSet(field)) {
    return `${resource.desc.name} has no metadata`;
  }
  const metadata = resource.get(field);
  if (metadataField(metadata.desc) !== undefined) return nameMissing(metadata);
  const name = metadata.desc.fields.find((one) => one.name.toLowerCase() === 'name');
  if (name === undefined || metadata.get(name) === '') return `${resource.desc.name} has no name`;
  return undefined;
}
