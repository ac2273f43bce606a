import { expect, it } from 'vitest';
import { requestInfo } from './request-info.js';

it.each([
  [
    'GET',
    '/apis/g.dev/v1/namespaces/n/things',
    { verb: 'list', group: 'g.dev', version: 'v1', resource: 'things', namespace: 'n' },
  ],
  ['GET', '/apis/g.dev/v1/things?watch=1', { verb: 'watch', resource: 'things' }],
  ['GET', '/apis/g.dev/v1/namespaces/n/things/x', { verb: 'get', name: 'x' }],
  [
    'PATCH',
    '/apis/g.dev/v1/namespaces/n/things/x/status',
    { verb: 'patch', name: 'x', subresource: 'status' },
  ],
  [
    'POST',
    '/api/v1/namespaces/n/serviceaccounts/sa/token',
    { verb: 'create', resource: 'serviceaccounts', name: 'sa', subresource: 'token' },
  ],
  ['DELETE', '/api/v1/namespaces/n/secrets', { verb: 'deletecollection', resource: 'secrets' }],
  ['DELETE', '/api/v1/namespaces/n', { verb: 'delete', resource: 'namespaces', name: 'n', namespace: 'n' }],
  [
    'PUT',
    '/api/v1/namespaces/n/status',
    { verb: 'update', resource: 'namespaces', name: 'n', subresource: 'status' },
  ],
  ['GET', '/api/v1/namespaces', { verb: 'list', resource: 'namespaces' }],
  ['GET', '/api/v1/secrets?fieldSelector=metadata.name%3Dx', { verb: 'list', name: 'x' }],
])('%s %s', (method, url, expected) => {
  expect(requestInfo(method, url).resource).toMatchObject(expected);
});

it.each(['/api', '/apis', '/apis/g.dev/v1', '/version', '/openapi/v3/apis/g.dev/v1'])(
  '%s is no resource',
  (path) => {
    expect(requestInfo('GET', path).resource).toBeUndefined();
  },
);
