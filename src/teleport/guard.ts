// A write whose resource is missing takes a real Auth server down: it dereferences what is not there and exits
// (observed.md A.2). So such a request is refused here, before anything is sent, for every Create, Update and
// Upsert of every service, by the shape of its message alone.
import {
  type DescField,
  type DescMessage,
  type DescMethod,
  isMessage,
  type Message,
} from '@bufbuild/protobuf';
import { heldBy } from '../core/held-by.js';
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
  const missing = shape.resource
    ? nameMissing(method.input, message)
    : shape.parts.length === 0
      ? 'no resource field is known for this request'
      : partMissing(message, shape.parts);
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

function partMissing(request: Message, parts: readonly DescField[]): string | undefined {
  const seenOneofs = new Set<string>();
  for (const part of parts) {
    const { oneof } = part;
    if (oneof === undefined) {
      const missing = resourceMissing(request, part);
      if (missing !== undefined) return missing;
      continue;
    }
    if (seenOneofs.has(oneof.name)) continue;
    seenOneofs.add(oneof.name);
    const chosen = oneof.fields.find((field) => heldBy(request, field) !== undefined);
    if (chosen === undefined) return `its ${oneof.name} is not set`;
    const missing = parts.includes(chosen) ? resourceMissing(request, chosen) : undefined;
    if (missing !== undefined) return missing;
  }
  return undefined;
}

function resourceMissing(request: Message, field: DescField): string | undefined {
  const resource = heldBy(request, field);
  if (field.fieldKind !== 'message' || !isMessage(resource)) return `its ${field.name} is not set`;
  return nameMissing(field.message, resource);
}

/** Metadata may sit in a header that has metadata of its own. */
function nameMissing(desc: DescMessage, resource: Message): string | undefined {
  const field = metadataField(desc);
  const metadata = field && heldBy(resource, field);
  if (field?.fieldKind !== 'message' || !isMessage(metadata)) return `${desc.name} has no metadata`;
  if (metadataField(field.message) !== undefined) return nameMissing(field.message, metadata);
  const name = field.message.fields.find((one) => one.name.toLowerCase() === 'name');
  if (name === undefined || heldBy(metadata, name) === '') return `${desc.name} has no name`;
  return undefined;
}
