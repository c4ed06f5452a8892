import { expect, test } from 'vitest';
import { createEmbeddedCluster } from '../cluster.ts';
import type { Fault, FaultMatch } from './fault.ts';
import { neverHits } from './never-hits.ts';

const ERROR: Fault = { kind: 'error', status: 500, reason: 'InternalError' };
const shown = (match: FaultMatch, fault: Fault) =>
  neverHits(match, fault).map(({ member, index, message, hint }) =>
    [index === undefined ? member : `${member}[${index}]`, message, hint].join(' | '),
  );

test.each<[FaultMatch, Fault, string]>([
  [{ verb: 'gett' }, ERROR, 'verb | no request has the verb "gett" | did you mean get?'],
  [{ verb: ['get', 'Watch'] }, ERROR, 'verb[1] | no request has the verb "Watch" | did you mean watch?'],
  [{ method: 'post' }, ERROR, 'method | no request has the method "post" | did you mean POST?'],
  [
    { method: 'CONNECT' },
    ERROR,
    'method | no request has the method "CONNECT" | write one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
  ],
  [{ verb: [] }, ERROR, 'verb | "verb" is an empty list, which no request matches | leave out "verb"'],
  [
    { resource: 'pods/status' },
    ERROR,
    'resource | no resource contains a slash, but "pods/status" does | write the plural, such as pods; the API group and the subresource are "group" and "subresource"',
  ],
  [
    { group: ['', 'apps/v1'] },
    ERROR,
    'group[1] | no group contains a slash, but "apps/v1" does | write the group without a slash',
  ],
  [
    { verb: 'create' },
    { kind: 'stale' },
    'verb | the fault stale hits only resource requests with the verbs get, list | write one of get, list, or leave out "verb"',
  ],
  [
    { verb: ['get', 'list'] },
    { kind: 'conflict' },
    'verb | the fault conflict hits only resource requests with the verbs create, update, patch, delete | write one of create, update, patch, delete, or leave out "verb"',
  ],
  [
    { verb: 'list', resource: 'pods' },
    { kind: 'watch-drop' },
    'verb | the fault watch-drop hits only resource requests with the verb watch | write watch, or leave out "verb"',
  ],
  [
    { method: 'PUT' },
    { kind: 'watch-stall' },
    'method | the fault watch-stall hits only resource requests with the verb watch | leave out "method"',
  ],
  [
    { verb: 'get', resource: '' },
    { kind: 'stale' },
    'resource | the fault stale hits only resource requests with the verbs get, list | leave out "resource"',
  ],
  [
    { verb: 'create', method: 'POST' },
    { kind: 'stale' },
    'verb | the fault stale hits only resource requests with the verbs get, list | leave out "verb" and "method"',
  ],
  [
    { verb: 'create', resource: '' },
    { kind: 'stale' },
    'verb | no request has the verb create and the resource "" | leave out "verb" and "resource"',
  ],
  [
    { verb: 'watch', method: 'GET', resource: 'pods' },
    { kind: 'stale' },
    'verb | the fault stale hits only resource requests with the verbs get, list | write one of get, list, or leave out "verb"',
  ],
  [
    { verb: 'deletecollection', method: 'DELETE' },
    { kind: 'conflict' },
    'verb | the fault conflict hits only resource requests with the verbs create, update, patch, delete | write delete, or leave out "verb"',
  ],
  [
    { verb: 'get', method: 'GET', resource: '' },
    { kind: 'conflict' },
    'verb | the fault conflict hits only resource requests with the verbs create, update, patch, delete | leave out "verb" and "method" and "resource"',
  ],
  [
    { verb: 'list', method: 'POST' },
    ERROR,
    'verb | no request has the verb list and the method POST | leave out "verb" or "method"',
  ],
  [
    { verb: 'list', resource: '' },
    ERROR,
    'verb | no request has the verb list and the resource "" | leave out "verb" or "resource"',
  ],
])('%j with %j can hit no request', (match, fault, mistake) => {
  expect(shown(match, fault)).toEqual([mistake]);
});

test.each<[FaultMatch, Fault]>([
  [{}, { kind: 'stale' }],
  [{ verb: ['create', 'get'] }, { kind: 'stale' }],
  [{ verb: 'get', resource: '' }, ERROR],
  [{ verb: 'post', method: 'POST' }, ERROR],
  [
    { resource: ['', 'pods'], method: 'GET' },
    { kind: 'watch-delay', milliseconds: 5 },
  ],
  [{ verb: 'patch', method: 'PATCH', resource: 'widgets', subresource: ['', 'status'] }, { kind: 'conflict' }],
  [{ group: '', namespace: '', name: 'a/b', user: 'a/b', kind: 'Widget' }, ERROR],
])('%j with %j can hit requests', (match, fault) => {
  expect(shown(match, fault)).toEqual([]);
});

test('a cluster refuses rules that can hit no request, and unknown ways to end a watch', async () => {
  await using cluster = await createEmbeddedCluster({ controllers: false });
  expect(() => cluster.faults.add({ verb: 'gett' }, ERROR)).toThrowError(
    expect.objectContaining({
      code: 'testing/unknown-option',
      message: 'the match of a fault hits no request because of "verb": no request has the verb "gett"',
    }),
  );
  const drop = { kind: 'watch-drop', how: 'brek' } as unknown as Fault;
  expect(() => cluster.faults.add({}, drop)).toThrow('a watch cannot end with "brek"');
});
