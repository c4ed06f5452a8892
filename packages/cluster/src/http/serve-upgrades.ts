/**
 * Connections that switch to another protocol: `exec`, `attach` and `portforward` of pods that are local processes, and
 * watches over a WebSocket.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { httpLibrary } from '@typekro/kit/core';
import { ApiError, badRequest } from '../errors/api-error.ts';
import { replyError } from '../protocol/reply.ts';
import type { ApiReply, ConnectionUpgrade } from '../protocol/request.ts';
import { pingFrame } from '../streaming/frames.ts';
import { asksForWatchSocket, isWatch, openWatchSocket } from './watch-socket.ts';
import { acceptKey, WebSocketConnection } from './web-socket.ts';
import { SocketConnection, endSocket } from './socket-connection.ts';

/** A connection without framing: each chunk of received bytes is one message. */
class ByteConnection extends SocketConnection {
  send(message: Buffer): void {
    this.write(message);
  }

  close(): void {
    this.end();
  }

  protected read(chunk: Buffer): void {
    if (!this.isClosed) this.onMessage(chunk);
  }
}

/** The callbacks of a listener for upgrade requests. */
export interface UpgradeHost {
  /** Handles the request and returns the response. */
  answer(request: IncomingMessage): Promise<ApiReply>;
  /** Sends a response that does not switch protocols. */
  send(reply: ApiReply, request: IncomingMessage, response: ServerResponse): void;
  /** Receives errors that are not refusals. */
  report(thrown: unknown): void;
}

/** Matches the paths of the subresources that connect to pods over another protocol. */
const CONNECTIONS = /^\/api\/v1\/namespaces\/[^/]+\/pods\/[^/]+\/(?:exec|attach|portforward)(?:\?|$)/;

/**
 * Enables protocol upgrades on a server: for connections to pods, and for watches over a WebSocket. All other upgrade
 * requests are handled like plain requests.
 */
export function serveUpgrades(server: Server, isSecure: boolean, host: UpgradeHost): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const watches = asksForWatchSocket(request);
    if (!watches && !CONNECTIONS.test(request.url ?? '')) return readAgain(server, isSecure, request, socket, head);
    socket.on('error', () => socket.destroy());
    host
      .answer(request)
      .then((reply) =>
        watches && isWatch(reply)
          ? openWatchSocket(reply, request, socket, head)
          : answerUpgrade(host, reply, request, socket, head),
      )
      .catch((error: unknown) => {
        socket.destroy();
        host.report(error);
      });
  });
}

function answerUpgrade(
  host: UpgradeHost,
  reply: ApiReply,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { upgrade } = reply;
  if (socket.destroyed) return reply.stream?.stop();
  if (upgrade === undefined) return sendAnswer(host, reply, request, socket);
  const lines = upgrade.transport === 'SPDY/3.1' ? spdyLines(upgrade) : webSocketLines(upgrade, request);
  if (lines instanceof ApiError) return sendAnswer(host, replyError(lines), request, socket);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n${lines.join('\r\n')}\r\n\r\n`);
  const connection =
    upgrade.transport === 'SPDY/3.1' ? new ByteConnection(socket, SPDY_PROBE) : new WebSocketConnection(socket);
  upgrade.open(connection);
  connection.unread(head);
}

/** A ping from the server has an even ID. The server ignores the client's reply. */
const SPDY_PROBE = pingFrame(2);

const spdyLines = ({ protocol }: ConnectionUpgrade): string[] => [
  'Upgrade: SPDY/3.1',
  `X-Stream-Protocol-Version: ${protocol}`,
];

/** The response headers that accept a WebSocket, or the refusal of a request without a key or with another version. */
function webSocketLines({ protocol }: ConnectionUpgrade, { headers }: IncomingMessage): string[] | ApiError {
  const key = headers['sec-websocket-key'];
  if (key === undefined) return badRequest('the header Sec-WebSocket-Key of a WebSocket is missing');
  if (headers['sec-websocket-version'] !== '13') {
    const message = 'missing or bad WebSocket Version';
    return new ApiError({ code: 400, reason: 'BadRequest', message, headers: { 'sec-websocket-version': '13' } });
  }
  const lines = ['Upgrade: websocket', `Sec-WebSocket-Accept: ${acceptKey(key)}`];
  return protocol === '' ? lines : [...lines, `Sec-WebSocket-Protocol: ${protocol}`];
}

/** Sends a response and closes the connection, because the server reads no more requests from this connection. */
function sendAnswer(host: UpgradeHost, reply: ApiReply, request: IncomingMessage, socket: Duplex): void {
  const response = new (httpLibrary().ServerResponse)(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
  response.on('finish', () => endSocket(socket));
  // Node's server, which has given this connection away, no longer tells the response that more bytes may be written.
  socket.on('drain', () => response.emit('drain'));
  host.send(reply, request, response);
  // Only reading detects that the client has closed its side. The bytes that are read are discarded.
  socket.on('end', () => endSocket(socket));
  socket.resume();
}

/** Passes a connection back to the HTTP server. The request is parsed again without its upgrade headers. */
function readAgain(server: Server, isSecure: boolean, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  const { rawHeaders } = request;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit(isSecure ? 'secureConnection' : 'connection', socket);
}
