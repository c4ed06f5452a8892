import { SocketConnection } from './socket-connection.ts';

/** A connection whose messages are pieces of its bytes. */
export class ByteConnection extends SocketConnection {
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
