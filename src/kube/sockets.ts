import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { httpLibrary, httpsLibrary, tlsLibrary } from '../core/index.ts';
import type { TransportRequest } from './types.ts';

/** An answer with its headers as they came. */
export interface ConnectionResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Connections to one server. */
export interface Connections {
  send(request: TransportRequest): Promise<ConnectionResponse>;
  /** Ends all connections, and with them what is under way. */
  close(): Promise<void>;
}

/** How to know the server and to be known by it. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/**
 * How many requests are under way at a time: each needs a socket, which with TLS takes a quarter of a megabyte, and a
 * server answers no faster than it can. One that takes longer than `SLOW_MS` no longer counts, so that a webhook that
 * hangs does not hold up everything else. Streams (watches) do not count.
 */
const AT_A_TIME = 8;
const SLOW_MS = 1000;
const MOST_SOCKETS = 256;
/** A socket that nobody uses is closed after so long, in milliseconds. */
const SPARE_MS = 30_000;
/** The head of an answer is waited for so long, in milliseconds. */
const HEAD_MS = 300_000;

/** Direct connections, kept alive between requests. The protocol's module is loaded here, not before. */
export function openSockets(origin: string, tls: TlsOptions): Connections {
  const { protocol, hostname, port } = new URL(origin);
  const isSecure = protocol === 'https:';
  const { Agent, request: open } = isSecure ? httpsLibrary() : httpLibrary();
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const secured = isSecure ? secureOptions(host, tls) : {};
  const shared = { keepAlive: true, scheduling: 'lifo', timeout: SPARE_MS, ...secured } as const;
  // All sockets lead to one server in one way: a name of all options, made twice for a request, tells nothing.
  const named = { getName: () => origin };
  const agents = {
    request: Object.assign(new Agent({ ...shared, maxSockets: MOST_SOCKETS }), named),
    stream: Object.assign(new Agent(shared), named),
  };
  const places = new Places(AT_A_TIME);
  let closed = false;
  const begin = (agent: typeof agents.request, request: TransportRequest) => {
    if (closed) throw new Error('the connections were closed');
    const { method, path } = request;
    return open({ agent, host, port, method, path, headers: headersOf(request), setHost: true });
  };
  return {
    async send(request) {
      if (isStream(request.path)) return exchange(begin(agents.stream, request), request, streamed);
      // A request that waits for a socket is a dozen objects less here than in the agent's queue.
      await places.take();
      let slow = false;
      const timer = setTimeout(() => {
        slow = true;
        places.give();
      }, SLOW_MS);
      try {
        return await exchange(begin(agents.request, request), request, whole);
      } finally {
        clearTimeout(timer);
        if (!slow) places.give();
      }
    },
    async close() {
      closed = true;
      agents.request.destroy();
      agents.stream.destroy();
    },
  };
}

/**
 * What all connections share is made once: else each would read the certificates anew and keep them, and each
 * request would be matched to its sockets by a name that has all of them in it.
 */
function secureOptions(host: string, { servername, rejectUnauthorized, ...certificates }: TlsOptions) {
  return {
    secureContext: tlsLibrary().createSecureContext(certificates),
    // An address is no name to ask for (RFC 6066).
    servername: servername ?? (isIP(host) === 0 ? host : ''),
    rejectUnauthorized,
  };
}

function headersOf({ headers = {}, body }: TransportRequest): Readonly<Record<string, string | number>> {
  return body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
}

type Settle = (answer: ConnectionResponse) => void;
type Refuse = (error: Error) => void;

/** Sends a request and settles with its answer, as `read` takes it. */
function exchange(
  call: ClientRequest,
  { body, signal }: TransportRequest,
  read: (response: IncomingMessage, settle: Settle, refuse: Refuse, call: ClientRequest) => void,
): Promise<ConnectionResponse> {
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    const abort = () => (answer ?? call).destroy(new Error('the request was aborted'));
    call.on('error', reject);
    call.on('close', () => signal?.removeEventListener('abort', abort));
    call.setTimeout(HEAD_MS, () => call.destroy(new Error('the server did not answer in time')));
    call.on('response', (response) => {
      answer = response;
      read(response, resolve, reject, call);
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    else call.end(body);
  });
}

/** Settles with the head; the body is read as it comes, for however long that takes. */
function streamed(response: IncomingMessage, settle: Settle, _refuse: Refuse, call: ClientRequest): void {
  call.setTimeout(0);
  settle({ status: response.statusCode ?? 0, headers: response.headers, body: response });
}

/** Settles when all is there: events cost a fraction of what reading a stream step by step costs. */
function whole(response: IncomingMessage, settle: Settle, refuse: Refuse): void {
  const chunks: Uint8Array[] = [];
  response.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  response.on('error', refuse);
  response.on('end', () =>
    settle({ status: response.statusCode ?? 0, headers: response.headers, body: given(chunks) }),
  );
}

async function* given(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void> {
  yield* chunks;
}

/** So many may be at work; who comes later waits for its turn. */
class Places {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  take(): Promise<void> | undefined {
    if (this.#free > 0) {
      this.#free -= 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

/** Watches and followed logs: answers that stay open. */
function isStream(path: string): boolean {
  return /[?&](?:watch|follow)=true(?:&|$)/.test(path);
}
