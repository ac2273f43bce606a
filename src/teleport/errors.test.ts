// Foreign errors in our words.
import { describe, expect, it } from 'vitest';
import { TeleportError } from './errors.js';
import { Code } from './grpc-status.js';

describe('TeleportError.ofStatus', () => {
  it('does not take a refused caller for an absent resource', () => {
    const notFound = (message: string) => TeleportError.ofStatus({ code: Code.notFound, message }, '/a/B');
    expect(notFound('access denied\n\trole operator is not found')).toMatchObject({
      kind: 'AccessDenied',
      message: 'access denied: role operator is not found',
      method: '/a/B',
    });
    expect(notFound('role x is not found')).toMatchObject({
      kind: 'NotFound',
      message: 'role x is not found',
    });
  });
});
