// JSON patch (RFC 6902). kube-apiserver answers every failed operation, `test` included, with the same 422, so
// nothing more precise is thrown here.
import { badRequest, unprocessable } from '../errors.js';
import { clone, equal, isObject } from '../json.js';

/**
 * The result of the patch; the target is not changed.
 * @throws ApiError 422 when an operation cannot be done or a test fails, 400 when it is no patch
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('error decoding patch: a JSON patch is a list of operations');
  let document = clone(target);
  for (const step of patch as unknown[]) {
    if (!isObject(step) || typeof step.path !== 'string') throw unprocessable();
    document = operate(document, step, pointer(step.path));
  }
  return document;
}

function operate(document: unknown, step: Record<string, unknown>, path: string[]): unknown {
  switch (step.op) {
    case 'add':
      return add(document, path, clone(step.value));
    case 'remove':
      return remove(document, path);
    case 'replace':
      read(document, path);
      return path.length === 0 ? clone(step.value) : put(document, path, clone(step.value));
    case 'test':
      if (!equal(readOrNull(document, path), step.value ?? null)) throw unprocessable();
      return document;
    case 'copy':
      return add(document, path, clone(read(document, from(step))));
    case 'move': {
      const value = read(document, from(step));
      return add(remove(document, from(step)), path, value);
    }
    default:
      throw unprocessable();
  }
}

function from(step: Record<string, unknown>): string[] {
  if (typeof step.from !== 'string') throw unprocessable();
  return pointer(step.from);
}

function pointer(text: string): string[] {
  if (text === '') return [];
  if (!text.startsWith('/')) throw unprocessable();
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: unknown, path: string[]): unknown {
  let current = document;
  for (const name of path) {
    if (Array.isArray(current)) current = current[position(current, name, current.length - 1)];
    else if (isObject(current) && Object.hasOwn(current, name)) current = current[name];
    else throw unprocessable();
  }
  return current;
}

/** A test against a missing field compares with null, as kube-apiserver's library does. */
function readOrNull(document: unknown, path: string[]): unknown {
  const parent = read(document, path.slice(0, -1));
  const last = path.at(-1);
  if (last !== undefined && isObject(parent) && !Object.hasOwn(parent, last)) return null;
  return read(document, path);
}

function position(list: unknown[], name: string, most: number): number {
  if (!/^(0|[1-9]\d*)$/.test(name) || Number(name) > most) throw unprocessable();
  return list.length === 0 && most < 0 ? 0 : Number(name);
}

function add(document: unknown, path: string[], value: unknown): unknown {
  if (path.length === 0) return value;
  const parent = read(document, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  if (Array.isArray(parent)) {
    parent.splice(last === '-' ? parent.length : position(parent, last, parent.length), 0, value);
  } else if (isObject(parent)) parent[last] = value;
  else throw unprocessable();
  return document;
}

function put(document: unknown, path: string[], value: unknown): unknown {
  const parent = read(document, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  if (Array.isArray(parent)) parent[Number(last)] = value;
  else if (isObject(parent)) parent[last] = value;
  return document;
}

function remove(document: unknown, path: string[]): unknown {
  read(document, path);
  const parent = read(document, path.slice(0, -1));
  const last = path.at(-1) ?? '';
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) delete parent[last];
  return document;
}
