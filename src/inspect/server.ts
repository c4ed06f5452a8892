import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cryptoLibrary, equalSecrets, errorCode, httpLibrary, TypeKroError } from '../core/index.ts';
import type { Clock } from '../kube/index.ts';
import { systemClock } from '../kube/index.ts';
import type { InspectDetails, Viewer } from './details.ts';
import { EVENT_STREAM_HEADERS, EventStream } from './event-stream.ts';
import { InspectFailure, problemOf } from './failure.ts';
import type { InspectIndex } from './inspect-index.ts';
import { INSPECT_PREFIX } from './paths.ts';
import { readBody } from './read-body.ts';
import type { InspectSource } from './reports.ts';
import { refuseForeign, refuseOtherTypes } from './request-guard.ts';
import { answerInspect } from './routes.ts';
import { maySeeEvent } from './visible-rows.ts';

/** The options of `serveInspect`. */
export interface InspectServerOptions {
  /** The lists and the log of changes. `indexOfReports` makes an index from the reports of a controller. */
  readonly index: InspectIndex;
  /** The reports of the controller in this process, for `instances/REF/report`. */
  readonly source?: InspectSource;
  readonly details?: InspectDetails;
  /**
   * Returns the caller with this bearer token, or `undefined` for a token that is not valid. It is called for each
   * request, and while a stream is open.
   */
  readonly authenticate: (token: string) => Promise<Viewer | undefined>;
  /**
   * The address to listen on. Default `127.0.0.1`, and all interfaces with `allowRemote`. Without `allowRemote`, only
   * loopback addresses are allowed.
   */
  readonly host?: string;
  /** The port to listen on. Default 0: any free port. */
  readonly port?: number;
  /** Allows an address that other machines can reach. Default false. */
  readonly allowRemote?: boolean;
  /** Further names by which clients may call the server, in lower case. Loopback names are always allowed. */
  readonly hosts?: readonly string[];
  /**
   * Handles requests outside `/api/`, e.g. pages of a dashboard. Such requests need no token, so the responses must
   * contain no data of the cluster. Returns false for requests that it does not handle.
   */
  readonly pages?: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly clock?: Clock;
}

/** The running server of the interface. */
export interface InspectServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The maximum number of connections, and of open streams among them. */
const MAX_CONNECTIONS = 256;
const MAX_STREAMS = 64;

/** A connection without traffic is closed after this time, in milliseconds. A stream sends comments more often. */
const IDLE_TIMEOUT_MS = 60_000;

/** The time within which a request must arrive, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Makes a new random bearer token. */
export const newInspectToken = (): string => cryptoLibrary().randomBytes(24).toString('base64url');

/** Returns an `authenticate` that accepts one token. The duration of the comparison reveals nothing about the token. */
export function tokenOf(token: string, viewer: Viewer): InspectServerOptions['authenticate'] {
  return (given) => Promise.resolve(equalSecrets(given, token) ? viewer : undefined);
}

/**
 * Serves the interface. Every request under `/api/` needs a token, as `Authorization: Bearer …` or, for `EventSource`,
 * as the query parameter `token`.
 *
 * @throws TypeKroError `inspect/remote-address` for an address that other machines can reach, and `inspect/listen` for
 *   one that cannot be opened.
 */
export async function serveInspect(options: InspectServerOptions): Promise<InspectServer> {
  const { port = 0, allowRemote = false } = options;
  const host = options.host ?? (allowRemote ? undefined : '127.0.0.1');
  if (host !== undefined && !allowRemote && !isLoopback(host)) {
    throw new TypeKroError(`the inspect interface is not opened on ${host}, which other machines can reach`, {
      code: 'inspect/remote-address',
      remedy: 'bind it to 127.0.0.1 and forward the port',
    });
  }
  const handler = new Handler(options);
  const server = httpLibrary().createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    handler.handle(request, response).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.timeout = IDLE_TIMEOUT_MS;
  await listen(server, host, port);
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    close: async () => {
      handler.close();
      await close(server);
    },
  };
}

class Handler {
  readonly #options: InspectServerOptions;
  readonly #clock: Clock;
  readonly #hosts: ReadonlySet<string>;
  readonly #epoch = cryptoLibrary().randomBytes(8).toString('hex');
  readonly #ending = new AbortController();
  #streams = 0;

  constructor(options: InspectServerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#hosts = new Set(options.hosts ?? []);
  }

  close(): void {
    this.#ending.abort();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Clients need no `Date` header. Node would load a megabyte of calendar data for it.
    response.sendDate = false;
    try {
      await this.#answer(request, response);
    } catch (error) {
      const { status, body } = problemOf(error);
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (status === 401) response.setHeader('www-authenticate', 'Bearer');
      // The rest of the body is unread, so the connection cannot serve another request.
      if (!request.complete) response.setHeader('connection', 'close');
      sendJson(request, response, status, body);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pages, authenticate } = this.#options;
    refuseForeign({ method: request.method ?? 'GET', headers: request.headers }, this.#hosts);
    const path = request.url ?? '/';
    if (!path.startsWith('/api/')) {
      if (pages?.(request, response) === true) return;
      throw nothingAt();
    }
    const { pathname, searchParams } = new URL(path, 'http://inspect');
    if (!pathname.startsWith(INSPECT_PREFIX)) throw nothingAt();
    const token = tokenIn(request, searchParams);
    const viewer = await authenticate(token);
    if (viewer === undefined) {
      throw new InspectFailure('the token is missing or wrong', { status: 401, code: 'inspect/token' });
    }
    const segments = pathname.slice(INSPECT_PREFIX.length).split('/').map(decoded);
    const isValid = async () => (await authenticate(token)) !== undefined;
    if (segments.length === 1 && segments[0] === 'events') return this.#stream(request, response, viewer, isValid);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { index, source, details } = this.#options;
    const body = await answerInspect(
      {
        method: request.method ?? 'GET',
        segments,
        parameters: searchParams,
        body: () => {
          refuseOtherTypes({ method: 'POST', headers: request.headers });
          return readBody(request);
        },
      },
      {
        index,
        ...(source === undefined ? {} : { source }),
        ...(details === undefined ? {} : { details }),
        call: { viewer, signal: AbortSignal.any([gone.signal, this.#ending.signal]) },
        epoch: this.#epoch,
        now: this.#clock.now(),
      },
    );
    sendJson(request, response, 200, body);
  }

  #stream(request: IncomingMessage, response: ServerResponse, viewer: Viewer, isValid: () => Promise<boolean>): void {
    if (request.method === 'HEAD') return void response.writeHead(200, EVENT_STREAM_HEADERS).end();
    if (request.method !== 'GET') {
      throw new InspectFailure('only GET is answered here', { status: 405, code: 'inspect/method' });
    }
    if (this.#streams >= MAX_STREAMS) {
      throw new InspectFailure('too many clients follow the changes', {
        status: 503,
        code: 'inspect/streams',
        remedy: 'close other pages, and try again',
      });
    }
    this.#streams += 1;
    response.once('close', () => (this.#streams -= 1));
    const header = request.headers['last-event-id'];
    const parameter = new URL(request.url ?? '/', 'http://inspect').searchParams.get('lastEventId') ?? undefined;
    new EventStream({
      log: this.#options.index.log,
      response,
      clock: this.#clock,
      epoch: this.#epoch,
      lastEventId: typeof header === 'string' && header !== '' ? header : parameter,
      maySee: (event) => maySeeEvent(event, viewer),
      isValid,
    }).start();
  }
}

function tokenIn({ headers }: IncomingMessage, parameters: URLSearchParams): string {
  const header = headers.authorization ?? '';
  return header.startsWith('Bearer ') ? header.slice('Bearer '.length) : (parameters.get('token') ?? '');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) throw nothingAt();
    throw error;
  }
}

const nothingAt = (): InspectFailure =>
  new InspectFailure('there is nothing here', { status: 404, code: 'inspect/no-path' });

function sendJson({ method }: IncomingMessage, response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'content-length': Buffer.byteLength(text),
  });
  response.end(method === 'HEAD' ? undefined : text);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function listen(server: Server, host: string | undefined, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new TypeKroError(`the inspect interface could not be opened: ${cause.message}`, {
          code: 'inspect/listen',
          ...(isTaken(cause) ? { remedy: `another program has port ${port}: name another port` } : {}),
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

const isTaken = (error: Error): boolean => errorCode(error) === 'EADDRINUSE';

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
