import { expect, it } from 'vitest';
import { type Call, CallRecord, featuresOf, featuresOfBody } from './calls.js';
import { requestInfo } from './request-info.js';

const json = 'application/json';
const features = (method: string, url: string, type = '', accept = json): string[] =>
  featuresOf(requestInfo(method, url), type, accept).sort();

it.each([
  ['GET', '/api/v1/secrets?limit=5&continue=x', ['continue', 'limit']],
  ['GET', '/api/v1/secrets?limit=0&watch=false&resourceVersion=0', ['resourceVersion=0']],
  [
    'GET',
    '/api/v1/secrets?watch=true&resourceVersion=7&allowWatchBookmarks=true&timeoutSeconds=9',
    ['bookmarks', 'from-resourceVersion', 'timeoutSeconds'],
  ],
  [
    'GET',
    '/api/v1/events?resourceVersion=7&resourceVersionMatch=Exact&fieldSelector=involvedObject.uid%3Da,type!=b',
    [
      'fieldSelector=involvedObject.uid',
      'fieldSelector=type',
      'resourceVersion',
      'resourceVersionMatch=Exact',
    ],
  ],
  [
    'POST',
    '/api/v1/namespaces/a/events?dryRun=All&fieldValidation=Strict',
    ['dryRun', 'fieldValidation=Strict'],
  ],
  ['GET', '/api/v1/secrets?somethingNew=1', ['somethingNew']],
])('%s %s uses %j', (method, url, wanted) => expect(features(method, url)).toEqual(wanted));

it('knows content types', () => {
  const path = '/api/v1/namespaces/a/secrets/b?fieldManager=x&force=true';
  expect(features('PATCH', path, 'application/apply-patch+yaml')).toEqual([
    'apply-patch',
    'fieldManager',
    'force',
  ]);
  expect(features('PATCH', path, 'text/new')).toContain('text/new');
  expect(features('PUT', '/api/v1/namespaces/a/secrets/b', 'application/yaml')).toEqual(['application/yaml']);
  expect(features('GET', '/apis', '', 'application/json;as=Table;v=v1;g=meta.k8s.io')).toEqual(['table']);
});

it.each([
  ['patch', [{ op: 'test' }, { op: 'remove' }, { op: 'test' }], ['json-patch test', 'json-patch remove']],
  ['patch', { metadata: { resourceVersion: '1' } }, ['a guarding version']],
  ['patch', { spec: {} }, []],
  [
    'delete',
    { kind: 'DeleteOptions', preconditions: { uid: 'x' }, orphan: true },
    ['precondition uid', 'orphan'],
  ],
  ['create', { anything: 1 }, []],
])('a body: %s %j uses %j', (verb, body, wanted) =>
  expect(featuresOfBody(verb, Buffer.from(JSON.stringify(body)))).toEqual(wanted),
);

it('remembers one call of each sort, whatever becomes of the record', () => {
  const record = new CallRecord();
  const call = (more: Partial<Call>): Call => ({
    verb: 'get',
    group: '',
    version: 'v1',
    resource: 'secrets',
    features: [],
    user: 'a',
    userAgent: 'b',
    at: 0,
    status: 200,
    ...more,
  });
  for (const one of [{}, {}, { user: 'c' }, { features: ['limit'] }]) record.add(call(one));
  record.calls.length = 0;
  expect(record.sorts().map(({ user, features: used }) => [user, ...used])).toEqual([
    ['a'],
    ['c'],
    ['a', 'limit'],
  ]);
});
