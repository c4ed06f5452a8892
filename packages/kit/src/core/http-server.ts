/** HTTP servers that never forget a header or a request, and do not wait for slow clients. */
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { readRegularFile } from './user-file.ts';

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

/** The maximum number of connections of a process. Each needs about 40 kB. */
const MAX_CONNECTIONS = 25_000;
/** The open files that connections leave to the rest of the process, such as its state and its log. */
const RESERVED_FILES = 128;

/** The maximum number of connections of a process with this table of limits, which Linux has. */
export function maxConnections(limits: string): number {
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  return Math.min(MAX_CONNECTIONS, Math.max(files - RESERVED_FILES, Math.floor(files / 4)));
}

/** The limits of this process; empty on a system without `/proc`. */
function processLimits(): string {
  try {
    return readRegularFile('/proc/self/limits').toString();
  } catch {
    return '';
  }
}

/** The connections that share a limit. */
class Connections {
  readonly max: number;
  readonly all = new Set<Socket>();
  /** Those that have not sent valid credentials, the oldest first. */
  readonly unknown = new Set<Socket>();

  constructor(max: number) {
    this.max = max;
  }

  /** Adds a connection. Beyond the limit, closes the oldest one of an unknown caller, which can be this one. */
  add(socket: Socket): void {
    this.all.add(socket);
    this.unknown.add(socket);
    if (this.all.size <= this.max) return;
    const [oldest = socket] = this.unknown;
    this.delete(oldest);
    oldest.destroy();
  }

  delete(socket: Socket): void {
    this.all.delete(socket);
    this.unknown.delete(socket);
  }
}

let ofProcess: Connections | undefined;
const ofServers = new WeakMap<Server, Connections>();

/** What `noteRequestHead` does with an open connection. The TLS socket of a request has the same ends as its carrier. */
const admissions = new Map<string, (isKnown: boolean) => void>();
const admitted = new WeakSet<Socket>();
const endsOf = (socket: Socket): string =>
  [socket.localAddress, socket.localPort, socket.remoteAddress, socket.remotePort].join(' ');

/**
 * Notes that the complete head of a request has arrived on a connection, which ends the time for it. If the caller is
 * known, the connection is no longer closed to make place for others.
 */
export function noteRequestHead(socket: Socket, isKnown: boolean): void {
  if (admitted.has(socket)) return;
  admissions.get(endsOf(socket))?.(isKnown);
  if (isKnown) admitted.add(socket);
}

/** Counts a new connection, and closes it unless the head of a request arrives in time, even before TLS begins. */
function watchConnection(groups: readonly Connections[], deadlineMs: number, socket: Socket): void {
  // A connection whose upgrade was refused comes back to the server.
  if (groups.some(({ all }) => all.has(socket))) return;
  const ends = endsOf(socket);
  const deadline = setTimeout(() => socket.destroy(), deadlineMs).unref();
  const admit = (isKnown: boolean): void => {
    clearTimeout(deadline);
    if (isKnown) for (const { unknown } of groups) unknown.delete(socket);
  };
  admissions.set(ends, admit);
  socket.once('close', () => {
    clearTimeout(deadline);
    if (admissions.get(ends) === admit) admissions.delete(ends);
    for (const group of groups) group.delete(socket);
  });
  for (const group of groups) group.add(socket);
}

/** The address of an open server. */
export interface OpenServer {
  readonly port: number;
  /** The address and the port, as in a URL. */
  readonly authority: string;
  /** Closes the server and all its connections. */
  readonly close: () => Promise<void>;
}

/** Opens a server that `createHttpServer` has created. Without a host, it listens on all interfaces. */
export async function openServer(server: Server, port: number, host: string | undefined): Promise<OpenServer> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, family, port: opened } = server.address() as AddressInfo;
  return {
    port: opened,
    authority: `${family === 'IPv6' ? `[${address}]` : address}:${opened}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        // Node does not count the connections that have not finished the handshake of TLS, or have switched protocols.
        for (const socket of ofServers.get(server)?.all ?? []) socket.destroy();
      }),
  };
}

/** Responds to a request that the server refuses before its listener gets it. */
export type RefuseRequest = (problem: string, request: IncomingMessage, response: ServerResponse) => void;

/**
 * Creates a server of Node's `http` or `https`, without opening it. Every header of a request counts, up to
 * `MAX_HEADER_BYTES` together; without this function Node drops all headers after the 2,000th. `refuse` responds to a
 * request that repeats one of the headers of which only one can count; default: 400 and the problem as text. The
 * problem of an `upgrade` request is not checked here; see `repeatedHeader`. Flags of Node, such as
 * `--insecure-http-parser`, do not change the parser. The headers of a request must arrive within 20 seconds, and the
 * request within 60, unless `options` have shorter limits. The handshake of TLS is a part of the time for the first
 * headers. All servers of a process share a limit of connections, and `most` is a lower one for this server; see
 * `noteRequestHead`.
 */
export function createHttpServer<Options extends ServerOptions>(
  library: { createServer(options: Options & ServerOptions, onRequest: RequestListener): Server },
  options: Options,
  onRequest: RequestListener,
  refuse: RefuseRequest = refuseAsText,
  most = Number.POSITIVE_INFINITY,
): Server {
  const { requestTimeout = REQUEST_TIMEOUT_MS } = options;
  const { headersTimeout = Math.min(HEADERS_TIMEOUT_MS, requestTimeout) } = options;
  const strict = {
    maxHeaderSize: MAX_HEADER_BYTES,
    insecureHTTPParser: false,
    requireHostHeader: true,
    requestTimeout,
    headersTimeout,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  const server = library.createServer({ ...strict, ...options }, (request, response) => {
    noteRequestHead(request.socket, false);
    const problem = repeatedHeader(request);
    if (problem === undefined) onRequest(request, response);
    else refuse(problem, request, response);
  });
  // 0 means no limit, so only the size counts.
  server.maxHeadersCount = 0;
  const own = new Connections(most);
  ofServers.set(server, own);
  const groups = [own, (ofProcess ??= new Connections(maxConnections(processLimits())))];
  // Node itself responds to late headers after TLS has begun, with 408, so this time is a little longer.
  const deadlineMs = headersTimeout + 2 * TIMEOUT_CHECK_MS;
  server.on('connection', (socket: Socket) => watchConnection(groups, deadlineMs, socket));
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

function refuseAsText(problem: string, _request: IncomingMessage, response: ServerResponse): void {
  // Node would load a megabyte of calendar data for the header `Date`.
  response.sendDate = false;
  response.writeHead(400, { 'content-type': 'text/plain', connection: 'close' });
  response.end(`${problem}\n`);
}
