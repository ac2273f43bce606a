// What a CI system puts into environment variables: ID tokens, or where to get one. Each method says which variable, and
// what has to be done for it to be there.
import { TeleportError } from '../errors.js';
import type { JoinContext } from './method.js';

/**
 * The variable's trimmed text.
 * @param remedy what to do when it is missing; ends the error.
 * @throws TeleportError (BadParameter) naming the method and the variable; never the value.
 */
export function variable(method: string, name: string, remedy: string, context: JoinContext): string {
  const value = context.env[name]?.trim();
  if (value) return value;
  const state = context.env[name] === undefined ? 'is not set' : 'is empty';
  throw new TeleportError('BadParameter', `join method ${method}: ${name} ${state}; ${remedy}`);
}

/** As `variable`, for a JWT. */
export function idTokenVariable(method: string, name: string, remedy: string, context: JoinContext): string {
  const value = variable(method, name, remedy, context);
  if (/^[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) return value;
  throw new TeleportError(
    'BadParameter',
    `join method ${method}: ${name} holds no JWT (three parts with dots in between); ${remedy}`,
  );
}

/** The variable's text as a URL. @throws TeleportError (BadParameter) naming the method and the variable */
export function asUrl(method: string, name: string, text: string, remedy: string): URL {
  if (URL.canParse(text)) return new URL(text);
  throw new TeleportError('BadParameter', `join method ${method}: ${name} is no URL; ${remedy}`);
}
