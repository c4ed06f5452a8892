/** HTTP servers and requests that never forget a header or a request, and servers that do not wait for slow clients. */
import type { ClientRequest, IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { cryptoLibrary } from './libraries.ts';

/** An address of `127.0.0.0/8`. */
const IPV4_LOOPBACK = /^127(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;

/** The maximum size of the names and values of a request's headers, in bytes. A server responds 431 to larger ones. */
const MAX_HEADER_BYTES = 32 * 1024;

/** The times within which the headers and the whole of a request must arrive, and the interval of this check. */
const [HEADERS_TIMEOUT_MS, REQUEST_TIMEOUT_MS, TIMEOUT_CHECK_MS] = [20_000, 60_000, 1000];

/**
 * The headers that decide who the caller is, which server is meant, or how the body is read, so that only one line may
 * have them. Node keeps the first line of some of them, and joins the lines of others.
 */
const SINGLE_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'content-type',
  'host',
  'impersonate-uid',
  'impersonate-user',
]);

/** Responds to a request that the server refuses before its listener gets it. */
export type RefuseRequest = (problem: string, request: IncomingMessage, response: ServerResponse) => void;

/**
 * Creates a server of Node's `http` or `https`, without opening it. Every header of a request counts, up to
 * `MAX_HEADER_BYTES` together; without this function Node drops all headers after the 2,000th. `refuse` responds to a
 * request that repeats one of the headers of which only one can count; default: 400 and the problem as text. The
 * problem of an `upgrade` request is not checked here; see `repeatedHeader`. Flags of Node, such as
 * `--insecure-http-parser`, do not change the parser. The headers of a request must arrive within 20 seconds, and the
 * request within 60, unless `options` have shorter limits.
 */
export function createHttpServer<Options extends ServerOptions>(
  library: { createServer(options: Options & ServerOptions, onRequest: RequestListener): Server },
  options: Options,
  onRequest: RequestListener,
  refuse: RefuseRequest = refuseAsText,
): Server {
  const { requestTimeout = REQUEST_TIMEOUT_MS } = options;
  const strict = {
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    requireHostHeader: true,
    requestTimeout,
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  const server = library.createServer({ ...strict, ...options }, (request, response) => {
    const problem = repeatedHeader(request);
    if (problem === undefined) onRequest(request, response);
    else refuse(problem, request, response);
  });
  // 0 means no limit, so only the size counts.
  server.maxHeadersCount = 0;
  // Node pauses the parser of a connection whose responses wait. Over TLS, it passes on the bytes nevertheless, and the
  // parser refuses them (`HPE_PAUSED`). After a listener for data was added, it passes on no bytes during the pause.
  server.on('secureConnection', (socket: Socket) => socket.on('data', ignore).off('data', ignore));
  return server;
}

const ignore = (): void => undefined;

/** Says which header of a request occurs more than once although only one can count; `undefined` for no such header. */
export function repeatedHeader({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): string | undefined {
  const found = new Set<string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    if (!SINGLE_HEADERS.has(name)) continue;
    if (found.has(name)) return `the request has the header ${name} more than once, and only one can count`;
    found.add(name);
  }
  return undefined;
}

/** Makes a request of Node's `http` or `https` keep all headers of its response. By default Node keeps 2,000. */
export function keepAllHeaders(request: ClientRequest): void {
  request.maxHeadersCount = 0;
}

function refuseAsText(problem: string, _request: IncomingMessage, response: ServerResponse): void {
  // Node would load a megabyte of calendar data for the header `Date`.
  response.sendDate = false;
  response.writeHead(400, { 'content-type': 'text/plain', connection: 'close' });
  response.end(`${problem}\n`);
}

/**
 * Can only this machine reach the host? True for `localhost`, an address of `127.0.0.0/8`, and `::1`, with or without
 * the brackets of a URL. Upper case counts as lower case. False for any other name, because the name can have any
 * address.
 */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return name === 'localhost' || name === '::1' || IPV4_LOOPBACK.test(name);
}

/**
 * Is a given secret the expected one? Digests have equal lengths, so the time of the comparison reveals nothing about
 * the expected secret.
 */
export function equalSecrets(given: string, expected: string): boolean {
  const { createHash, timingSafeEqual } = cryptoLibrary();
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
