import type { OnReadOpts, Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { monotonicMs, netLibrary, tlsLibrary } from '@typekro/kit/core';
import { type ConnectionOwner, type LimitedRequest, Connection } from './connection.ts';
import type { OpenTunnel } from './proxy.ts';
import type { TransportRequest, TransportResponse } from '../kube-api.ts';

/** Connections to one server. */
export interface Connections {
  send(request: LimitedRequest): Promise<TransportResponse>;
  /** Closes all connections. Running requests fail. */
  close(): Promise<void>;
}

/** The settings that verify the server and authenticate the client. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/**
 * The maximum number of concurrent requests. It is small because each request needs a socket, a socket with TLS takes a
 * quarter of a megabyte, and more sockets do not make a server faster. A request that takes longer than `SLOW_MS` no
 * longer counts toward this number, so that a hanging webhook does not block all other requests. At most
 * `MAX_SLOW_REQUESTS` requests are exempt in this way. Streams (watches) do not count.
 */
const MAX_CONCURRENT_REQUESTS = 8;
const SLOW_MS = 1000;
const MAX_SLOW_REQUESTS = 248;
/** Idle time before a TCP keep-alive probe, in milliseconds. */
const PROBE_MS = 30_000;
/** The interval of the check for slow requests, in milliseconds. A single interval replaces one timer per request. */
const SWEEP_MS = 500;

/** A running request. Unless it is slow, it counts as one of the concurrent requests. */
interface RunningRequest {
  readonly began: number;
  slow: boolean;
}

/** Opens connections to a server, directly or each through a tunnel. They are kept alive between requests. */
export function openSockets(origin: string, tls: TlsOptions, openTunnel?: OpenTunnel): Connections {
  return new Sockets(origin, tls, openTunnel);
}

/**
 * Opens a socket to the server, in a tunnel if there is one. The socket passes arriving bytes to `read`, which must copy
 * the bytes that it keeps.
 */
type Dial = (read: (bytes: Buffer) => void, tunnel: Socket | undefined) => Socket;

class Sockets implements Connections, ConnectionOwner {
  readonly #host: string;
  readonly #dial: Dial;
  readonly #openTunnel: OpenTunnel | undefined;
  readonly #all = new Set<Connection>();
  /** Unused connections as a stack: the next request takes the last one. */
  readonly #idle: Connection[] = [];
  readonly #running = new Set<RunningRequest>();
  readonly #waiting: (() => void)[] = [];
  #free = MAX_CONCURRENT_REQUESTS;
  #slow = 0;
  #sweeping: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(origin: string, tls: TlsOptions, openTunnel: OpenTunnel | undefined) {
    this.#host = new URL(origin).host;
    this.#openTunnel = openTunnel;
    this.#dial = dialer(origin, tls);
  }

  async send(request: LimitedRequest): Promise<TransportResponse> {
    const head = requestHead(request, this.#host);
    if (isStream(request.path)) {
      const connection =
        this.#spare(request) ?? this.#opened(this.#openTunnel && (await this.#openTunnel(request.signal)));
      return connection.stream(head, request);
    }
    if (this.#free > 0) this.#free -= 1;
    else await this.#waitForTurn(request.signal);
    const running = { began: monotonicMs(), slow: false };
    this.#running.add(running);
    try {
      if (request.mayBeSent?.() === false) throw abortedError();
      const connection =
        this.#spare(request) ?? this.#opened(this.#openTunnel && (await this.#openTunnel(request.signal)));
      return await connection.whole(head, request);
    } finally {
      this.#running.delete(running);
      if (running.slow) this.#slow -= 1;
      else this.#startNext();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#all) connection.destroy(closedError());
  }

  freed(connection: Connection): void {
    this.#idle.push(connection);
  }

  closed(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Resolves when a request may start. Rejects when the signal aborts, or has already aborted. */
  #waitForTurn(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortedError());
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(begin), 1);
        reject(abortedError());
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.push(begin);
    });
  }

  /** An unused connection, if there is one. */
  #spare({ signal }: TransportRequest): Connection | undefined {
    if (this.#isClosed) throw closedError();
    if (signal?.aborted === true) throw abortedError();
    this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP_MS).unref();
    for (let spare = this.#idle.pop(); spare !== undefined; spare = this.#idle.pop()) {
      if (!isOverdue(spare, monotonicMs())) return spare;
      // In a busy process, timers and events are late, so an expired or closed socket may still be in the list.
      spare.destroy(overdueError());
    }
    return undefined;
  }

  #opened(tunnel: Socket | undefined): Connection {
    if (this.#isClosed) {
      tunnel?.destroy();
      throw closedError();
    }
    const connection = new Connection((read) => this.#dial(read, tunnel), this);
    this.#all.add(connection);
    return connection;
  }

  #startNext(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  #sweep(): void {
    const now = monotonicMs();
    for (const running of this.#running) {
      if (running.slow || now - running.began < SLOW_MS || this.#slow >= MAX_SLOW_REQUESTS) continue;
      running.slow = true;
      this.#slow += 1;
      this.#startNext();
    }
    let hasIdleLimit = false;
    for (const connection of this.#all) {
      if (isOverdue(connection, now)) connection.destroy(overdueError());
      else if (Number.isFinite(connection.idleLimitMs)) hasIdleLimit = true;
    }
    if (hasIdleLimit) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }
}

/**
 * Opens sockets to a server. The sockets share a TLS context, so that the certificates are parsed and stored only once.
 */
function dialer(origin: string, { servername, rejectUnauthorized, ...certificates }: TlsOptions): Dial {
  const { protocol, hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const shared = { host, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_MS };
  if (protocol !== 'https:') {
    return (read, tunnel) =>
      tunnel?.on('data', read) ?? netLibrary().connect({ ...shared, port: Number(port || 80), onread: into(read) });
  }
  const { connect, createSecureContext } = tlsLibrary();
  const secured = {
    ...shared,
    port: Number(port || 443),
    secureContext: createSecureContext(certificates),
    // The server name of TLS (SNI) must not be an IP address (RFC 6066).
    servername: servername ?? (netLibrary().isIP(host) === 0 ? host : ''),
    rejectUnauthorized,
    ALPNProtocols: ['http/1.1'],
  };
  return (read, tunnel) => {
    if (tunnel !== undefined) return connect({ ...secured, socket: tunnel }).on('data', read);
    const options: ConnectionOptions & { onread: OnReadOpts } = { ...secured, onread: into(read) };
    return connect(options);
  };
}

/** One buffer for all sockets. It can be shared because each piece is consumed before the next read. */
const ARRIVED = Buffer.allocUnsafeSlow(64 * 1024);

function into(read: (bytes: Buffer) => void): OnReadOpts {
  return {
    buffer: ARRIVED,
    callback(length) {
      read(ARRIVED.subarray(0, length));
      return true;
    },
  };
}

/** Patterns for valid paths, header names and header values. The check prevents header injection. */
const PATH = /^[\x21-\x7e\x80-\xff]*$/;
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function requestHead({ method, path, headers = {}, body }: TransportRequest, host: string): string {
  if (!PATH.test(path) || !NAME.test(method)) throw new Error(`"${method} ${path}" is not a valid request line`);
  let head = `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n`;
  for (const name of Object.keys(headers)) {
    const value = headers[name] ?? '';
    if (!NAME.test(name) || !VALUE.test(value)) throw new Error(`the header "${name}" has invalid characters`);
    head += `${name}: ${value}\r\n`;
  }
  const length = body === undefined ? undefined : Buffer.byteLength(body);
  return length === undefined ? `${head}\r\n` : `${head}content-length: ${length}\r\n\r\n`;
}

function isOverdue({ activeAt, idleLimitMs }: Connection, now: number): boolean {
  return now - activeAt > idleLimitMs;
}

function overdueError(): Error {
  return new Error('the server did not respond in time');
}

function abortedError(): Error {
  return new Error('the request was aborted');
}

function closedError(): Error {
  return new Error('the connections were closed');
}

/** Is the request a watch or a followed log, so that the response stays open? */
function isStream(path: string): boolean {
  return /[?&](?:watch|follow)=true(?:&|$)/.test(path);
}
