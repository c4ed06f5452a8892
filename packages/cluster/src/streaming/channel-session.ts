import type { MessageConnection } from '../protocol/request.ts';
import { ClientStream } from './client-stream.ts';
import { SharedOutput, UnreadInput } from './connection-bounds.ts';

/**
 * The streams of a WebSocket with the subprotocol `v4.channel.k8s.io`, in which the first byte of each message is the
 * number of a channel. A channel cannot end separately; all channels end with the connection.
 */
export class ChannelSession {
  /** Called once, when the connection has ended. */
  onClose: () => void = () => undefined;
  readonly #connection: MessageConnection;
  readonly #channels: readonly ClientStream[];

  constructor(connection: MessageConnection, channels: number) {
    this.#connection = connection;
    const unread = new UnreadInput(connection);
    const output = new SharedOutput(connection, (id, bytes) => Buffer.concat([Buffer.from([id]), bytes]));
    this.#channels = Array.from(
      { length: channels },
      (_, id) =>
        new ClientStream(id, {
          unread,
          write: (channel, bytes, done) => output.write(channel, bytes, done),
          whenSent: (channel, callback) => output.whenSent(channel, callback),
          end: () => undefined,
          reset: (channel) => output.drop(channel),
        }),
    );
    connection.onMessage = (message) => {
      const [channel = 0] = message;
      if (message.length > 0) this.#channels[channel]?.receive(message.subarray(1));
    };
    connection.onClose = () => {
      for (const stream of this.#channels) {
        stream.close();
        output.drop(stream.id);
      }
      this.onClose();
    };
  }

  /** The stream of a channel, which must exist. */
  channel(number: number): ClientStream {
    const stream = this.#channels[number];
    if (stream === undefined) throw new RangeError(`the connection has no channel ${number}`);
    return stream;
  }

  /** Ends the connection. Drops data that is not sent yet. */
  close(): void {
    this.#connection.close();
  }
}
