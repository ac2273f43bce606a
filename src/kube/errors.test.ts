import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { from, fromResponse, isKubeError, KubeError } from './errors.js';

const status = (code: number, reason: string, more: object = {}): string =>
  JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code,
    reason,
    message: `m ${code}`,
    ...more,
  });

test.each([
  [404, 'NotFound', 'NotFound'],
  [409, 'Conflict', 'Conflict'],
  [409, 'AlreadyExists', 'AlreadyExists'],
  [403, 'Forbidden', 'Forbidden'],
  [401, 'Unauthorized', 'Unauthorized'],
  [410, 'Expired', 'Gone'],
  [410, 'Gone', 'Gone'],
  [422, 'Invalid', 'Invalid'],
  [429, 'TooManyRequests', 'TooManyRequests'],
  [503, 'ServiceUnavailable', 'Unavailable'],
  [502, '', 'Unavailable'],
  [504, 'Timeout', 'Timeout'],
  [500, 'ServerTimeout', 'Timeout'],
  [500, 'InternalError', 'Unknown'],
  [400, 'BadRequest', 'BadRequest'],
  [418, '', 'Unknown'],
])('HTTP %d %s is %s', (code, reason, kind) => {
  const error = fromResponse(code, status(code, reason));
  expect(error).toMatchObject({ kind, status: code, reason, message: `m ${code}` });
  expect(isKubeError(error)).toBe(true);
  expect(isKubeError(error, 'NotFound')).toBe(kind === 'NotFound');
});

describe('texts', () => {
  test('a body that is no Status is never told', () => {
    for (const body of ['<html>secret</html>', '{"data":{"password":"secret"}}', '"secret"', 'null', '[]']) {
      const error = fromResponse(503, body);
      expect(error.message).toBe('the API server answered with HTTP 503');
      expect(inspect(error)).not.toContain('secret');
    }
  });

  test('long texts are cut', () => {
    expect(fromResponse(400, status(400, '', { message: 'x'.repeat(5_000) })).message).toHaveLength(256);
  });
});

test('Retry-After comes from the header, or from the details', () => {
  expect(fromResponse(429, '', '7').retryAfterMs).toBe(7_000);
  expect(fromResponse(429, status(429, '', { details: { retryAfterSeconds: 3 } })).retryAfterMs).toBe(3_000);
  expect(fromResponse(429, '', 'Wed, 21 Oct 2015 07:28:00 GMT').retryAfterMs).toBeUndefined();
});

test.each([
  ['ECONNREFUSED', 'Unavailable'],
  ['ENOTFOUND', 'Unavailable'],
  ['EAI_AGAIN', 'Unavailable'],
  ['CERT_HAS_EXPIRED', 'Unavailable'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'Unavailable'],
  ['ETIMEDOUT', 'Timeout'],
  ['ENOSPC', 'Unknown'],
])('a connection error %s is %s', (code, kind) => {
  expect(from(Object.assign(new Error('text'), { code }))).toMatchObject({
    kind,
    status: 0,
    message: 'text',
  });
});

test('a failure on every address tells the first', () => {
  const all = Object.assign(new AggregateError([new Error('connect ECONNREFUSED ::1:1')], ''), {
    code: 'ECONNREFUSED',
  });
  expect(from(all)).toMatchObject({ kind: 'Unavailable', message: 'connect ECONNREFUSED ::1:1' });
});

test('what is a KubeError stays itself', () => {
  const error = new KubeError('Gone', 'x');
  expect(from(error)).toBe(error);
  expect(from('text')).toMatchObject({ kind: 'Unknown', message: 'text' });
});
