// Dotted paths of protobuf local names (`Spec.CreatedBy`) on messages, for the lists in kind declarations.
import type { Message } from '@bufbuild/protobuf';

type Fields = Record<string, unknown>;

/** The value at the path, or undefined where a message on the way is unset. */
export function valueAt(message: Message, path: string): unknown {
  let value: unknown = message;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Fields)[name];
  }
  return value;
}

/** True for what protobuf sends as nothing: unset, empty text, zero, false, an empty list or map. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === 0n || value === false)
    return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object' || '$typeName' in value) return false;
  return Object.keys(value).length === 0;
}

/** Copies the value at `path` from one message to another, where the target has none and the way there exists. */
export function copyWhereEmpty(path: string, from: Message, to: Message): void {
  if (isEmpty(valueAt(to, path))) copyOver(path, from, to);
}

/** Copies the value at `path`, if there is one, from one message to another, where the way there exists. */
export function copyOver(path: string, from: Message, to: Message): void {
  const value = valueAt(from, path);
  if (isEmpty(value)) return;
  const names = path.split('.');
  const last = names.pop();
  const parent = names.length === 0 ? to : valueAt(to, names.join('.'));
  if (last === undefined || typeof parent !== 'object' || parent === null) return;
  (parent as Fields)[last] = value;
}
