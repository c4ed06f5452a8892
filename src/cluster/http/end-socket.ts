import type { Duplex } from 'node:stream';

/**
 * After the server has closed its side of a connection, it waits for the client to read the last bytes and to close the
 * other side. The server breaks the connection after this time without progress, in milliseconds.
 */
const CLOSE_MS = 10_000;

/**
 * Sends the last bytes on a connection that no longer speaks HTTP, and closes the connection. The timeouts of the HTTP
 * server do not apply to such a connection.
 */
export function endSocket(socket: Duplex, last?: Buffer | string): void {
  // Continues to read, because only reading detects that the client has closed its side.
  socket.resume();
  socket.end(last);
  if (socket.destroyed) return;
  let unread = socket.writableLength;
  const timer = setInterval(() => {
    if (socket.writableLength === unread) socket.destroy();
    unread = socket.writableLength;
  }, CLOSE_MS);
  timer.unref();
  socket.on('close', () => clearInterval(timer));
}
