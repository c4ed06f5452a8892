import { SocketConnection } from './socket-connection.ts';

/** A connection without framing: each chunk of received bytes is one message. */
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
