import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cryptoLibrary, equalSecrets, httpLibrary, TypeKroError } from '../core/index.ts';
import type { InspectEvent, InspectSource } from './reports.ts';
import { routeInspect } from './routes.ts';

/** The options of `serveInspect`. */
export interface InspectServerOptions {
  readonly source: InspectSource;
  /**
   * The address to listen on. Default `127.0.0.1`. Unless `allowRemote` is set, only loopback addresses are allowed.
   */
  readonly host?: string;
  /** The port to listen on. Default 0: any free port. */
  readonly port?: number;
  /** The bearer token of clients. Default: a new random one. */
  readonly token?: string;
  /** Allows an address that other machines can reach. Default false. */
  readonly allowRemote?: boolean;
  /**
   * Handles requests outside `/api/`, e.g. pages of a dashboard. Such requests need no token, so the responses must
   * contain no data of the cluster. Returns false for requests that it does not handle.
   */
  readonly pages?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** The running server of the interface. */
export interface InspectServer {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/**
 * The maximum number of unsent bytes of a stream. A slower reader is disconnected, and may reconnect with its last id.
 */
const MAX_UNSENT_BYTES = 1024 * 1024;

/**
 * Serves the state of a controller, read only. Every request under `/api/` needs the token, as `Authorization: Bearer
 * …` or, for `EventSource`, as the query parameter `token`.
 *
 * @throws TypeKroError `inspect/remote-address` for an address that other machines can reach.
 */
export async function serveInspect(options: InspectServerOptions): Promise<InspectServer> {
  const { source, host = '127.0.0.1', port = 0, allowRemote = false } = options;
  if (!allowRemote && !isLoopback(host)) {
    throw new TypeKroError(`the inspect interface is not opened on ${host}, which other machines can reach`, {
      code: 'inspect/remote-address',
      remedy: 'bind it to 127.0.0.1 and forward the port',
    });
  }
  const token = options.token ?? cryptoLibrary().randomBytes(24).toString('base64url');
  const server = httpLibrary().createServer((request, response) => handle(options, source, token, request, response));
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `http://${name}:${address.port}`, token, close: () => close(server) };
}

function handle(
  options: InspectServerOptions,
  source: InspectSource,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = request.url ?? '/';
  if (!url.startsWith('/api/')) {
    if (options.pages?.(request, response) !== true) sendJson(response, 404, { message: 'there is nothing here' });
    return;
  }
  if (!isAllowed(request, url, token)) {
    response.setHeader('www-authenticate', 'Bearer');
    return sendJson(response, 401, { message: 'the token is missing or wrong' });
  }
  const lastEventId = request.headers['last-event-id'];
  const found = routeInspect(source, {
    method: request.method ?? 'GET',
    url,
    ...(typeof lastEventId === 'string' ? { lastEventId } : {}),
  });
  if (found.kind === 'answer') return sendJson(response, found.answer.status, found.answer.body);
  if (request.method === 'HEAD') response.writeHead(200, EVENT_STREAM).end();
  else sendEvents(source, found.afterId, response);
}

function isAllowed(request: IncomingMessage, url: string, token: string): boolean {
  const header = request.headers.authorization ?? '';
  const given = header.startsWith('Bearer ')
    ? header.slice('Bearer '.length)
    : (new URL(url, 'http://inspect').searchParams.get('token') ?? '');
  return equalSecrets(given, token);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

const EVENT_STREAM = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

/** Sends missed events and then new ones, until the client disconnects. */
function sendEvents(source: InspectSource, afterId: number | undefined, response: ServerResponse): void {
  response.writeHead(200, EVENT_STREAM);
  response.flushHeaders();
  const send = (event: InspectEvent) => {
    response.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (response.writableLength > MAX_UNSENT_BYTES) response.destroy();
  };
  if (afterId !== undefined) for (const event of source.eventsAfter(afterId)) send(event);
  const unsubscribe = source.subscribe(send);
  response.on('close', unsubscribe);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new TypeKroError(`the inspect interface could not be opened: ${cause.message}`, {
          code: 'inspect/listen',
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
