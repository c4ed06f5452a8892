/**
 * A client with the least possible cost. It writes requests as bytes to one keep-alive connection. It parses only the
 * status and the length of a response, and finds the ends of watch events.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';

export interface Endpoint {
  readonly url: string;
  readonly ca?: string | undefined;
}

/** The bytes of an HTTP/1.1 request. `encoding` is the header Accept-Encoding. */
export function requestBytes(
  method: string,
  path: string,
  body?: string,
  type = 'application/json',
  encoding?: string,
): string {
  const accepted = encoding === undefined ? '' : `accept-encoding: ${encoding}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer bench\r\naccept: application/json\r\n${accepted}`;
  if (body === undefined) return `${head}\r\n`;
  return `${head}content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

async function open({ url, ca }: Endpoint): Promise<Socket> {
  const { hostname: host, port, protocol } = new URL(url);
  const secure = protocol === 'https:';
  const socket = secure
    ? connectSecure({ host, port: Number(port), ca, servername: 'localhost' })
    : connectPlain({ host, port: Number(port) });
  socket.setNoDelay(true);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once(secure ? 'secureConnect' : 'connect', resolve);
  });
  return socket;
}

const closed = (): Error => new Error('the server closed the connection');

/** A connection with at most one request in flight. */
export class Connection {
  readonly #socket: Socket;
  #pending: { resolve: (status: number) => void; reject: (error: Error) => void } | undefined;
  #status = 0;
  /** Remaining bytes of the body, or `-1` while the response's head is read. */
  #left = -1;
  #head = '';

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    // The event `close` follows each error.
    socket.on('error', () => {});
    socket.on('close', () => this.#pending?.reject(closed()));
  }

  static async to(endpoint: Endpoint): Promise<Connection> {
    return new Connection(await open(endpoint));
  }

  /** Sends a request. Resolves with the status when the whole response has arrived. */
  send(bytes: string): Promise<number> {
    if (this.#socket.destroyed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#socket.write(bytes, 'utf8');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer) {
    if (this.#left >= 0) {
      this.#left -= chunk.length;
    } else {
      // Usually one chunk has the whole head. Then only the bytes of the head are decoded.
      const end = this.#head === '' ? chunk.indexOf('\r\n\r\n') : -1;
      if (end < 0) {
        this.#head += chunk.toString('latin1');
        const whole = this.#head.indexOf('\r\n\r\n');
        if (whole < 0) return;
        this.#begin(this.#head.slice(0, whole), this.#head.length - whole - 4);
      } else this.#begin(chunk.toString('latin1', 0, end), chunk.length - end - 4);
    }
    if (this.#left > 0) return;
    this.#left = -1;
    this.#head = '';
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve(this.#status);
  }

  #begin(head: string, bodyBytes: number) {
    this.#status = Number(head.slice(9, 12));
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error(`an answer without a length:\n${head}`);
    this.#left = Number(length) - bodyBytes;
  }
}

const BRACE = 0x7d;
const NEWLINE = 0x0a;

/** Opens a watch and calls `onEvent` for every event. Resolves when the first bytes of the response have arrived. */
export async function watch(endpoint: Endpoint, path: string, onEvent: () => void): Promise<() => void> {
  const socket = await open(endpoint);
  let last = 0;
  const answered = new Promise<void>((resolve) => {
    let head = true;
    socket.on('data', (chunk: Buffer) => {
      if (head) {
        head = false;
        resolve();
      }
      if (last === BRACE && chunk[0] === NEWLINE) onEvent();
      for (let at = chunk.indexOf('}\n'); at >= 0; at = chunk.indexOf('}\n', at + 2)) onEvent();
      last = chunk.at(-1) ?? last;
    });
  });
  socket.write(requestBytes('GET', path));
  await answered;
  return () => socket.destroy();
}
