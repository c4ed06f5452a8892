import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPages } from '@typekro/dashboard';
import type {
  InspectEvent,
  InspectLimit,
  InspectMeta,
  InstancePage,
  InstanceRow,
  NodeDetail,
} from '@typekro/controller/inspect';
import { INSPECT_PREFIX, inspectPaths, proofOf } from '@typekro/controller/inspect';
import { instancePage, readInstanceQuery } from '../../../packages/controller/src/inspect/instance-page.ts';
import { type Scene, revisionText, SCENE_TIME } from './scene.ts';
import { scenePlan } from './scene-plan.ts';

/** A server of the dashboard with the data of a scene (`scene.ts`). */
export interface SceneServer {
  /** The address of the page, with its token. */
  readonly address: string;
  readonly url: string;
  /** The paths, without query, of the requests to the inspect interface so far. */
  readonly requests: readonly string[];
  /** The `Authorization` headers that clients sent. */
  readonly tokens: Set<string>;
  /** Sends changes to all streams. */
  emit(changes: readonly Pick<InspectEvent, 'type' | 'subject'>[]): void;
  /**
   * Makes all later requests for data fail with this status, as if the server could not reach its cluster. 200 ends
   * this.
   */
  fail(status: number): void;
  /** Sets the messages about data that the server cannot show. */
  limit(limits: readonly InspectLimit[]): void;
  /** With `true`, later requests get no response, although their connections stay open. `false` ends this. */
  freeze(isFrozen: boolean): void;
  /** Ends all connections and refuses new ones, like a command that has ended. */
  pause(): Promise<void>;
  /**
   * Serves again on the same port. With `restart`, simulates a new process with a new epoch and, if given, another
   * token.
   */
  resume(restart?: { readonly token?: string }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves the page and the data of a scene on a free port of 127.0.0.1.
 *
 * @param refusal the error code for a refused token
 */
export async function serveScene(scene: Scene, refusal = 'inspect/token'): Promise<SceneServer> {
  const pages = createPages();
  const streams = new Set<ServerResponse>();
  const requests: string[] = [];
  const tokens = new Set<string>();
  let id = 0;
  let epoch = 1;
  let token = 'scene';
  let status = 200;
  let isFrozen = false;
  let limits: readonly InspectLimit[] = [];
  const server = createServer((request, response) => {
    if (isFrozen || pages(request, response)) return;
    const url = new URL(request.url ?? '/', 'http://scene');
    if (url.pathname === `${INSPECT_PREFIX}proof`)
      return request.headers.host !== `127.0.0.1:${port}`
        ? send(response, 421, { code: 'inspect/proof-host', message: `only a page at 127.0.0.1:${port} gets a proof` })
        : send(response, 200, {
            proof: proofOf(token)(url.searchParams.get('nonce') ?? '', request.headers.host ?? ''),
          });
    requests.push(url.pathname);
    tokens.add(request.headers.authorization ?? '');
    if (request.headers.authorization !== `Bearer ${token}`)
      return send(response, 401, { code: refusal, message: 'the token is missing or wrong' });
    if (url.pathname === `${INSPECT_PREFIX}events`) return openStream(request, response, streams, `e${epoch}`);
    if (status !== 200 && url.pathname !== inspectPaths.meta())
      return send(response, status, { code: 'kube/unreachable', message: 'the API server does not respond' });
    const body = answer(scene, url, limits);
    const last = scene.removed(decodeURIComponent(url.pathname.split('/')[4] ?? ''));
    if (body === undefined)
      send(response, 404, { code: 'inspect/nothing', message: 'there is nothing here', ...(last && { last }) });
    else send(response, 200, body);
  });
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    address: `${url}/#token=${token}`,
    requests,
    tokens,
    emit(changes) {
      id += changes.length;
      const batch = changes.map((change, index) => ({ id: id + index, at: SCENE_TIME, message: '', ...change }));
      for (const stream of streams) {
        stream.write(`id: e${epoch}.${id}\nevent: changes\ndata: ${JSON.stringify({ changes: batch })}\n\n`);
      }
    },
    fail: (next) => void (status = next),
    limit: (next) => void (limits = next),
    freeze: (next) => void (isFrozen = next),
    pause: close,
    resume(restart) {
      if (restart !== undefined) epoch += 1;
      token = restart?.token ?? token;
      return listen(port);
    },
    close: () => (server.listening ? close() : Promise.resolve()),
  };
}

function openStream(
  request: IncomingMessage,
  response: ServerResponse,
  streams: Set<ServerResponse>,
  epoch: string,
): void {
  const lastId = request.headers['last-event-id'];
  const missed = typeof lastId === 'string' && lastId !== '' && !lastId.startsWith(`${epoch}.`);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(`retry: 200\nevent: hello\ndata: ${JSON.stringify({ epoch, missed })}\n\n`);
  streams.add(response);
  request.on('close', () => streams.delete(response));
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function answer(scene: Scene, url: URL, limits: readonly InspectLimit[]): unknown {
  const [room, subject = '', part, name = ''] = url.pathname
    .slice(INSPECT_PREFIX.length)
    .split('/')
    .map(decodeURIComponent);
  switch (room) {
    case 'meta':
      return metaOf(limits);
    case 'definitions':
      if (part === 'revisions') {
        return { revision: Number(name), spec: {}, text: revisionText(scene, subject, Number(name)) };
      }
      return subject === '' ? { items: scene.definitions, limits: [] } : scene.definition(subject);
    case 'plan':
      return scenePlan(new Date(SCENE_TIME).toISOString());
    case 'instances':
      if (subject === '') return pageOf(scene.instances, url.searchParams);
      return instanceAnswer(scene, subject, part, name, url.searchParams);
    default:
      return undefined;
  }
}

function metaOf(limits: readonly InspectLimit[]): InspectMeta {
  return {
    version: '1.0.0',
    cluster: { name: 'kind-demo', version: 'v1.36.0' },
    source: 'cluster',
    actions: ['suspend', 'resume', 'reconcile'],
    plans: true,
    proves: true,
    limits,
    epoch: 'scene',
    now: SCENE_TIME,
  };
}

function instanceAnswer(
  scene: Scene,
  ref: string,
  part: string | undefined,
  name: string,
  query: URLSearchParams,
): unknown {
  switch (part) {
    case undefined:
      return scene.instance(ref);
    case 'why':
      return scene.why(ref);
    case 'object':
      return scene.object(ref, query.get('object') ?? '');
    case 'events':
      return { items: [], unread: [] };
    case 'logs':
      return { lines: ['starting', 'listening on :8080'], truncated: false };
    case 'nodes':
      return nodeAnswer(scene, ref, name);
    default:
      return undefined;
  }
}

function nodeAnswer(scene: Scene, ref: string, name: string): NodeDetail | undefined {
  const detail = scene.instance(ref);
  const node = detail?.nodes.find(({ id }) => id === name);
  if (detail === undefined || node === undefined) return undefined;
  const reads = detail.edges.filter(({ to }) => to === name).flatMap((edge) => edge.reads);
  return {
    node,
    expressions: reads.map(({ purpose, place, expression, values }) => ({
      purpose,
      place,
      expression,
      type: 'string',
      value: values[0] ?? { is: 'unknown', message: 'not known yet' },
    })),
  };
}

const pageOf = (all: readonly InstanceRow[], query: URLSearchParams): InstancePage => ({
  ...instancePage(all, readInstanceQuery(query)),
  limits: [],
});
