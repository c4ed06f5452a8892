import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '../cluster.ts';
import type { UserInfo } from '../cluster-options.ts';

const NOTE = 'the embedded cluster simulates containers, no process runs in them';
const ELSEWHERE = `${NOTE}, so try this on a cluster with nodes`;
const PODS = '/api/v1/namespaces/default/pods';
const UPGRADE = { connection: 'keep-alive, Upgrade', upgrade: 'websocket' };

let cluster: Cluster;

async function call(method: string, path: string, { body, user, headers = {} }: CallOptions = {}) {
  const reply = await cluster
    .transport(user)
    .request({
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
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } };
  expect((await call('POST', '/api/v1/nodes', { body: node })).status).toBe(201);
  const names = ['one', 'addressed', 'local'];
  const pods = [...names.map((name) => pod(name, ['c'], 'n')), pod('two', ['a', 'b'], 'n')];
  for (const body of [...pods, pod('homeless', ['c']), pod('lost', ['c'], 'gone')])
    expect((await call('POST', PODS, { body })).status).toBe(201);
  for (const [name, ip] of [
    ['addressed', '10.1.0.9'],
    ['local', '127.0.0.1'],
  ]) {
    const body = { status: { podIP: ip, podIPs: [{ ip }] } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    expect((await call('PATCH', `${PODS}/${name}/status`, { body, headers })).status).toBe(200);
  }
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
  const targetRef = { kind: 'Pod', namespace: 'default', name: 'addressed' };
  const subsets = [
    { addresses: [{ ip: '10.1.0.9', targetRef }], ports: [{ name: 'http', port: 8080 }] },
    { addresses: [{ ip: '10.1.0.8' }], ports: [{ name: 'other', port: 8080 }] },
  ];
  for (const body of [{ metadata: { name: 'web' }, subsets }, { metadata: { name: 'empty' } }])
    expect((await call('POST', '/api/v1/namespaces/default/endpoints', { body })).status).toBe(201);
});
afterAll(() => cluster.close());

describe('connections to a simulated container', () => {
  test.each([
    ['exec', '/one/exec?command=ls', 500, `${ELSEWHERE} (container not found ("c"))`],
    ['exec', '/two/exec?command=ls&container=b', 500, `${ELSEWHERE} (container not found ("b"))`],
    ['exec', '/two/exec', 400, 'a container name must be specified for pod two, choose one of: [a b]'],
    ['exec', '/two/exec?container=z', 400, 'container z is not valid for pod two'],
    ['exec', '/lost/exec', 404, 'nodes "gone" not found'],
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
  ])('a connection for %s to %s is refused with the status %i and a message', async (_what, path, status, message) => {
    for (const method of ['GET', 'POST'])
      expect(await call(method, `${PODS}${path}`, { headers: UPGRADE })).toMatchObject({ status, message });
  });

  test.each(['exec', 'attach', 'portforward'])('%s requires an upgrade', async (name) => {
    expect(await call('POST', `${PODS}/one/${name}`)).toMatchObject({
      status: 400,
      message: 'Upgrade request required',
    });
  });

  test.each(['exec', 'attach', 'portforward'])('a WebSocket to %s requires the permission to create', async (name) => {
    const connectAs = (user: string) =>
      call('GET', `${PODS}/one/${name}`, { headers: UPGRADE, user: { name: user, groups: ['system:authenticated'] } });
    expect(await connectAs('reader')).toMatchObject({
      status: 403,
      message: `pods "one" is forbidden: User "reader" cannot create resource "pods/${name}" in API group "" in the namespace "default"`,
    });
    expect((await connectAs('writer')).status).toBe(500);
  });
});

describe('a proxy', () => {
  const refused = `error trying to reach service: connection refused: ${NOTE}`;
  const services = '/api/v1/namespaces/default/services';

  test.each([
    [`${PODS}/addressed/proxy`, 503, refused],
    [`${PODS}/http:addressed:8080/proxy/metrics/more`, 503, refused],
    [`${PODS}/one/proxy`, 400, 'address not allowed'],
    [`${PODS}/local/proxy`, 400, 'address not allowed'],
    [`${PODS}/none:80/proxy`, 404, 'pods "none" not found'],
    [`${PODS}/ftp:one:80/proxy`, 400, 'invalid pod request "ftp:one:80"'],
    [`${PODS}/:80/proxy`, 400, 'invalid pod request ":80"'],
    [`${PODS}/addressed/proxy?dryRun=All`, 400, 'dryRun is not supported'],
    [`${services}/web:http/proxy/`, 503, refused],
    [`${services}/web:80/proxy/`, 503, refused],
    [`${services}/https:web:http/proxy`, 503, refused],
    [`${services}/web/proxy`, 503, 'no endpoints available for service "web"'],
    [`${services}/web:other/proxy`, 503, 'no endpoints available for service "web:other"'],
    [`${services}/web:81/proxy`, 503, 'no service port 81 found for service "web"'],
    [`${services}/none:81/proxy`, 404, 'services "none" not found'],
    [`${services}/none/proxy`, 404, 'endpoints "none" not found'],
    [`${services}/empty/proxy`, 503, 'no endpoints available for service "empty"'],
    [`${services}/a:b:c:d/proxy`, 400, 'invalid service request "a:b:c:d"'],
    ['/api/v1/nodes/none/proxy/pods', 404, 'nodes "none" not found'],
    ['/api/v1/nodes/n:10250/proxy/pods', 503, refused],
    ['/api/v1/nodes/gopher:n:70/proxy', 400, 'invalid node request "gopher:n:70"'],
  ])('%s responds to every method, and changes no object', async (path, status, message) => {
    const before = cluster.snapshot().resourceVersion;
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      expect(await call(method, path, { body: {} })).toMatchObject({ status, message });
    expect(await call('HEAD', path)).toMatchObject({ status, message: '' });
    expect(cluster.snapshot().resourceVersion).toBe(before);
  });

  test.each([
    ['GET', 'get'],
    ['HEAD', 'get'],
    ['POST', 'create'],
    ['PUT', 'update'],
    ['PATCH', 'patch'],
    ['DELETE', 'delete'],
    ['OPTIONS', ''],
  ])(
    '%s requires the verb "%s" on the subresource proxy, instead of a permission on the object',
    async (method, verb) => {
      const user = { name: 'reader', groups: ['system:authenticated'] };
      for (const [plural, path, where] of [
        ['pods', `${PODS}/addressed:80`, 'in the namespace "default"'],
        ['services', `${services}/addressed:80`, 'in the namespace "default"'],
        ['nodes', '/api/v1/nodes/addressed:80', 'at the cluster scope'],
      ] as const) {
        const reply = await call(method, `${path}/proxy/x`, { user });
        expect(reply.status).toBe(403);
        const message = `${plural} "addressed:80" is forbidden: User "reader" cannot ${verb} resource "${plural}/proxy" in API group "" ${where}`;
        expect(reply.message).toBe(method === 'HEAD' ? '' : message);
      }
    },
  );
});

test.each(['exec', 'attach', 'portforward'])(
  '%s refuses all methods other than GET and POST, and a dry run',
  async (name) => {
    const before = cluster.snapshot().resourceVersion;
    for (const method of ['PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'])
      expect((await call(method, `${PODS}/one/${name}`, { headers: UPGRADE })).status).toBe(405);
    expect(await call('POST', `${PODS}/one/${name}?dryRun=All`, { headers: UPGRADE })).toMatchObject({
      status: 400,
      message: 'dryRun is not supported',
    });
    expect(cluster.snapshot().resourceVersion).toBe(before);
  },
);

test('the parameter "ports" of a port forward must have valid numbers', async () => {
  for (const [ports, message] of [
    ['80,x', 'strconv.ParseInt: parsing "x": invalid syntax'],
    ['99999999999', 'strconv.ParseInt: parsing "99999999999": value out of range'],
  ])
    expect(await call('POST', `${PODS}/one/portforward?ports=${ports}`, { headers: UPGRADE })).toMatchObject({
      status: 400,
      message,
    });
});

test('the empty log of a simulated container has a warning with the reason', async () => {
  expect(await call('GET', `${PODS}/one/log`)).toEqual({
    status: 200,
    message: '',
    warning: String.raw`299 - "the log of container \"c\" is empty: ${NOTE}"`,
  });
});

test.each([
  ['its container has ended', { containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 0 } } }] }],
  ['the pod has finished', { phase: 'Succeeded' }],
])('a followed log ends when %s', async (_title, status) => {
  const name = `followed-${Object.keys(status)[0]?.toLowerCase()}`;
  expect((await call('POST', PODS, { body: pod(name, ['c'], 'n') })).status).toBe(201);
  const { body } = await cluster.transport().request({ method: 'GET', path: `${PODS}/${name}/log?follow=true` });
  const headers = { 'content-type': 'application/merge-patch+json' };
  expect((await call('PATCH', `${PODS}/${name}/status`, { body: { status }, headers })).status).toBe(200);
  for await (const chunk of body) expect(chunk).toHaveLength(0);
  const read = await cluster.transport().request({ method: 'GET', path: `${PODS}/${name}/log?follow=true` });
  for await (const chunk of read.body) expect(chunk).toHaveLength(0);
});

test('a POST to the collection "bindings" binds the pod that the body names, and stores no Binding', async () => {
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
