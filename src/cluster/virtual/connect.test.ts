import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cluster } from '../cluster.ts';
import { createEmbeddedCluster } from '../cluster.ts';
import type { UserInfo } from '../options.ts';

const NOTE = 'the embedded cluster simulates containers, no process runs in them';
const ELSEWHERE = `${NOTE}, so try this on a cluster with nodes`;
const PODS = '/api/v1/namespaces/default/pods';
const UPGRADE = { connection: 'keep-alive, Upgrade', upgrade: 'websocket' };

let cluster: Cluster;

async function call(method: string, path: string, { body, user, headers = {} }: CallOptions = {}) {
  const reply = await cluster.transport(user).request({
    method,
    path,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  let text = '';
  for await (const chunk of reply.body) text += Buffer.from(chunk).toString('utf8');
  const message = text.startsWith('{') ? (JSON.parse(text) as { message?: string }).message : text.trimEnd();
  return { status: reply.status, message, warning: reply.headers['warning'] };
}

interface CallOptions {
  readonly body?: object;
  readonly user?: UserInfo;
  readonly headers?: Record<string, string>;
}

const pod = (name: string, containers: readonly string[], nodeName?: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    containers: containers.map((container) => ({ name: container, image: 'i' })),
    ...(nodeName === undefined ? {} : { nodeName }),
  },
});

const role = (name: string, verbs: readonly string[]) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name },
  rules: [{ apiGroups: [''], resources: ['pods/exec', 'pods/attach', 'pods/portforward'], verbs }],
});

const binding = (name: string) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }],
});

beforeAll(async () => {
  cluster = await createEmbeddedCluster({ controllers: false });
  const rbac = '/apis/rbac.authorization.k8s.io/v1/namespaces/default';
  for (const body of [pod('one', ['c'], 'n'), pod('two', ['a', 'b'], 'n'), pod('homeless', ['c'])])
    expect((await call('POST', PODS, { body })).status).toBe(201);
  for (const [name, verbs] of [
    ['reader', ['get']],
    ['writer', ['get', 'create']],
  ] as const) {
    expect((await call('POST', `${rbac}/roles`, { body: role(name, verbs) })).status).toBe(201);
    expect((await call('POST', `${rbac}/rolebindings`, { body: binding(name) })).status).toBe(201);
  }
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { ports: [{ name: 'http', port: 80 }] },
  };
  expect((await call('POST', '/api/v1/namespaces/default/services', { body: service })).status).toBe(201);
});
afterAll(() => cluster.close());

describe('connections to a simulated container', () => {
  test.each([
    ['exec', '/one/exec?command=ls', 500, `${ELSEWHERE} (container not found ("c"))`],
    ['exec', '/two/exec?command=ls&container=b', 500, `${ELSEWHERE} (container not found ("b"))`],
    ['exec', '/two/exec', 400, 'a container name must be specified for pod two, choose one of: [a b]'],
    ['exec', '/two/exec?container=z', 400, 'container z is not valid for pod two'],
    ['exec', '/homeless/exec', 400, 'pod homeless does not have a host assigned'],
    ['exec', '/none/exec', 404, 'pods "none" not found'],
    ['attach', '/one/attach', 500, `${ELSEWHERE} (container not found ("c"))`],
    [
      'portforward',
      '/one/portforward',
      500,
      `${ELSEWHERE} (unable to do port forwarding, pod not found ("one_default"))`,
    ],
    ['portforward', '/homeless/portforward', 400, 'pod homeless does not have a host assigned'],
  ])('%s of %s has the status %i and a message', async (_what, path, status, message) => {
    for (const method of ['GET', 'POST'])
      expect(await call(method, `${PODS}${path}`, { headers: UPGRADE })).toMatchObject({ status, message });
  });

  test.each(['exec', 'attach', 'portforward'])('%s requires an upgrade', async (name) => {
    expect(await call('POST', `${PODS}/one/${name}`)).toMatchObject({
      status: 400,
      message: 'Upgrade request required',
    });
  });

  test.each(['exec', 'attach', 'portforward'])('a WebSocket to %s requires the right to create', async (name) => {
    const connectAs = (user: string) =>
      call('GET', `${PODS}/one/${name}`, { headers: UPGRADE, user: { name: user, groups: ['system:authenticated'] } });
    expect(await connectAs('reader')).toMatchObject({
      status: 403,
      message: `pods "one" is forbidden: User "reader" cannot create resource "pods/${name}" in API group "" in the namespace "default"`,
    });
    expect((await connectAs('writer')).status).toBe(500);
  });
});

test.each([
  [`${PODS}/one/proxy`, 503, `error trying to reach service: connection refused: ${NOTE}`],
  [`${PODS}/http:one:8080/proxy/metrics/more`, 503, `error trying to reach service: connection refused: ${NOTE}`],
  [`${PODS}/none:80/proxy`, 404, 'pods "none" not found'],
  ['/api/v1/namespaces/default/services/web/proxy/', 503, `error trying to reach service: connection refused: ${NOTE}`],
  [
    '/api/v1/namespaces/default/services/web:http/proxy',
    503,
    `error trying to reach service: connection refused: ${NOTE}`,
  ],
  ['/api/v1/namespaces/default/services/web:81/proxy', 503, 'no service port "81" found for service "web"'],
  ['/api/v1/nodes/none/proxy/pods', 404, 'nodes "none" not found'],
])('every method of the proxy %s has a response and changes nothing', async (path, status, message) => {
  const before = cluster.snapshot().resourceVersion;
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    expect(await call(method, path, { body: {} })).toMatchObject({ status, message });
  expect(cluster.snapshot().resourceVersion).toBe(before);
});

test('the empty log of a simulated container has a warning with the reason', async () => {
  expect(await call('GET', `${PODS}/one/log`)).toEqual({
    status: 200,
    message: '',
    warning: String.raw`299 - "the log of container \"c\" is empty: ${NOTE}"`,
  });
});

test('the older form of a binding binds the pod that its body names, and is not stored', async () => {
  const body = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'homeless' },
    target: { kind: 'Node', name: 'n' },
  };
  expect((await call('POST', '/api/v1/namespaces/default/bindings', { body })).status).toBe(201);
  const { collections } = cluster.snapshot();
  expect(collections.find(({ plural }) => plural === 'bindings')).toBeUndefined();
  expect((await call('POST', `${PODS}/homeless/exec`, { headers: UPGRADE })).status).toBe(500);
});
