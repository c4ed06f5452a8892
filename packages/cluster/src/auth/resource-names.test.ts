import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '../index.ts';
import type { KubeObject } from '@typekro/kit/core';
import { type RoleContext, authorize } from './authorizer.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const MAPS = '/api/v1/namespaces/default/configmaps';
const GROUP = 'rbac.authorization.k8s.io';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['a', 'c'], verbs: ['*'] },
    { apiGroups: [''], resources: ['pods', 'namespaces/status'], verbs: ['get'] },
  ];
  const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name: 'few' };
  const subjects = [{ apiGroup: GROUP, kind: 'User', name: 'anna' }];
  await send('POST', `${RBAC}/clusterroles`, { metadata: { name: 'few' }, rules });
  await send('POST', `${RBAC}/clusterrolebindings`, { metadata: { name: 'few' }, roleRef, subjects });
  for (const name of ['a', 'b']) await send('POST', MAPS, { metadata: { name } });
});
afterAll(() => cluster.close());

async function send(method: string, path: string, body?: object, user?: string): Promise<number> {
  const patch = method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json';
  const { status } = await cluster
    .transport()
    .request({
      method,
      path,
      headers: { 'content-type': patch, ...(user === undefined ? {} : { 'impersonate-user': user }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return status;
}

const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

// Kubernetes: "You cannot restrict create or deletecollection requests by their resource name". A list or a watch is
// restricted by the name in its field selector.
test.each<[string, string, string, object | undefined, number]>([
  ['reads an object that the rule names', 'GET', '/a', undefined, 200],
  ['reads another object', 'GET', '/b', undefined, 403],
  ['reads an object that the rule names and that does not exist', 'GET', '/c', undefined, 404],
  ['writes an object that the rule names', 'PATCH', '/a?fieldManager=t', map('a'), 200],
  ['writes another object', 'PATCH', '/b?fieldManager=t', map('b'), 403],
  ['deletes another object', 'DELETE', '/b', undefined, 403],
  ['lists all objects', 'GET', '', undefined, 403],
  ['watches all objects', 'GET', '?watch=true&timeoutSeconds=1', undefined, 403],
  [
    'lists one object that the rule names, by a field selector',
    'GET',
    '?fieldSelector=metadata.name%3Da',
    undefined,
    200,
  ],
  ['lists another object by a field selector', 'GET', '?fieldSelector=metadata.name%3Db', undefined, 403],
  ['lists all objects except one', 'GET', '?fieldSelector=metadata.name%21%3Db', undefined, 403],
  ['lists by labels', 'GET', '?labelSelector=a%3Db', undefined, 403],
  ['creates an object by POST, which has no name in the path', 'POST', '', map('c'), 403],
  ['creates an object by apply, which has a name in the path', 'PATCH', '/c?fieldManager=t', map('c'), 201],
  [
    'creates another object by a request whose field selector has a name of the rule',
    'POST',
    '?fieldSelector=metadata.name%3Da',
    map('d'),
    403,
  ],
  [
    'deletes the objects that a field selector with a name of the rule selects',
    'DELETE',
    '?fieldSelector=metadata.name%3Da',
    undefined,
    403,
  ],
  ['deletes all objects', 'DELETE', '', undefined, 403],
  ['deletes all objects with a label', 'DELETE', '?labelSelector=a%3Db', undefined, 403],
])(
  'under a rule for the names a and c, a user who %s gets the expected status',
  async (_name, method, path, body, status) => {
    expect(await send(method, `${MAPS}${path}`, body, 'anna')).toBe(status);
  },
);

test.each([
  ['pods', 'default/pods/x', 404],
  ['their logs', 'default/pods/x/log', 403],
  ['a subresource alone', 'default/status', 200],
  ['the resource of a subresource', 'default', 403],
])(
  'a rule for a resource does not grant its subresources, and a rule for a subresource does not grant its resource: %s',
  async (_name, path, status) => {
    expect(await send('GET', `/api/v1/namespaces/${path}`, undefined, 'anna')).toBe(status);
  },
);

test('the subjects of a binding are read once, and not for each request', () => {
  let reads = 0;
  const list = <Entry>(entries: readonly Entry[]) =>
    new Proxy([...entries], { get: (target, key) => ((reads += 1), Reflect.get(target, key) as unknown) });
  const subjects = list(Array.from({ length: 1_000 }, (_, index) => ({ kind: 'User', name: `u${index}` })));
  const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name: 'r' };
  const binding = { metadata: { name: 'r' }, roleRef, subjects } as unknown as KubeObject;
  const store = {
    collection: () => ({ all: () => [{ object: binding }], inNamespace: () => [], get: () => undefined }),
  } as unknown as RoleContext['store'];
  const ask = (name: string) =>
    authorize(
      { store, allowsAll: false },
      { name, groups: [] },
      { verb: 'get', group: '', resource: 'configmaps', subresource: '', namespace: 'default', name: 'a' },
    );
  ask('u999');
  const once = reads;
  for (let index = 0; index < 100; index += 1) ask(`u${index}`);
  expect(reads).toBe(once);
});

test('the groups of a user are read once, and not for each binding', () => {
  const readsWith = (bindings: number): number => {
    let reads = 0;
    const groups = new Proxy(
      Array.from({ length: 1_000 }, (_, index) => `g${index}`),
      { get: (target, key) => ((reads += 1), Reflect.get(target, key) as unknown) },
    );
    const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name: 'r' };
    const all = Array.from({ length: bindings }, (_, index) => ({
      object: { metadata: { name: `b${index}` }, roleRef, subjects: [{ kind: 'User', name: 'other' }] },
    }));
    const store = { collection: () => ({ all: () => all, inNamespace: () => [], get: () => undefined }) };
    const action = { verb: 'get', group: '', resource: 'configmaps', subresource: '', namespace: '', name: 'a' };
    authorize({ store: store as unknown as RoleContext['store'], allowsAll: false }, { name: 'eve', groups }, action);
    return reads;
  };
  expect(readsWith(100)).toBe(readsWith(1));
});

test.each<[string, object[], string | undefined]>([
  ['no subject', [], undefined],
  ['a subject of another kind', [{ kind: 'Robot', name: 'eve' }], undefined],
  [
    'two subjects: the first in the list',
    [
      { kind: 'Group', name: 'team' },
      { kind: 'User', name: 'eve' },
    ],
    'Group "team"',
  ],
  [
    'a repeated subject',
    [
      { kind: 'User', name: 'eve' },
      { kind: 'User', name: 'eve' },
    ],
    'User "eve"',
  ],
])('a binding with %s', async (_, subjects, described) => {
  const role = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
  const ref = { apiGroup: GROUP, kind: 'Role', name: 'r' };
  const object = (more: object) => ({ metadata: { name: 'r', namespace: 'default' }, ...more }) as KubeObject;
  const store = {
    collection: (_group: string, plural: string) => ({
      all: () => [],
      inNamespace: () => (plural === 'rolebindings' ? [{ object: object({ roleRef: ref, subjects }) }] : []),
      get: () => ({ object: object({ rules: [role] }) }),
    }),
  } as unknown as RoleContext['store'];
  const action = { verb: 'get', group: '', resource: 'secrets', subresource: '', namespace: 'default', name: 'a' };
  const { allowed, reason } = authorize({ store, allowsAll: false }, { name: 'eve', groups: ['team'] }, action);
  expect([allowed, reason]).toEqual([
    described !== undefined,
    described === undefined ? '' : `RBAC: allowed by RoleBinding "r/default" of Role "r" to ${described}`,
  ]);
});
