import { buffer, text as textOf } from 'node:stream/consumers';
import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { yamlLibrary } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { createEmbeddedCluster } from '../index.ts';
import { Store } from '../store/store.ts';
import { OpenStreams } from '../protocol/open-streams.ts';
import type { IncomingRequest } from '../protocol/request.ts';
import { startClusterStory } from '../../test-support/cluster-story.ts';
import { createManualClock } from '../cluster-clock.ts';
import { compressReply } from './compress.ts';
import { flatHeaders } from './flat-headers.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { metricsText } from './other-paths.ts';
import { prettyReply } from './pretty.ts';

const large = Buffer.alloc(200_000, 'a');

describe('a response', () => {
  test.each<[string, string | undefined, number, Buffer | Buffer[], boolean]>([
    ['that is large is compressed', 'gzip', 200, large, true],
    ['in several chunks is compressed', 'deflate, gzip', 200, [large, large], true],
    ['for a request that accepts any encoding is not compressed', '*', 200, large, false],
    ['for a request that names gzip with a weight is not compressed', 'gzip;q=0.5', 200, large, false],
    ['for a request without an Accept-Encoding header is not compressed', undefined, 200, large, false],
    ['for a client that refuses gzip is not compressed', 'gzip;q=0, *', 200, large, false],
    ['that is small is not compressed', 'gzip', 200, Buffer.from('a'), false],
    ['with an error is compressed', 'gzip', 422, large, true],
  ])('%s', async (_title, header, status, body, isCompressed) => {
    const reply = await compressReply(header, { status, headers: { vary: 'Accept' }, body });
    const whole = Buffer.isBuffer(body) ? body : Buffer.concat(body);
    if (!isCompressed) {
      expect(reply.body).toBe(body);
      return;
    }
    expect(reply.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept, Accept-Encoding' });
    const parts: Buffer[] = [];
    if (reply.stream !== undefined) {
      await new Promise<void>((resolve, reject) => {
        const write = (part: Buffer) => void parts.push(part);
        reply.stream?.start({
          write,
          end: resolve,
          abort: () => reject(new Error('aborted')),
          backlog: 0,
          drained: setImmediate,
        });
      });
    }
    expect(gunzipSync((reply.body as Buffer | undefined) ?? Buffer.concat(parts))).toEqual(whole);
  });

  test('that is compressed waits for a client that does not read', async () => {
    const random = Array.from({ length: 20 }, () => randomBytes(100_000));
    const { stream } = await compressReply('gzip', { status: 200, headers: {}, body: random });
    const parts: Buffer[] = [];
    const drains: (() => void)[] = [];
    await new Promise<void>((resolve) => {
      const write = (part: Buffer) => void parts.push(part);
      const drained = (callback: () => void) => {
        drains.push(callback);
        resolve();
      };
      stream?.start({ write, end: resolve, abort: resolve, backlog: 0, drained });
    });
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect([parts.length, drains.length]).toEqual([1, 1]);
    stream?.stop();
  });
});

test('the OpenAPI v2 document is compressed, and is not sent again to a client that has it', async () => {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const get = async (headers: Record<string, string>) => {
    const answer = await cluster.transport().request({ method: 'GET', path: '/openapi/v2', headers });
    return { status: answer.status, headers: answer.headers, body: await buffer(answer.body) };
  };
  const first = await get({ 'accept-encoding': 'gzip' });
  expect(first.headers['content-encoding']).toBe('gzip');
  expect(JSON.parse(gunzipSync(first.body).toString())).toMatchObject({ swagger: '2.0' });
  const etag = String(first.headers['etag']);
  expect(etag).toMatch(/^"[0-9A-F]{64}"$/);
  const again = await get({ 'if-none-match': etag });
  expect([again.status, again.body.length]).toEqual([304, 0]);
  await cluster.close();
});

test.each(['/openapi/v2', '/openapi/v3/apis/g.io/v1'])(
  'other requests are handled while %s is made of long schemas',
  async (path) => {
    await using cluster = await createEmbeddedCluster({ controllers: false });
    const transport = cluster.transport();
    const members = Array.from({ length: 15_000 }, (_, index) => [`member${index}`, { type: 'string' }]);
    const schema = { type: 'object', properties: Object.fromEntries(members) };
    for (const plural of ['as', 'bs', 'cs']) {
      const names = { plural, kind: plural.toUpperCase() };
      const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }];
      const spec = { group: 'g.io', scope: 'Cluster', names, versions };
      const body = JSON.stringify({ metadata: { name: `${plural}.g.io` }, spec });
      const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
      const { status } = await transport.request({ method: 'POST', path: definitions, body });
      expect(status).toBe(201);
    }
    let turns = 0;
    const count = (): void => {
      turns += 1;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    const { body } = await transport.request({ method: 'GET', path });
    clearImmediate(counting);
    expect(turns).toBeGreaterThanOrEqual(2);
    const { definitions, components } = JSON.parse(await textOf(body)) as {
      definitions?: object;
      components?: { schemas: object };
    };
    const shown = definitions ?? components?.schemas ?? {};
    for (const kind of ['AS', 'BS', 'CS']) expect(Object.keys(shown)).toContain(`io.g.v1.${kind}`);
  },
);

/** Node's two representations of these header lines. The result also counts all reads of the list of lines. */
function received(lines: readonly (readonly [string, string])[]) {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] =
      before === undefined ? value : key === 'set-cookie' ? [before, value].flat() : `${String(before)}, ${value}`;
  }
  const reads = { count: 0 };
  const rawHeaders = new Proxy(lines.flat(), {
    get(target, name, receiver) {
      reads.count += 1;
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return { request: { headers, rawHeaders }, reads };
}

test('the values of a repeated impersonation header are separate', () => {
  const { request } = received([
    ['Accept', 'a'],
    ['accept', 'b'],
    ['Impersonate-Group', 'a, b'],
    ['impersonate-group', 'impersonate-extra-x'],
    ['Impersonate-Extra-x', '1'],
    ['__proto__', 'x'],
    ['Set-Cookie', 'c'],
    ['Set-Cookie', 'd'],
  ]);
  expect(flatHeaders(request)).toMatchObject({
    accept: 'a, b',
    'impersonate-group': 'a, b\nimpersonate-extra-x',
    'impersonate-extra-x': '1',
    'set-cookie': 'c, d',
  });
});

test('the lines of a request without impersonation are not read', () => {
  const { request, reads } = received([['Accept', 'a']]);
  expect([flatHeaders(request), reads.count]).toEqual([{ accept: 'a' }, 0]);
});

test('the number of reads grows linearly with the number of impersonation headers', () => {
  const { request, reads } = received(Array.from({ length: 1000 }, (_, index) => [`Impersonate-Extra-${index}`, 'x']));
  expect(flatHeaders(request)['impersonate-extra-999']).toBe('x');
  expect(reads.count).toBeLessThan(10_000);
});

test.each(['secret', '0123', '1e5', 'yes', 'null', '12:30', 'a: b', 'a #b', '-', '"quoted"', '{a}', 'größe'])(
  'the token %j is a YAML string in a kubeconfig',
  (token) => {
    const document: unknown = yamlLibrary().parse(kubeconfigText('https://127.0.0.1:1', token, undefined), {
      version: '1.1',
    });
    expect(document).toMatchObject({ users: [{ user: { token } }] });
  },
);

const stream = (isWatch: boolean) => ({ isWatch, end: () => undefined, expire: () => undefined });

test('the metrics count the objects of each resource, and the open watches but not other streams', () => {
  const store = new Store();
  const collection = store.collection('apps', 'deployments');
  collection.put('default/web', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } });
  const streams = new OpenStreams();
  for (const isWatch of [true, false, true]) streams.add(stream(isWatch), 'u');
  const lines = metricsText({ store, streams }).split('\n');
  expect(lines).toContain('apiserver_storage_objects{resource="deployments.apps"} 1');
  expect(lines).toContain('apiserver_longrunning_requests{verb="WATCH"} 2');
  expect(lines.find((line) => line.startsWith('process_resident_memory_bytes '))).toMatch(/ \d+$/);
});

const json = (body: Buffer | Buffer[], contentType = 'application/json') => ({
  status: 200,
  headers: { 'content-type': contentType },
  body,
});
const request = (target: string, headers: IncomingRequest['headers'] = {}): IncomingRequest => ({
  method: 'GET',
  target,
  headers,
  body: Buffer.alloc(0),
});
const text = ({ body }: ReturnType<typeof prettyReply>): string =>
  Buffer.isBuffer(body) ? body.toString() : Buffer.concat(body ?? []).toString();

const PLAIN = '{"a":[1,9223372036854775807],"b":{},"c":[]}';
const INDENTED = '{\n  "a": [\n    1,\n    9223372036854775807\n  ],\n  "b": {},\n  "c": []\n}';

test('a long response is not indented, because its parts would be parsed at once', () => {
  const parts = ['[', `"${'x'.repeat(8 * 1024 * 1024)}"`, ',1]'].map((part) => Buffer.from(part));
  const reply = json(parts);
  expect(prettyReply(request('/api/v1/pods?pretty=true'), reply).body).toBe(parts);
});

describe('an answer', () => {
  test.each<[string, Record<string, string>, boolean]>([
    ['/api/v1/pods', {}, false],
    ['/api/v1/pods?pretty=true', {}, true],
    ['/api/v1/pods?limit=1&pretty=1', {}, true],
    ['/api/v1/pods?pretty=false', { 'user-agent': 'curl/8.5.0' }, false],
    ['/api/v1/pods?pretty=', { 'user-agent': 'curl/8.5.0' }, true],
    ['/api/v1/pods?pretty=yes', { 'user-agent': 'curl/8.5.0' }, false],
    ['/api/v1/pods/pretty', {}, false],
    ['/api/v1/pods', { 'user-agent': 'curl/8.5.0' }, true],
    ['/api/v1/pods', { 'user-agent': 'Wget/1.21' }, true],
    ['/api/v1/pods', { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' }, true],
    ['/api/v1/pods', { 'user-agent': 'kubectl/v1.36.0' }, false],
    ['/api/v1/pods', { accept: 'application/json;pretty=1' }, true],
    ['/api/v1/pods', { accept: 'application/json; pretty=10' }, false],
  ])('to %s with the headers %j is indented: %s', (target, headers, isIndented) => {
    expect(text(prettyReply(request(target, headers), json(Buffer.from(PLAIN))))).toBe(isIndented ? INDENTED : PLAIN);
  });

  test('is also indented when its body has several parts, or when its media type is another JSON type', () => {
    const parts = [Buffer.from(PLAIN.slice(0, 9)), Buffer.from(PLAIN.slice(9))];
    expect(text(prettyReply(request('/?pretty=true'), json(parts)))).toBe(INDENTED);
    const discovery = json(Buffer.from(PLAIN), 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    expect(text(prettyReply(request('/?pretty=true'), discovery))).toBe(INDENTED);
  });

  test.each(['application/yaml', 'text/plain'])('of the type %s is not indented', (type) => {
    const reply = json(Buffer.from('a: 1'), type);
    expect(prettyReply(request('/?pretty=true'), reply)).toBe(reply);
  });
});

test.each([
  ['/healthz', 200, /^ok$/],
  ['/readyz/ping', 200, /^ok$/],
  ['/livez/poststarthook/crd-informer-synced', 200, /^ok$/],
  ['/livez/informer-sync', 404, /^404 page not found/],
  ['/readyz/nothing', 404, /^404 page not found/],
  [
    '/healthz?verbose',
    200,
    /^\[\+\]ping ok\n\[\+\]log ok\n\[\+\]etcd ok\n\[\+\]poststarthook[^]*\nhealthz check passed\n$/,
  ],
  [
    '/readyz?verbose=1',
    200,
    /\n\[\+\]etcd ok\n\[\+\]etcd-readiness ok\n\[\+\]informer-sync ok\n[^]*\[\+\]shutdown ok\nreadyz check passed\n$/,
  ],
  ['/readyz/poststarthook/rbac/bootstrap-roles', 200, /^ok$/],
  ['/healthz/poststarthook/start-kubernetes-service-cidr-controller', 200, /^ok$/],
  ['/livez/poststarthook/priority-and-fairness-filter', 200, /^ok$/],
  ['/livez/poststarthook/apiservice-discovery-controller', 200, /^ok$/],
  ['/readyz/shutdown', 200, /^ok$/],
  ['/livez/etcd-readiness', 404, /^404 page not found/],
  ['/healthz/shutdown', 404, /^404 page not found/],
  [
    '/livez?verbose&exclude=etcd&exclude=log&exclude=x',
    200,
    /\n\[\+\]log excluded: ok\n\[\+\]etcd excluded: ok\n[^]*no matches for "x"\nlivez check passed\n$/,
  ],
])('the response for the path %s has the status %i', async (path, status, text) => {
  const cluster = await createEmbeddedCluster({ controllers: false });
  const reply = await cluster.transport().request({ method: 'GET', path, headers: {} });
  let body = '';
  for await (const chunk of reply.body) body += Buffer.from(chunk).toString('utf8');
  expect(reply.status).toBe(status);
  expect(body).toMatch(text);
  await cluster.close();
});

test('the server, its OpenAPI documents and its nodes report the same version', async () => {
  await using story = await startClusterStory();
  const read = async (path: string) => {
    const reply = await story.cluster.transport().request({ method: 'GET', path, headers: {} });
    let body = '';
    for await (const chunk of reply.body) body += Buffer.from(chunk).toString('utf8');
    return JSON.parse(body) as { gitVersion?: string; info?: { version?: string } };
  };
  const [node] = await story.list('v1 Node', '');
  const version = textAt(node?.status, 'nodeInfo', 'kubeletVersion');
  expect(version).toMatch(/^v1\./);
  expect((await read('/version')).gitVersion).toBe(`${version}+typekro`);
  expect((await read('/openapi/v3/api/v1')).info?.version).toBe(version);
});

test('a condition of a pod says why the pod fits no node', async () => {
  await using story = await startClusterStory();
  const [node] = await story.names('v1 Node', '');
  await story.client.patch({ apiVersion: 'v1', kind: 'Node', name: node ?? '' }, { spec: { unschedulable: true } });
  const waiting = await story.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { nodeSelector: { a: 'b' }, containers: [{ name: 'c', image: 'i' }] },
  });
  const messageOf = async () => {
    const pod = await story.get('v1 Pod', waiting.metadata.name ?? '');
    return (pod.status as { conditions?: { message?: string }[] }).conditions?.[0]?.message;
  };
  const end =
    'no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
  expect(await messageOf()).toBe(`0/1 nodes are available: 1 node(s) were unschedulable. ${end}`);
  await story.client.patch({ apiVersion: 'v1', kind: 'Node', name: node ?? '' }, { spec: { unschedulable: null } });
  await story.cluster.idle();
  expect(await messageOf()).toBe(
    `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${end}`,
  );
});

test('the Date header of a response follows the clock of the cluster', async () => {
  const now = Date.parse('2031-05-06T07:08:09Z');
  const cluster = await createEmbeddedCluster({ controllers: false, clock: createManualClock(now) });
  const { url } = await cluster.listen({ https: false });
  const answer = await fetch(`${url}/healthz`);
  expect(answer.headers.get('date')).toBe(new Date(now).toUTCString());
  await cluster.close();
});
