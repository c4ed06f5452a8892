import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import {
  cryptoLibrary,
  equalSecrets,
  errorCode,
  httpLibrary,
  isLoopbackHost,
  TypeKroError,
  definedMembers,
} from '@typekro/kit/core';
import { createHttpServer, noteRequestHead, openServer } from '@typekro/kit/servers';
import { type Clock, systemClock } from '@typekro/kube';
import { answerInTime, READ_DEADLINE_MS, REVIEW_DEADLINE_MS, WORK_DEADLINE_MS } from './answer-deadline.ts';
import type { InspectDetails, Viewer } from './details.ts';
import { EVENT_STREAM_HEADERS, EventStream } from './event-stream.ts';
import { badInspectRequest, InspectFailure, problemOf, refuseUnknownParameters } from './inspect-failure.ts';
import type { InspectIndex } from './inspect-index.ts';
import { type InspectProof, CLUSTER_TOKEN } from './inspect-model.ts';
import { INSPECT_PREFIX, PROOF_PATH, proofMessage } from './paths.ts';
import { readTextBody } from './read-body.ts';
import type { InspectSource } from './inspect-source.ts';
import { refuseForeign, refuseOtherTypes } from './request-guard.ts';
import { answerInspect } from './answer-inspect.ts';
import { maySeeEvent } from './visible-rows.ts';

/** The options of `serveInspect`. */
export interface InspectServerOptions {
  /** The lists and the log of changes. `indexOfReports` makes an index from the reports of a controller. */
  readonly index: InspectIndex;
  /** The reports of the controller in this process, for `instances/REF/report`. */
  readonly source?: InspectSource;
  readonly details?: InspectDetails;
  /**
   * Returns the caller with this bearer token, or `undefined` for a token that is not valid. The server calls this
   * function for each request, and again while a stream is open.
   */
  readonly authenticate: (token: string) => Promise<Viewer | undefined>;
  /** Are the tokens those of the users of the cluster? If so, a refusal says how to get a token. Default false. */
  readonly takesClusterTokens?: boolean;
  /**
   * Returns the proof for a nonce. The proof shows that this server knows the token and has the address `host`. A page
   * requests the proof before it sends its token to a restarted server. Absent when the server gives no proofs.
   */
  readonly prove?: (nonce: string, host: string) => string;
  /**
   * The address to listen on. Default `127.0.0.1`, and all interfaces with `allowRemote`. Without `allowRemote`, only
   * loopback addresses are allowed.
   */
  readonly host?: string;
  /** The port to listen on. Default 0: any free port. */
  readonly port?: number;
  /** Allows an address that other machines can reach. Default false. */
  readonly allowRemote?: boolean;
  /**
   * Additional host names by which clients may call the server, in lower case. Loopback names are always allowed.
   * Absent when the command has no option for host names.
   */
  readonly hosts?: readonly string[];
  /**
   * Handles requests outside `/api/`, e.g. pages of a dashboard. Such requests need no token, so the responses must
   * contain no data of the cluster. Returns false for requests that it does not handle.
   */
  readonly pages?: (request: IncomingMessage, response: ServerResponse) => boolean;
  readonly clock?: Clock;
  /**
   * The time after which a connection without traffic is closed, in milliseconds. A connection is not idle while its
   * request is being handled. Default 60,000.
   */
  readonly idleTimeoutMs?: number;
  /**
   * Called for each error of the server itself. Such an error leads to status 500, or to a connection that ends without
   * a response. `request` is the method and the path. By default, such errors are not reported.
   */
  readonly onFailure?: (error: unknown, request: string) => void;
}

/** A running server of the inspect interface. */
export interface InspectServer {
  readonly url: string;
  close(): Promise<void>;
}

/** The maximum number of connections. At most `MAX_STREAMS` of them may be open streams. */
const MAX_CONNECTIONS = 256;
const MAX_STREAMS = 64;

/** The default of `idleTimeoutMs`. It is longer than the interval of the comments that keep a stream alive. */
const IDLE_TIMEOUT_MS = 60_000;

/** The time within which a request must arrive, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

/** Makes a new random bearer token. */
export const newInspectToken = (): string => cryptoLibrary().randomBytes(24).toString('base64url');

/** Returns an `authenticate` that accepts one token. The duration of the comparison reveals nothing about the token. */
export function tokenOf(token: string, viewer: Viewer): InspectServerOptions['authenticate'] {
  return (given) => Promise.resolve(equalSecrets(given, token) ? viewer : undefined);
}

/** Makes a `prove` from a token. The proof depends on the nonce and the address, and does not reveal the token. */
export const proofOf =
  (token: string): NonNullable<InspectServerOptions['prove']> =>
  (nonce, host) =>
    cryptoLibrary().createHmac('sha256', token).update(proofMessage(nonce, host)).digest('hex');

/**
 * Serves the inspect interface. Every request under `/api/` except `proof` needs a token, as `Authorization: Bearer …`.
 * A token in the address is not accepted, because proxies and browsers keep addresses.
 *
 * @throws TypeKroError `inspect/remote-address` for an address that other machines can reach, and `inspect/listen` for
 *   one that cannot be opened.
 */
export async function serveInspect(options: InspectServerOptions): Promise<InspectServer> {
  const { port = 0, allowRemote = false } = options;
  const host = options.host ?? (allowRemote ? undefined : '127.0.0.1');
  if (host !== undefined && !allowRemote && !isLoopbackHost(host)) {
    throw new TypeKroError(`the inspect interface is not opened on ${host}, which other machines can reach`, {
      code: 'inspect/remote-address',
      remedy: 'bind it to 127.0.0.1 and forward the port',
    });
  }
  const handler = new Handler(options);
  const onRequest: RequestListener = (request, response) => {
    handler.handle(request, response).catch((error: unknown) => {
      handler.report(error, request);
      response.destroy();
    });
  };
  const times = { requestTimeout: REQUEST_TIMEOUT_MS };
  const server = createHttpServer(httpLibrary(), times, onRequest, undefined, MAX_CONNECTIONS);
  server.timeout = handler.idleTimeoutMs;
  const opened = await openServer(server, port, host).catch((cause: unknown) => {
    throw new TypeKroError(`the inspect interface could not be opened: ${(cause as Error).message}`, {
      code: 'inspect/listen',
      ...(errorCode(cause) === 'EADDRINUSE' ? { remedy: `another program uses port ${port}: name another port` } : {}),
      cause,
    });
  });
  return {
    url: `http://${opened.authority}`,
    close: async () => {
      handler.close();
      await opened.close();
    },
  };
}

class Handler {
  readonly idleTimeoutMs: number;
  readonly #options: InspectServerOptions;
  readonly #clock: Clock;
  readonly #hosts: ReadonlySet<string>;
  readonly #epoch = cryptoLibrary().randomBytes(8).toString('hex');
  readonly #ending = new AbortController();
  #streams = 0;

  constructor(options: InspectServerOptions) {
    this.idleTimeoutMs = options.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#hosts = new Set(options.hosts ?? []);
  }

  close(): void {
    this.#ending.abort();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Clients do not use the `Date` header, for which Node.js would load a megabyte of calendar data.
    response.sendDate = false;
    // No byte is sent while a plan or another slow response is computed, so the idle timeout is off.
    request.socket.setTimeout(0);
    try {
      await this.#answer(request, response);
    } catch (error) {
      const { status, body } = problemOf(error);
      // The error is not reported if the client has disconnected, or if the server is closing and has interrupted the
      // request.
      if (status === 500 && !response.destroyed && !this.#ending.signal.aborted) this.report(error, request);
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (status === 401) response.setHeader('www-authenticate', 'Bearer');
      // The rest of the body is unread, so the connection cannot serve another request.
      if (!request.complete) response.setHeader('connection', 'close');
      sendJson(request, response, status, body);
    } finally {
      // From here on, the idle timeout applies again: it closes a connection whose client reads neither the response
      // nor the stream.
      if (!response.writableFinished) request.socket.setTimeout(this.idleTimeoutMs);
    }
  }

  /**
   * Reports an error of the server itself. Only the path is reported, because parameters can contain names of objects
   * in the cluster.
   */
  report(error: unknown, { method = 'GET', url = '/' }: IncomingMessage): void {
    this.#options.onFailure?.(error, `${method} ${url.replace(/\?.*$/s, '')}`);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pages, authenticate, takesClusterTokens = false } = this.#options;
    const path = request.url ?? '/';
    const { method: sent = 'GET', headers } = request;
    refuseForeign({ method: sent, path, headers }, this.#hosts, this.#options.hosts !== undefined);
    if (!path.startsWith('/api/')) {
      if (pages?.(request, response) === true) return;
      throw nothingAt();
    }
    const { pathname, searchParams } = new URL(path, 'http://inspect');
    if (!pathname.startsWith(INSPECT_PREFIX)) throw nothingAt();
    if (pathname === PROOF_PATH) {
      refuseUnknownParameters(searchParams, ['nonce']);
      return this.#prove(request, response, searchParams.get('nonce') ?? '');
    }
    const token = tokenIn(request);
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const signals = [gone.signal, this.#ending.signal];
    const review = () => answerInTime(REVIEW_DEADLINE_MS, signals, this.#clock, () => authenticate(token));
    const viewer = await review();
    if (viewer === undefined) {
      throw new InspectFailure('the token is missing or wrong', {
        status: 401,
        ...(takesClusterTokens
          ? { code: CLUSTER_TOKEN, remedy: 'send a token of the cluster: kubectl create token ACCOUNT -n NAMESPACE' }
          : { code: 'inspect/token' }),
      });
    }
    noteRequestHead(request.socket, true);
    const segments = pathname.slice(INSPECT_PREFIX.length).split('/').map(decoded);
    const isValid = async () => (await review()) !== undefined;
    if (segments.length === 1 && segments[0] === 'events') {
      refuseUnknownParameters(searchParams, ['lastEventId']);
      return this.#stream(request, response, viewer, isValid);
    }
    const { index, source, details } = this.#options;
    const { method = 'GET' } = request;
    const answer = (signal: AbortSignal): Promise<unknown> =>
      answerInspect(
        {
          method,
          segments,
          parameters: searchParams,
          body: () => {
            refuseOtherTypes(request.headers);
            return readTextBody(request);
          },
        },
        {
          index,
          ...definedMembers({ source, details }),
          call: { viewer, signal },
          epoch: this.#epoch,
          now: this.#clock.now(),
        },
      );
    const limitMs = method === 'POST' ? WORK_DEADLINE_MS : READ_DEADLINE_MS;
    const body = await answerInTime(limitMs, signals, this.#clock, answer);
    sendJson(request, response, 200, body);
  }

  #prove(request: IncomingMessage, response: ServerResponse, nonce: string): void {
    const { prove } = this.#options;
    if (prove === undefined) throw nothingAt();
    if (!/^[0-9a-f]{32}$/.test(nonce)) throw badInspectRequest('nonce must be 32 hexadecimal digits');
    const host = boundHost(request.socket);
    if (request.headers.host?.toLowerCase() !== host) {
      throw new InspectFailure(`only a page at ${host} gets a proof`, {
        status: 421,
        code: 'inspect/proof-host',
        remedy: `open the page as http://${host}`,
      });
    }
    const proof: InspectProof = { proof: prove(nonce, host) };
    sendJson(request, response, 200, proof);
  }

  #stream(request: IncomingMessage, response: ServerResponse, viewer: Viewer, isValid: () => Promise<boolean>): void {
    if (request.method === 'HEAD') return void response.writeHead(200, EVENT_STREAM_HEADERS).end();
    if (request.method !== 'GET') {
      throw new InspectFailure('only GET is allowed here', { status: 405, code: 'inspect/method' });
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
      onFailure: (error) => {
        if (problemOf(error).status === 500) this.report(error, request);
      },
    }).start();
  }
}

/**
 * The address of this end of a connection, as a browser writes it in `Host`. It does not come from the request, because
 * a client can send any `Host`.
 */
function boundHost({ localAddress = '', localPort }: Socket): string {
  const address = localAddress.replace(/^::ffff:/, '');
  const name = address.includes(':') ? `[${address}]` : address;
  return localPort === 80 ? name : `${name}:${localPort}`;
}

function tokenIn({ headers: { authorization = '' } }: IncomingMessage): string {
  return authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : '';
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
