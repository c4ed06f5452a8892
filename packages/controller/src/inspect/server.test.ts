import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KubeError } from '@typekro/kube';
import type { InspectDetails, Viewer } from './details.ts';
import { InspectFailure } from './inspect-failure.ts';
import { indexOfReports } from './inspect-index.ts';
import type { InspectProblem, InstancePage } from './inspect-model.ts';
import { inspectPaths, instanceRef } from './paths.ts';
import type { InspectEvent, InspectSource, InstanceReport } from './inspect-source.ts';
import { type InspectServer, proofOf, serveInspect, tokenOf } from './server.ts';

const ref = instanceRef({ apiVersion: 'acme.test/v1', kind: 'Boat', namespace: 'n', name: 'b' });
const report: InstanceReport = {
  ref,
  apiVersion: 'acme.test/v1',
  kind: 'Boat',
  namespace: 'n',
  name: 'b',
  uid: 'u',
  definition: 'boats',
  state: 'ACTIVE',
  conditions: [],
  nodes: [],
  steppedAt: 0,
};
const event = (subject: string, message: string): InspectEvent => ({ id: 0, at: 0, type: 'wrote', subject, message });
const listeners = new Set<(event: InspectEvent) => void>();
const emit = (sent: InspectEvent): void => {
  for (const listener of listeners) listener(sent);
};
const source: InspectSource = {
  definitions: () => [],
  instances: () => [report],
  report: (key) => (key === ref ? report : undefined),
  eventsAfter: () => [],
  subscribe(listener) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};

const token = 'the-token-of-this-test';
const viewer: Viewer = { api: undefined as never, mayList: () => Promise.resolve(true) };
const index = indexOfReports(source);
let server: InspectServer;
let port = 0;
beforeAll(async () => {
  server = await serveInspect({ index, source, authenticate: tokenOf(token, viewer), prove: proofOf(token) });
  port = Number(new URL(server.url).port);
});
afterAll(async () => {
  index.close();
  await server.close();
});

const own = { authorization: `Bearer ${token}` };
const get = (path: string, headers: Record<string, string> = own, method = 'GET') =>
  fetch(server.url + path, { headers, method });

/** Sends bytes that no client library would send, and returns the response. */
const rawAnswer = (request: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let answer = '';
    socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
    socket.on('error', reject).on('close', () => resolve(answer));
  });

/** Sends a request with exactly these lines and the token, and returns the response. */
const lines = (...head: string[]): Promise<string> =>
  rawAnswer(`${[...head, `Authorization: Bearer ${token}`, 'Connection: close'].join('\r\n')}\r\n\r\n`);

const statusOf = (answer: string): number => Number(answer.split(' ')[1]);

/** Reads a stream until its content includes the text. */
async function readUntil(response: Response, text: string): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let seen = '';
  while (!seen.includes(text)) {
    const { value, done } = (await reader?.read()) ?? { done: true };
    if (done) throw new Error(`the stream ended after ${seen}`);
    seen += value;
  }
  await reader?.cancel();
  return seen;
}

describe('paths', () => {
  it.each([
    ['/api/v1/meta', 200],
    ['/api/v1/definitions', 200],
    ['/api/v1/instances', 200],
    ['/api/v1/instances?limit=x', 400],
    ['/api/v1/instances?sort=__proto__', 400],
    ['/api/v1/instances?filter=b', 400],
    ['/api/v1/instances?search=b&constructor=', 400],
    ['/api/v1/meta?token=x', 400],
    ['/api/v1/definitions?search=b', 400],
    ['/api/v1/events?after=1', 400],
    ['/api/v1/proof?nonce=0123456789abcdef0123456789abcdef&host=b', 400],
    ['/api/v1/instances/acme.test/v1/Boat/n/b/report?node=a', 400],
    ['/api/v1/instances/acme.test/v1/Boat/n/b/why?nodes=a', 400],
    [
      '/api/v1/instances?definition=boats&namespace=n&state=ACTIVE&revision=1&search=b&sort=age&order=asc&offset=0&limit=1',
      200,
    ],
    ['/api/v1/instances/acme.test/v1/Boat/n/b/report', 200],
    ['/api/v1/instances/acme.test%2Fv1%2FBoat%2Fn%2Fb/report', 200],
    ['/api/v1/instances/acme.test/v1/Boat/n/c/report', 404],
    ['/api/v1/instances/acme.test%2Fv1%2FBoat%2Fn%2Fb', 404],
    ['/api/v1/instances/%E0%A4%A/report', 404],
    ['/api/v1/instances/..%2F..%2F..%2Fetc%2Fpasswd/report', 404],
    ['/api/v1/../../package.json', 404],
    ['/api/v1/nothing', 404],
    ['/api/v1/meta/more', 404],
    ['/api/v2/meta', 404],
    ['/nothing', 404],
  ])('answers %s with %i', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });

  it('answers a failure with a code and a message', async () => {
    const body = (await (await get('/api/v1/instances/acme.test/v1/Boat/n/c/report')).json()) as InspectProblem;
    expect(body).toEqual({ code: 'inspect/no-instance', message: 'there is no instance acme.test/v1/Boat/n/c' });
  });

  it('an error about an unknown option names the options of the path, but no value', async () => {
    const messages = ['/api/v1/instances?filter=secret', '/api/v1/meta?filter=secret'].map(
      async (path) => ((await (await get(path)).json()) as InspectProblem).message,
    );
    expect(await Promise.all(messages)).toEqual([
      'there is no option "filter": the options of this path are definition, namespace, state, revision, search, sort, order, offset, limit',
      'there is no option "filter": this path has none',
    ]);
  });

  it('a server without reports says so, and does not say that the instance is missing', async () => {
    const silent = await serveInspect({ index, authenticate: tokenOf(token, viewer) });
    try {
      const answer = await fetch(`${silent.url}/api/v1/instances/${ref}/report`, { headers: own });
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ code: 'inspect/no-reports' });
    } finally {
      await silent.close();
    }
  });

  it('says that an instance has no report yet', async () => {
    const waiting = await serveInspect({
      index,
      source: { ...source, report: () => undefined },
      authenticate: tokenOf(token, viewer),
    });
    try {
      const answer = await fetch(`${waiting.url}/api/v1/instances/${ref}/report`, { headers: own });
      expect(await answer.json()).toMatchObject({ code: 'inspect/no-report' });
    } finally {
      await waiting.close();
    }
  });

  it('filters instances', async () => {
    const total = async (query: string) =>
      ((await (await get(`/api/v1/instances?${query}`)).json()) as InstancePage).total;
    expect([await total('definition=boats'), await total('definition=cars'), await total('search=B')]).toEqual([
      1, 0, 1,
    ]);
  });
});

describe('the token', () => {
  it.each([
    ['is missing', {}],
    ['is wrong', { authorization: 'Bearer wrong' }],
    ['is of another scheme', { authorization: `Basic ${token}` }],
    ['is longer', { authorization: `Bearer ${token}x` }],
    ['is empty', { authorization: 'Bearer ' }],
  ])('that %s yields 401 and no data', async (_what, headers) => {
    const response = await get('/api/v1/instances', headers);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.text()).not.toContain('Boat');
  });

  it('if it is missing, the refusal says how to get one, but only if the server accepts tokens of the cluster', async () => {
    const authenticate = tokenOf(token, viewer);
    const ofCluster = await serveInspect({ index, authenticate, takesClusterTokens: true });
    try {
      for (const [url, problem] of [
        [server.url, { code: 'inspect/token' }],
        [ofCluster.url, { code: 'inspect/cluster-token', remedy: expect.stringContaining('kubectl create token') }],
      ] as const) {
        const answer = await fetch(`${url}/api/v1/meta`);
        expect([answer.status, await answer.json()]).toEqual([
          401,
          { message: 'the token is missing or wrong', ...problem },
        ]);
      }
    } finally {
      await ofCluster.close();
    }
  });

  it.each(['/api/v1/instances', '/api/v1/events'])('is not accepted in the address of %s', async (path) => {
    expect((await get(`${path}?token=${token}`, {})).status).toBe(401);
  });
});

describe('the proof of the token', () => {
  const nonce = '0123456789abcdef0123456789abcdef';

  it('is given to a request without a token, differs for each nonce, and depends on the token and the address of the server', async () => {
    const proof = async (of: string) =>
      ((await (await get(inspectPaths.proof(of), {})).json()) as { proof: string }).proof;
    const expected = createHmac('sha256', token).update(`typekro-dashboard 127.0.0.1:${port} ${nonce}`).digest('hex');
    expect(await proof(nonce)).toBe(expected);
    expect(await proof(nonce.replaceAll('0', 'f'))).not.toBe(expected);
  });

  it.each([
    ['a short nonce', 'abc', 400],
    ['no nonce', '', 400],
    ['a long nonce', '0'.repeat(33), 400],
    ['another text', 'x'.repeat(32), 400],
  ])('is refused for %s', async (_what, of, status) => {
    expect((await get(inspectPaths.proof(of), {})).status).toBe(status);
  });

  // A program at another address of this machine can forward a page's request, with any Host.
  it.each([
    ['the address of the server', () => `127.0.0.1:${port}`, 200],
    ['localhost, where another program can listen on the same port', () => `localhost:${port}`, 421],
    ['the loopback address of IPv6', () => `[::1]:${port}`, 421],
    ['another loopback address', () => `127.0.0.2:${port}`, 421],
    ['another port', () => `127.0.0.1:${port - 1}`, 421],
    ['no port', () => '127.0.0.1', 421],
  ])('is requested at %s; only the address of the server itself gives it', async (_what, host, status) => {
    const answer = await lines(`GET ${inspectPaths.proof(nonce)} HTTP/1.1`, `Host: ${host()}`);
    expect(statusOf(answer)).toBe(status);
    if (status === 421) expect(answer).toContain(`open the page as http://127.0.0.1:${port}`);
  });

  it('is not given to a page of another site', async () => {
    const answer = await lines(`GET ${inspectPaths.proof(nonce)} HTTP/1.1`, 'Host: evil.test');
    expect(statusOf(answer)).toBe(421);
  });
});

describe('requests of other sites', () => {
  const path = 'GET /api/v1/instances HTTP/1.1';
  it.each([
    ['a name that resolves to this machine', 'Host: evil.test', 421],
    ['a name that resolves to this machine, with a port', 'Host: evil.test:80', 421],
    ['a name that begins with an own name', 'Host: localhost.evil.test', 421],
    ['an address of the network', 'Host: 192.168.0.7', 421],
    ['user information', 'Host: localhost@evil.test', 421],
    ['an own name', 'Host: localhost', 200],
    ['an own name in capitals', 'Host: LOCALHOST:1', 200],
    ['a loopback address', 'Host: 127.0.0.1', 200],
    ['a loopback address of IPv6', 'Host: [::1]:8090', 200],
  ])('%s as Host yields the expected status', async (_what, host, status) => {
    const answer = await lines(path, host);
    expect(statusOf(answer)).toBe(status);
    if (status !== 200) expect(answer).not.toContain('Boat');
  });

  it.each([
    ['a foreign origin', 'Origin: https://evil.test', 403],
    ['an opaque origin', 'Origin: null', 403],
    ['another port of this machine', 'Origin: http://localhost:1', 403],
    ['the mark of a foreign site', 'Sec-Fetch-Site: cross-site', 403],
    ['the mark of a sibling site', 'Sec-Fetch-Site: same-site', 403],
    ['its own origin', 'Origin: http://localhost', 200],
    ['the mark of its own page', 'Sec-Fetch-Site: same-origin', 200],
  ])(
    '%s yields the expected status, and no header that shares the response with other origins',
    async (_what, header, status) => {
      const answer = await lines(path, 'Host: localhost', header);
      expect(statusOf(answer)).toBe(status);
      expect(answer.toLowerCase()).not.toContain('access-control');
    },
  );

  it('a preflight request gets no permission', async () => {
    const answer = await lines('OPTIONS /api/v1/plan HTTP/1.1', 'Host: localhost', 'Origin: https://evil.test');
    expect(statusOf(answer)).toBe(403);
  });
});

describe('bodies', () => {
  const post = (body: string, type: string | undefined, path = '/api/v1/plan') =>
    fetch(server.url + path, {
      method: 'POST',
      body: new TextEncoder().encode(body),
      headers: { ...own, ...(type === undefined ? {} : { 'content-type': type }) },
    });

  it.each([
    ['a form', 'a=b', 'application/x-www-form-urlencoded', 415],
    ['a text', '{}', 'text/plain', 415],
    ['no type', '{}', undefined, 415],
    ['JSON in another encoding', '{}', 'application/json; charset=utf-7', 415],
    ['broken JSON', '{', 'application/json', 400],
    ['a list', '[]', 'application/json', 400],
    ['no files', '{"files":[]}', 'application/json', 400],
    ['a file without content', '{"files":[{"name":"a"}]}', 'application/json', 400],
    ['a plan for a server without details', '{"files":[{"name":"a","text":""}]}', 'application/json', 404],
    ['a long body', ' '.repeat(1024 * 1024 + 1), 'application/json', 413],
  ])('%s is refused', async (_what, body, type, status) => {
    expect((await post(body, type)).status).toBe(status);
  });

  it('a body of unknown length that is too long gets a response', async () => {
    const head = ['POST /api/v1/plan HTTP/1.1', 'Host: localhost', `Authorization: Bearer ${token}`];
    const chunk = `${(65536).toString(16)}\r\n${' '.repeat(65536)}\r\n`;
    const answer = await rawAnswer(
      `${[...head, 'Content-Type: application/json', 'Transfer-Encoding: chunked'].join('\r\n')}\r\n\r\n${chunk.repeat(17)}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect((await get('/api/v1/meta')).status).toBe(200);
  });

  it.each([
    ['DELETE', '/api/v1/instances', 405],
    ['POST', '/api/v1/instances', 405],
    ['PUT', '/api/v1/plan', 405],
    ['GET', '/api/v1/plan', 405],
    ['GET', `/api/v1/instances/${encodeURIComponent(ref)}/actions`, 405],
    ['POST', '/api/v1/events', 405],
  ])('%s %s gives %i', async (method, path, status) => {
    expect((await get(path, own, method)).status).toBe(status);
  });
});

describe('broken requests', () => {
  it.each([
    'GET /api/%ff HTTP/1.1',
    'GET /api//[::: HTTP/1.1',
    'GET /api/v1/instances?token=%zz HTTP/1.1',
    'GET http://[bad/api/ HTTP/1.1',
    'GET //elsewhere/api/v1/instances HTTP/1.1',
    'GET /../api/v1/instances HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'nonsense',
  ])('`%s` is refused, and the server continues', async (line) => {
    expect(await rawAnswer(`${line}\r\nHost: localhost\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect((await get('/api/v1/instances')).status).toBe(200);
  });
});

describe('the stream', () => {
  const open = (headers: Record<string, string> = {}) => get('/api/v1/events', { ...own, ...headers });
  const idsIn = (text: string): string[] => [...text.matchAll(/^id: (.+)$/gm)].map(([, id]) => id ?? '');

  it('begins with the epoch, and sends only the last of several changes of one instance', async () => {
    const response = await open();
    for (const message of ['first', 'second', 'last']) emit(event(ref, message));
    const text = await readUntil(response, 'last');
    expect(text).toMatch(/^id: \w+\.\d+\nevent: hello\ndata: \{"epoch":"\w+","missed":false\}\n\n/);
    expect(text.match(/event: changes/g)).toHaveLength(1);
    expect(text).not.toContain('first');
  });

  it('continues after the last id of a client', async () => {
    const [id = ''] = idsIn(await readUntil(await open(), 'hello'));
    emit(event('missed', 'while the client was away'));
    const text = await readUntil(await open({ 'last-event-id': id }), 'while the client was away');
    expect(text).toContain('"missed":false');
  });

  it.each(['0123456789abcdef.5', 'nonsense', '..', '9'.repeat(400)])(
    'makes a client read everything again if its last id `%s` is not of this server',
    async (id) => {
      expect(await readUntil(await open({ 'last-event-id': id }), 'hello')).toContain('"missed":true');
    },
  );

  it('makes a client that missed too many events read everything again', async () => {
    const [id = ''] = idsIn(await readUntil(await open(), 'hello'));
    for (let count = 0; count < 1001; count += 1) emit(event('x', 'y'));
    expect(await readUntil(await open({ 'last-event-id': id }), 'hello')).toContain('"missed":true');
  });

  it('sends a reset instead of more changes than a message can list', async () => {
    const response = await open();
    for (let count = 0; count < 2000; count += 1) emit(event(`definition-${count}`, 'changed'));
    expect(await readUntil(response, 'event: reset')).not.toContain('event: changes');
  });

  it('is not kept open for HEAD', async () => {
    expect((await get('/api/v1/events', own, 'HEAD')).status).toBe(200);
  });
});

describe('a failure', () => {
  it.each<[string, Error, number, string[]]>([
    [
      'of the server itself is reported',
      new TypeError('x is not a function'),
      500,
      [`GET ${inspectPaths.why(ref)}: x is not a function`],
    ],
    ['of the request is not reported', new InspectFailure('no', { status: 404, code: 'test/no' }), 404, []],
    [
      'of a request with a name that the cluster refuses is not reported',
      new KubeError('cannot be a name', { status: 400, reason: 'BadRequest' }),
      400,
      [],
    ],
    ['of the cluster is not reported', new KubeError('no answer', { status: 0, reason: 'NoAnswer' }), 502, []],
  ])('%s', async (_title, error, status, expected) => {
    const failures: string[] = [];
    const failing = await serveInspect({
      index,
      details: { why: () => Promise.reject(error) } as unknown as InspectDetails,
      authenticate: tokenOf(token, viewer),
      onFailure: (found, request) => failures.push(`${request}: ${found instanceof Error ? found.message : ''}`),
    });
    try {
      const answer = await fetch(`${failing.url}${inspectPaths.why(ref, 'secret')}`, { headers: own });
      expect([answer.status, failures]).toEqual([status, expected]);
    } finally {
      await failing.close();
    }
  });
});

describe('the address', () => {
  it('must not be one that other machines can reach', async () => {
    const authenticate = tokenOf(token, viewer);
    await expect(serveInspect({ index, source, authenticate, host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'inspect/remote-address',
    });
  });
});

describe('details', () => {
  let detailed: InspectServer;
  beforeAll(async () => {
    const details = {
      log: (_ref: string, request: object) => Promise.resolve(request),
      events: (of: string) => Promise.resolve({ of }),
    } as unknown as InspectDetails;
    detailed = await serveInspect({ index, details, authenticate: tokenOf(token, viewer) });
  });
  afterAll(() => detailed.close());
  const read = async (path: string) => {
    const answer = await fetch(`${detailed.url}/api/v1/instances/${path}`, { headers: own });
    return { status: answer.status, body: (await answer.json()) as unknown };
  };

  it.each([
    ['', 200, { previous: false }],
    ['&previous=true&tail=1', 200, { previous: true, tail: 1 }],
    ['&previous=false', 200, { previous: false }],
    ['&previous=1', 400, {}],
    ['&previous=TRUE', 400, {}],
    ['&tail=0', 400, {}],
  ])('a request for a log with the options "%s" gets the status %i', async (options, status, request) => {
    const path = `acme.test/v1/Boat/n/b/logs?object=v1/Pod/n/p&container=c${options}`;
    expect(await read(path)).toMatchObject({ status, body: request });
  });

  it.each([
    ['v2ray.io/v1/Proxy/n/b', 'v2ray.io/v1/Proxy/n/b'],
    ['v1/ConfigMap/n/b', 'v1/ConfigMap/n/b'],
    ['v1alpha1/Thing/n/b', 'v1alpha1/Thing/n/b'],
  ])('the address %s denotes an instance', async (address, of) => {
    expect(await read(`${address}/events`)).toMatchObject({ status: 200, body: { of } });
  });
});
