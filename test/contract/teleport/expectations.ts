// What the suites say about answers: refusals by kind and text, and names that no other case uses.
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { TeleportError, type TeleportErrorKind } from '../../../src/teleport/errors.js';

/** Asserts that a call is refused so; texts are as TeleportError flattens them. */
export async function expectRefusal(
  call: Promise<unknown>,
  kind: TeleportErrorKind,
  text: string | RegExp,
): Promise<void> {
  const error = await call.then(
    (reply) =>
      expect.fail(
        `answered ${JSON.stringify(reply, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
      ),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof TeleportError)) throw error;
  expect({ kind: error.kind, text: error.message }).toEqual({
    kind,
    text: typeof text === 'string' ? text : expect.stringMatching(text),
  });
}

/** A name that is used once: suites share one server. */
export function unique(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}
