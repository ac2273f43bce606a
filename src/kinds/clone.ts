// Copies of messages. protobuf's own `clone` goes through reflection, which for a role is a hundred objects that nobody keeps.
import type { Message } from '@bufbuild/protobuf';

/** A copy that shares nothing with the message that can be changed. */
export function cloneMessage<T extends Message>(message: T): T {
  return copyOf(message) as T;
}

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // not `slice`: a Buffer would hand out the same bytes
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(copyOf);
  const from = value as Readonly<Record<string, unknown>>;
  // messages of some syntaxes have their defaults on a prototype
  const to = Object.create(Object.getPrototypeOf(value)) as Record<string, unknown>;
  for (const name of Object.keys(from)) to[name] = copyOf(from[name]);
  return to;
}
