// Join method `token`: a secret that Auth deletes after the first join. What it gives is renewed, never joined
// again, so nothing survives a restart of the process.
import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { TeleportError } from '../errors.js';
import type { ProofMethod } from './method.js';

export const token: ProofMethod = {
  name: 'token',
  form: 'proof',
  repeatable: false,
  idToken: async () => undefined,
};

/**
 * The token's name or value: the text itself, or the trimmed content of the file when it is an absolute path.
 * Read at each join, so that a replaced file is picked up.
 * @throws TeleportError (BadParameter)
 */
export function readToken(value: string): string {
  if (!isAbsolute(value)) return value.trim();
  let text: string;
  try {
    text = readFileSync(value, 'utf8').trim();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new TeleportError(
      'BadParameter',
      `-token names the file ${value}, which cannot be read (${code}); mount it, or give the token itself`,
      { cause },
    );
  }
  if (text === '') {
    throw new TeleportError(
      'BadParameter',
      `-token names the file ${value}, which is empty; put the token there`,
    );
  }
  return text;
}
