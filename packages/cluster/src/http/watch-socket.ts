/**
 * Watches over a WebSocket, which the Java client fabric8 and web pages use. Each event is sent as one text message.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Failure, parseRequestUrl } from '@typekro/kit/golang';
import { type ApiReply, type ByteStream, type StreamSink, Query, splitTarget } from '../protocol/request.ts';
import { endSocket } from './socket-connection.ts';
import { acceptKey, WebSocketConnection, writeFrame } from './web-socket.ts';

const TEXT_OPCODE = 1;
const LINE_END = 0x0a;

type HandshakeRequest = Pick<IncomingMessage, 'method' | 'headers' | 'url'>;

/** Does the request ask for a watch over a WebSocket? */
export function asksForWatchSocket({ method, headers, url = '' }: HandshakeRequest): boolean {
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') return false;
  const { path, query } = splitTarget(url);
  return new Query(query).flag('watch') || path.includes('/watch/');
}

/** The response to a handshake: its status line, its headers, and the body of a refusal. */
export interface Handshake {
  readonly accepted: boolean;
  readonly head: string;
}

/**
 * The response to the handshake of a watch that the API has accepted. The rules and messages equal those of
 * `golang.org/x/net/websocket`, which kube-apiserver uses. The handshake must have version 13, a URL or an absolute path
 * as `Origin`, and at most one subprotocol of any name.
 */
export function watchHandshake(headers: IncomingMessage['headers']): Handshake {
  const refuse = (status: string, lines: readonly string[] = [], text = ''): Handshake => ({
    accepted: false,
    head: [`HTTP/1.1 ${status}`, ...lines, '', text].join('\r\n'),
  });
  const key = headers['sec-websocket-key'] ?? '';
  if (key === '') return refuse('400 Bad Request', [], 'mismatch challenge/response');
  if (headers['sec-websocket-version'] !== '13') {
    return refuse('400 Bad Request', ['Sec-WebSocket-Version: 13'], 'missing or bad WebSocket Version');
  }
  if (parseRequestUrl(headers.origin ?? '') instanceof Failure) return refuse('403 Forbidden');
  const protocol = (headers['sec-websocket-protocol'] ?? '').trim();
  if (protocol.includes(',')) return refuse('400 Bad Request');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptKey(key)}`,
    ...(protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    '',
    '',
  ];
  return { accepted: true, head: lines.join('\r\n') };
}

/**
 * Is the response a watch? All other responses are sent unchanged: refusals, followed logs, and the responses of local
 * processes and other servers.
 */
export const isWatch = (reply: ApiReply): reply is ApiReply & { readonly stream: ByteStream } =>
  reply.stream !== undefined && reply.isWatch === true && reply.status === 200 && reply.fate === undefined;

/** Sends the events of a watch as messages. A refused handshake ends the connection. */
export function openWatchSocket(
  { stream }: { readonly stream: ByteStream },
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const handshake = watchHandshake(request.headers);
  if (socket.destroyed || !handshake.accepted) {
    stream.stop();
    endSocket(socket, handshake.head);
    return;
  }
  socket.write(handshake.head);
  const connection = new WebSocketConnection(socket);
  connection.onClose = () => stream.stop();
  stream.start(messageSink(connection, socket));
  connection.unread(head);
}

/**
 * A receiver for a stream. It sends each line of the stream as a message. As in kube-apiserver, a message keeps the
 * newline at its end.
 */
function messageSink(connection: WebSocketConnection, socket: Duplex): StreamSink {
  let rest: Buffer = Buffer.alloc(0);
  return {
    write(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const frames: Buffer[] = [];
      let start = 0;
      for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
        frames.push(writeFrame(TEXT_OPCODE, bytes.subarray(start, end + 1)));
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (frames.length > 0 && socket.writable) socket.write(Buffer.concat(frames));
    },
    end() {
      // Another API server may omit the newline after its last line.
      if (rest.length > 0 && socket.writable) socket.write(writeFrame(TEXT_OPCODE, rest));
      connection.close();
    },
    abort: () => void socket.destroy(),
    get backlog() {
      return connection.backlog;
    },
    drained: (callback) => connection.drained(callback),
  };
}
