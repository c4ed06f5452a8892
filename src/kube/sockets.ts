import type { ClientRequest, IncomingMessage } from 'node:http';
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
 * How many sockets one client opens at most for requests. Each costs memory at both ends, and a server
 * answers no faster than it can; streams (watches) get sockets of their own, or a hundred would leave none.
 */
const MOST_SOCKETS = 24;
/** A socket that nobody uses is closed after so long, in milliseconds. */
const SPARE_MS = 30_000;
/** The head of an answer is waited for so long, in milliseconds. */
const HEAD_MS = 300_000;

/** Direct connections, kept alive between requests. The protocol's module is loaded here, not before. */
export async function openSockets(origin: string, tls: TlsOptions): Promise<Connections> {
  const { protocol, hostname, port } = new URL(origin);
  const isSecure = protocol === 'https:';
  const { Agent, request: open } = isSecure ? await import('node:https') : await import('node:http');
  const shared = { keepAlive: true, scheduling: 'lifo', timeout: SPARE_MS, ...(isSecure ? tls : {}) } as const;
  const agents = { request: new Agent({ ...shared, maxSockets: MOST_SOCKETS }), stream: new Agent(shared) };
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  let closed = false;
  return {
    async send(request) {
      if (closed) throw new Error('the connections were closed');
      const { method, path } = request;
      const agent = isStream(path) ? agents.stream : agents.request;
      return exchange(open({ agent, host, port, method, path, headers: headersOf(request), setHost: true }), request);
    },
    async close() {
      closed = true;
      agents.request.destroy();
      agents.stream.destroy();
    },
  };
}

function headersOf({ headers = {}, body }: TransportRequest): Readonly<Record<string, string | number>> {
  return body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
}

/** Sends a request and settles with the head of its answer. */
function exchange(call: ClientRequest, { body, signal }: TransportRequest): Promise<ConnectionResponse> {
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    const abort = () => (answer ?? call).destroy(new Error('the request was aborted'));
    call.on('error', reject);
    call.on('close', () => signal?.removeEventListener('abort', abort));
    call.setTimeout(HEAD_MS, () => call.destroy(new Error('the server did not answer in time')));
    call.on('response', (response) => {
      answer = response;
      call.setTimeout(0);
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
    });
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    else call.end(body);
  });
}

/** Watches and followed logs: answers that stay open. */
function isStream(path: string): boolean {
  return /[?&](?:watch|follow)=true(?:&|$)/.test(path);
}
