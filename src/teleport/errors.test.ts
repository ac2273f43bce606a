// Foreign errors in our words.
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { TeleportError } from './errors.js';

describe('TeleportError.from', () => {
  it('does not take a refused caller for an absent resource', () => {
    const refused = new ConnectError('access denied\n\trole operator is not found', Code.NotFound);
    expect(TeleportError.from(refused)).toMatchObject({
      kind: 'AccessDenied',
      message: 'access denied: role operator is not found',
    });
    const absent = new ConnectError('role x is not found', Code.NotFound);
    expect(TeleportError.from(absent)).toMatchObject({ kind: 'NotFound', message: 'role x is not found' });
  });
});
