import type { Duplex } from 'node:stream';

/**
 * The time in which a client must read something of a closed connection, and close its own side, in milliseconds.
 * After this time without progress, the server breaks the connection.
 */
const CLOSE_MS = 10_000;

/**
 * Closes a connection that has left HTTP after its last bytes. The time limits of the HTTP server do not hold for such a
 * connection.
 */
export function endSocket(socket: Duplex, last?: Buffer | string): void {
  // Reads on, because the end of the client's side is noticed only by reading.
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
