import { EventEmitter, once } from 'node:events';
import { type IncomingMessage, type ServerResponse, get } from 'node:http';
import { type Server, createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '@typekro/kit/core';
import { createManualClock } from '../cluster-clock.ts';
import { createEmbeddedCluster } from '../cluster.ts';
import { createAuthority } from '@typekro/kube/certificates';
import type { UserInfo } from '../cluster-options.ts';

const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

const RESOURCES = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'fun.io/v1',
  resources: [
    { name: 'jokes', singularName: 'joke', namespaced: true, kind: 'Joke', verbs: ['get', 'list'], shortNames: ['jk'] },
    { name: 'jokes/status', singularName: '', namespaced: true, kind: 'Joke', verbs: ['get'] },
  ],
};

interface Seen {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The common name of the client certificate, or `undefined` when the authority has not signed the certificate. */
  readonly client: string | undefined;
}

type Answer = (request: Seen, response: ServerResponse) => void;

/** Starts another API server, which trusts the authority `ca` for client certificates. */
async function openServer(ca: string, answer: Answer) {
  const authority = createAuthority(Date.now());
  const { cert, key } = authority.issue(['api.ops.svc'], ['127.0.0.1']);
  const seen: Seen[] = [];
  const server: Server = createServer(
    { cert, key, ca, requestCert: true, rejectUnauthorized: false },
    (message, response) => {
      void text(message).then((body) => {
        const socket = message.socket as TLSSocket;
        const client = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : undefined;
        const request = { line: `${message.method} ${message.url}`, headers: message.headers, body, client };
        seen.push(request);
        answer(request, response);
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(authority.ca).toString('base64');
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port, caBundle, seen, close, [Symbol.asyncDispose]: close };
}

const json = (response: ServerResponse, value: object, status = 200) => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
};

/** Responds to discovery, and to requests for an OpenAPI document and for lists of jokes. */
const jokes: Answer = ({ line }, response) => {
  if (line === 'GET /apis/fun.io/v1') return json(response, RESOURCES);
  if (line === 'GET /openapi/v3')
    return json(response, { paths: { 'apis/fun.io/v1': { serverRelativeURL: '/openapi/v3/apis/fun.io/v1?hash=A' } } });
  if (line.startsWith('GET /openapi/v3/apis/fun.io/v1')) return json(response, { openapi: '3.0.0' });
  if (line.includes('/moved')) {
    response.writeHead(302, { location: '/elsewhere' });
    return void response.end();
  }
  if (line.includes('/jokes')) return json(response, { kind: 'JokeList', apiVersion: 'fun.io/v1', items: [] });
  return json(response, {}, 404);
};

async function story(answer: Answer = jokes) {
  const clock = createManualClock();
  const cluster = await createEmbeddedCluster({ controllers: false, clock });
  const send = async (
    method: string,
    path: string,
    { body, headers = {}, user }: { body?: JsonObject; headers?: Record<string, string>; user?: UserInfo } = {},
  ) => {
    const reply = await cluster
      .transport(user)
      .request({
        method,
        path,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    let content = '';
    for await (const chunk of reply.body) content += Buffer.from(chunk).toString('utf8');
    return {
      code: reply.status,
      etag: reply.headers['etag'] ?? '',
      content,
      body: content.startsWith('{') ? (JSON.parse(content) as JsonObject) : {},
    };
  };
  const settings = await send('GET', '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication');
  const { data } = settings.body as { data: Record<string, string> };
  const server = await openServer(data['requestheader-client-ca-file'] ?? '', answer);
  const service = (spec: JsonObject) =>
    send('POST', '/api/v1/namespaces/ops/services', {
      body: { apiVersion: 'v1', kind: 'Service', metadata: { name: 'api' }, spec },
    });
  await send('POST', '/api/v1/namespaces', {
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ops' } },
  });
  const register = async (more: JsonObject = {}) => {
    const spec = {
      group: 'fun.io',
      version: 'v1',
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      caBundle: server.caBundle,
      service: { namespace: 'ops', name: 'api', port: server.port },
      ...more,
    };
    const body = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1.fun.io' }, spec };
    const { code, content } = await send('POST', SERVICES, { body });
    expect([code, code === 201 ? '' : content]).toEqual([201, '']);
    await cluster.idle();
  };
  const condition = async () => {
    const { body } = await send('GET', `${SERVICES}/v1.fun.io`);
    const { status } = body as { status: { conditions: { status: string; reason: string; message: string }[] } };
    const [first] = status.conditions;
    return [first?.status, first?.reason, first?.message.replaceAll(String(server.port), 'PORT')];
  };
  /** Registers a server that the cluster finds by a Service of type ExternalName. */
  const connected = async () => {
    await service({ type: 'ExternalName', externalName: 'localhost' });
    await register();
  };
  return {
    cluster,
    clock,
    send,
    server,
    service,
    register,
    condition,
    connected,
    async [Symbol.asyncDispose]() {
      await cluster.close();
      await server.close();
    },
  };
}

describe('the condition of an APIService', () => {
  test('reports a missing Service, and a missing port of the Service', async () => {
    await using cluster = await story();
    await cluster.register();
    expect(await cluster.condition()).toEqual(['False', 'ServiceNotFound', 'service/api in "ops" is not present']);
    await cluster.service({ ports: [{ port: 80 }] });
    await cluster.cluster.idle();
    expect(await cluster.condition()).toEqual([
      'False',
      'ServicePortError',
      'service/api in "ops" is not listening on port PORT',
    ]);
  });

  test('is False while its Service has no endpoints or no loopback address', async () => {
    await using cluster = await story();
    await cluster.service({ ports: [{ name: 'https', port: cluster.server.port }], clusterIP: '10.96.0.77' });
    await cluster.register();
    const slice = (endpoints: JsonObject[]) => ({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `api-${endpoints.length}`, labels: { 'kubernetes.io/service-name': 'api' } },
      addressType: 'IPv4',
      endpoints,
      ports: [{ name: 'https', port: 8443 }],
    });
    const slices = '/apis/discovery.k8s.io/v1/namespaces/ops/endpointslices';
    expect((await cluster.condition()).slice(1)).toEqual([
      'EndpointsNotFound',
      'cannot find endpointslices for service/api in "ops"',
    ]);
    await cluster.send('POST', slices, { body: slice([]) });
    await cluster.cluster.idle();
    expect((await cluster.condition()).slice(1)).toEqual([
      'MissingEndpoints',
      'endpointslices for service/api in "ops" have no addresses with port name "https"',
    ]);
    await cluster.send('POST', slices, { body: slice([{ addresses: ['10.1.1.1'] }]) });
    await cluster.cluster.idle();
    expect((await cluster.condition()).slice(1)).toEqual([
      'FailedDiscoveryCheck',
      'failing or missing response from https://10.96.0.77:PORT/apis/fun.io/v1: Get "https://10.96.0.77:PORT/apis/fun.io/v1": no address is set for the Service "ops/api", and it is not of type ExternalName; the embedded cluster contacts other API servers only on 127.0.0.0/8, localhost and [::1]',
    ]);
    expect(cluster.server.seen).toEqual([]);
  });

  test.each([
    [
      'whose certificate is not from the authority in caBundle',
      { caBundle: Buffer.from(createAuthority(Date.now()).ca).toString('base64') },
      'Get "https://localhost:PORT/apis/fun.io/v1": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
    [
      'that responds with an error',
      { group: 'other.io' },
      'bad status from https://localhost:PORT/apis/other.io/v1: 404',
    ],
  ])('is False for a server %s', async (_what, more, message) => {
    await using cluster = await story();
    await cluster.service({ type: 'ExternalName', externalName: 'localhost' });
    if (!('group' in more)) {
      await cluster.register(more);
      expect((await cluster.condition())[2]).toBe(
        `failing or missing response from https://localhost:PORT/apis/fun.io/v1: ${message}`,
      );
      return;
    }
    const spec = { ...more, version: 'v1', groupPriorityMinimum: 1, versionPriority: 1, insecureSkipTLSVerify: true };
    const service = { namespace: 'ops', name: 'api', port: cluster.server.port };
    const metadata = { name: 'v1.other.io' };
    const body = { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata, spec: { ...spec, service } };
    await cluster.send('POST', SERVICES, { body });
    await cluster.cluster.idle();
    const { content } = await cluster.send('GET', `${SERVICES}/v1.other.io`);
    expect(content.replaceAll(String(cluster.server.port), 'PORT')).toContain(message);
  });

  test('is False with a reason for a server on another machine', async () => {
    await using cluster = await story();
    await cluster.service({ type: 'ExternalName', externalName: 'api.example.com' });
    await cluster.register();
    expect((await cluster.condition())[2]).toContain(
      'the Service "ops/api" has the external name "api.example.com"; the',
    );
  });

  test('changes after the next check when the server stops responding', async () => {
    await using cluster = await story();
    await cluster.connected();
    expect(await cluster.condition()).toEqual(['True', 'Passed', 'all checks passed']);
    await cluster.server.close();
    cluster.clock.advance(30_000);
    await cluster.cluster.idle();
    expect((await cluster.condition())[2]).toContain('connect: connection refused');
    const { code, content } = await cluster.send('GET', '/apis/fun.io/v1/jokes');
    expect([code, content]).toEqual([503, 'service unavailable\n']);
    const { content: groups } = await cluster.send('GET', '/apis', { headers: { accept: AGGREGATED } });
    expect(groups).toContain('"freshness":"Stale"');
  });
});

describe('a request to an API version that another server serves', () => {
  const user: UserInfo = { name: 'Jö', uid: 'u1', groups: ['a', 'system:masters'], extra: { 'x.io/Key': ['1', '2'] } };

  test('arrives with the user that the cluster has authenticated, and without the credentials of the client', async () => {
    await using cluster = await story();
    await cluster.connected();
    const headers = {
      authorization: 'Basic c2VjcmV0',
      'x-remote-user': 'root',
      'x-remote-extra-z': 'y',
      accept: 'x/y',
    };
    const path = '/apis/fun.io/v1/namespaces/a/jokes?limit=5';
    const { code, body } = await cluster.send('POST', path, { body: { kind: 'Joke' }, headers, user });
    expect([code, body['kind']]).toEqual([200, 'JokeList']);
    const seen = cluster.server.seen.at(-1);
    expect(seen).toMatchObject({ line: `POST ${path}`, body: '{"kind":"Joke"}', client: 'front-proxy-client' });
    const sent = Object.entries(seen?.headers ?? {}).filter(([key]) => /^(?:x-|authorization|accept$)/.test(key));
    expect(Object.fromEntries(sent)).toEqual({
      accept: 'x/y',
      'x-forwarded-for': '127.0.0.1',
      'x-remote-user': Buffer.from('Jö').toString('latin1'),
      'x-remote-uid': 'u1',
      'x-remote-group': 'a, system:masters, system:authenticated',
      'x-remote-extra-x.io%2fkey': '1, 2',
    });
  });

  test('is refused if its user does not have the right', async () => {
    await using cluster = await story();
    await cluster.connected();
    const count = cluster.server.seen.length;
    const nobody = { name: 'eve', groups: ['system:authenticated'] };
    expect((await cluster.send('GET', '/apis/fun.io/v1/jokes', { user: nobody })).code).toBe(403);
    expect(cluster.server.seen.length).toBe(count);
  });

  test('gets an error if the other server responds with a redirect', async () => {
    await using cluster = await story();
    await cluster.connected();
    const { code, content } = await cluster.send('GET', '/apis/fun.io/v1/moved');
    expect([code, content]).toEqual([502, 'the backend attempted to redirect this request, which is not permitted\n']);
  });

  test('returns each cookie in a header of its own over a socket, and all in one string in the process', async () => {
    const cookies = ['a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT', 'b=2'];
    await using cluster = await story((request, response) => {
      if (request.line.includes('/jokes')) response.setHeader('set-cookie', cookies);
      jokes(request, response);
    });
    await cluster.connected();
    const { url, token } = await cluster.cluster.listen({ https: false });
    const path = '/apis/fun.io/v1/jokes';
    const overSocket = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
    expect(overSocket.headers.getSetCookie()).toEqual(cookies);
    await overSocket.text();
    const { headers, body } = await cluster.cluster.transport().request({ method: 'GET', path });
    for await (const _chunk of body);
    expect(headers['set-cookie']).toBe(cookies.join(', '));
  });

  test('ends when the client disconnects before the response', async () => {
    const life = new EventEmitter();
    const left = once(life, 'left');
    const asked = once(life, 'asked');
    await using cluster = await story((request, response) => {
      if (!request.line.includes('/slow')) return jokes(request, response);
      response.on('close', () => life.emit('left'));
      life.emit('asked');
    });
    await cluster.connected();
    const { url } = await cluster.cluster.listen({ https: false });
    const client = get(`${url}/apis/fun.io/v1/slow`);
    client.on('error', () => undefined);
    await asked;
    client.destroy();
    await left;
  });

  test('over a WebSocket gets each line of the response as a message, even a last line without a line break', async () => {
    await using cluster = await story((request, response) => {
      if (!request.line.includes('watch')) return jokes(request, response);
      response.end('{"type":"ADDED"}\n{"type":"DELETED"}');
    });
    await cluster.connected();
    const { url, token } = await cluster.cluster.listen({ https: false });
    const asked = get(`${url}/apis/fun.io/v1/jokes?watch=true`, {
      headers: {
        authorization: `Bearer ${token}`,
        connection: 'Upgrade',
        upgrade: 'websocket',
        origin: 'http://127.0.0.1',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    const [, socket, head] = (await once(asked, 'upgrade')) as [IncomingMessage, Socket, Buffer];
    const content = `${head.toString('latin1')}${await text(socket.setEncoding('latin1'))}`;
    expect(content).toBe('\x81\x11{"type":"ADDED"}\n\x81\x12{"type":"DELETED"}\x88\x02\x03\xe8');
    socket.destroy();
  });

  test('with an endless response ends when the cluster closes', async () => {
    const cluster = await story((request, response) => {
      if (!request.line.includes('watch')) return jokes(request, response);
      response.write('{"type":"ADDED"}\n');
    });
    await cluster.connected();
    const reply = await cluster.cluster
      .transport()
      .request({ method: 'GET', path: '/apis/fun.io/v1/jokes?watch=true' });
    const lines: string[] = [];
    for await (const chunk of reply.body) {
      lines.push(Buffer.from(chunk).toString('utf8'));
      void cluster.cluster.close();
    }
    expect(lines).toEqual(['{"type":"ADDED"}\n']);
    await cluster[Symbol.asyncDispose]();
  });
});

describe('discovery', () => {
  test('lists the API versions of other servers by their priority', async () => {
    await using cluster = await story();
    await cluster.connected();
    const { body } = await cluster.send('GET', '/apis', { headers: { accept: AGGREGATED } });
    const { items } = body as { items: { metadata: { name: string }; versions: JsonObject[] }[] };
    expect(items.at(-1)).toEqual({
      metadata: { name: 'fun.io' },
      versions: [
        {
          version: 'v1',
          freshness: 'Current',
          resources: [
            {
              resource: 'jokes',
              responseKind: { group: 'fun.io', version: 'v1', kind: 'Joke' },
              scope: 'Namespaced',
              singularResource: 'joke',
              verbs: ['get', 'list'],
              shortNames: ['jk'],
              subresources: [
                {
                  subresource: 'status',
                  responseKind: { group: 'fun.io', version: 'v1', kind: 'Joke' },
                  verbs: ['get'],
                },
              ],
            },
          ],
        },
      ],
    });
    const legacy = await cluster.send('GET', '/apis');
    const { groups } = legacy.body as { groups: JsonObject[] };
    const version = { groupVersion: 'fun.io/v1', version: 'v1' };
    const group = { name: 'fun.io', versions: [version], preferredVersion: version };
    expect(groups.at(-1)).toEqual(group);
    expect((await cluster.send('GET', '/apis/fun.io')).body).toEqual({ kind: 'APIGroup', apiVersion: 'v1', ...group });
    expect((await cluster.send('GET', '/apis/fun.io/v1')).body).toEqual(RESOURCES);
    await cluster.send('DELETE', `${SERVICES}/v1.fun.io`);
    expect((await cluster.send('GET', '/apis/fun.io')).code).toBe(404);
  });

  test('lists a group with a high priority before other groups', async () => {
    await using cluster = await story();
    await cluster.service({ type: 'ExternalName', externalName: 'localhost' });
    await cluster.register({ groupPriorityMinimum: 17_650 });
    const { body } = await cluster.send('GET', '/apis');
    const names = (body as { groups: { name: string }[] }).groups.map(({ name }) => name);
    const at = names.indexOf('fun.io');
    expect(names.slice(at - 1, at + 2)).toEqual(['authentication.k8s.io', 'fun.io', 'authorization.k8s.io']);
  });

  test('follows the documents of other servers, but not one with too many resources', async () => {
    let count = 2;
    await using cluster = await story(({ line }, response) => {
      const resources = Array.from({ length: count }, (_, n) => ({ name: `joke${n}`, kind: 'J', verbs: ['get'] }));
      json(response, line.endsWith('/v1') ? { ...RESOURCES, resources } : {});
    });
    await cluster.connected();
    const read = async (etag = '') => {
      const reply = await cluster.send('GET', '/apis', { headers: { accept: AGGREGATED, 'if-none-match': etag } });
      return { ...reply, resources: reply.content.split('"resource":"joke').length - 1 };
    };
    const first = await read();
    expect([first.resources, (await read()).etag, (await read(first.etag)).code]).toEqual([2, first.etag, 304]);
    for (const [next, listed] of [
      [10_000, 10_000],
      [10_001, 10_000],
    ] as const) {
      count = next;
      cluster.clock.advance(31_000);
      await cluster.cluster.idle();
      expect((await read()).resources).toBe(listed);
    }
    expect((await cluster.condition())[2]).toContain('the document lists 10001 resources; 10000 are allowed');
  });

  test('lists the OpenAPI documents of other servers', async () => {
    await using cluster = await story();
    await cluster.connected();
    const { body } = await cluster.send('GET', '/openapi/v3');
    const { paths } = body as { paths: Record<string, JsonObject> };
    expect(paths['apis/fun.io/v1']).toEqual({ serverRelativeURL: '/openapi/v3/apis/fun.io/v1?hash=A' });
    expect(paths['apis/apps/v1']).toBeDefined();
    expect((await cluster.send('GET', '/openapi/v3/apis/fun.io/v1?hash=A')).body).toEqual({ openapi: '3.0.0' });
  });
});
