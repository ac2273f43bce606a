// How a call ended, from headers and trailers of every sort that servers and what stands between send.
import { describe, expect, it } from 'vitest';
import { Code, statusOf, statusOfHttp } from './grpc-status.js';

describe('statusOf', () => {
  it.each([
    [{ 'grpc-status': '0' }, { code: 0, message: '' }],
    [
      { 'grpc-status': '5', 'grpc-message': 'r%C3%B4le%20x%0A is not' },
      { code: 5, message: 'rôle x\n is not' },
    ],
    [
      { 'grpc-status': '7', 'grpc-message': '100% sure' },
      { code: 7, message: '100% sure' },
    ],
    [{ 'grpc-status': '99' }, { code: 99, message: '' }],
    [{ 'grpc-status': 'OK' }, { code: Code.unknown, message: '' }],
    [{ 'content-type': 'application/grpc' }, undefined],
  ])('%j', (headers, status) => {
    expect(statusOf(headers)).toEqual(status);
  });
});

describe('statusOfHttp', () => {
  it.each([
    [200, 'application/grpc', undefined],
    [200, 'application/grpc+proto', undefined],
    [200, 'application/grpc; charset=utf-8', undefined],
    [200, 'application/grpc-web', Code.unknown],
    [200, 'text/html', Code.unknown],
    [200, undefined, Code.unknown],
    [400, 'text/html', Code.internal],
    [401, 'text/html', Code.unauthenticated],
    [403, 'text/html', Code.permissionDenied],
    [404, 'text/html', Code.unimplemented],
    [429, 'text/html', Code.unavailable],
    [502, 'text/html', Code.unavailable],
    [503, 'text/html', Code.unavailable],
    [504, 'text/html', Code.unavailable],
    [500, 'text/html', Code.unknown],
  ])('%i %s', (status, type, code) => {
    const headers = { ':status': status, ...(type !== undefined && { 'content-type': type }) };
    expect(statusOfHttp(headers)?.code).toBe(code);
  });

  it('says what came instead', () => {
    expect(statusOfHttp({ ':status': 200, 'content-type': 'text/html' })?.message).toBe(
      'the answer is text/html, not gRPC',
    );
    expect(statusOfHttp({ ':status': 502 })?.message).toBe('HTTP 502');
  });
});
