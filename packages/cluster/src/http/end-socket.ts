import type { Duplex } from 'node:stream';

/**
 * The time without progress, in milliseconds, after which the server breaks a connection whose own side it has closed.
 * Until then, it waits for the client to read the last bytes and to close the other side.
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
