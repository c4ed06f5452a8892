/** `exec` and `attach` by SPDY/3.1, which clients before Kubernetes 1.31 use. Each channel is one stream. */
import type { ClusterClock, Timer } from '../cluster-clock.ts';
import type { ApiReply, ApiRequest, ConnectionUpgrade, MessageConnection } from '../protocol/request.ts';
import type { ClientStream } from '../streaming/client-stream.ts';
import { SpdySession } from '../streaming/spdy-session.ts';
import { negotiateSpdy } from './negotiate-streams.ts';
import { CHANNELS } from './process-streams.ts';

const PROTOCOL = 'v4.channel.k8s.io';

/** The time within which a client must open its streams, in milliseconds, as in a kubelet. */
const STREAM_CREATION_MS = 30_000;

/**
 * The maximum number of unsent bytes. When a client reads too slowly and more bytes are unsent, the server breaks the
 * connection.
 */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;

/**
 * After the channels have ended, the server breaks the connection when the client does not read for this time, in
 * milliseconds.
 */
const CLOSE_MS = 10_000;

/** Switches a connection to SPDY/3.1. Refuses other protocols with a kubelet's messages. */
export function spdyChannelsReply(clock: ClusterClock, request: ApiRequest, open: ConnectionUpgrade['open']): ApiReply {
  const expected = expectedStreams(request);
  return negotiateSpdy(request, [PROTOCOL], () => (connection) => openChannels(clock, connection, expected, open));
}

/** The types of the streams that the client of a request opens. A terminal has only one output stream. */
function expectedStreams({ query }: ApiRequest): readonly ChannelName[] {
  const isTerminal = query.flag('tty');
  const names: ChannelName[] = ['error'];
  for (const name of ['stdin', 'stdout'] as const) if (query.flag(name)) names.push(name);
  if (!isTerminal && query.flag('stderr')) names.push('stderr');
  return isTerminal ? [...names, 'resize'] : names;
}

type ChannelName = Exclude<keyof typeof CHANNELS, 'close'>;

const isChannel = (name: string): name is ChannelName => name !== 'close' && Object.hasOwn(CHANNELS, name);

/** Waits until the client has opened all expected streams. Closes the connection if this takes too long. */
function openChannels(
  clock: ClusterClock,
  connection: MessageConnection,
  expected: readonly ChannelName[],
  open: ConnectionUpgrade['open'],
): void {
  const streams = new Map<number, ClientStream>();
  let channels: SpdyChannels | undefined;
  const session = new SpdySession(connection, {
    accepts: (_id, headers) => {
      const name = headers.get('streamtype') ?? '';
      return isChannel(name) && expected.includes(name) && !streams.has(CHANNELS[name]);
    },
    open: (stream, headers) => {
      const name = headers.get('streamtype') ?? '';
      if (isChannel(name)) streams.set(CHANNELS[name], stream);
      if (name !== 'stdin') void stream.discard();
      if (streams.size < expected.length) return;
      timer.cancel();
      channels = new SpdyChannels(clock, connection, session, streams);
      open(channels);
      void channels.readInput();
    },
    onClose: () => {
      timer.cancel();
      channels?.onClose();
    },
  });
  const timer = clock.setTimer(STREAM_CREATION_MS, () => session.close());
}

/** Adapts the streams of a SPDY connection to the interface of a WebSocket with channels. */
class SpdyChannels implements MessageConnection {
  onMessage: (message: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;
  readonly #clock: ClusterClock;
  readonly #connection: MessageConnection;
  readonly #session: SpdySession;
  readonly #streams: ReadonlyMap<number, ClientStream>;
  #unsentBytes = 0;
  /** The callbacks to call when all bytes of the streams are sent. */
  #waiting: (() => void)[] = [];
  #resume: (() => void) | undefined;
  #resumed = Promise.resolve();

  constructor(
    clock: ClusterClock,
    connection: MessageConnection,
    session: SpdySession,
    streams: ReadonlyMap<number, ClientStream>,
  ) {
    this.#clock = clock;
    this.#connection = connection;
    this.#session = session;
    this.#streams = streams;
  }

  send(message: Buffer): void {
    const stream = this.#streams.get(message[0] ?? CHANNELS.close);
    const bytes = message.subarray(1);
    if (stream === undefined || bytes.length === 0) return;
    this.#unsentBytes += bytes.length;
    if (this.#unsentBytes > MAX_UNSENT_BYTES) return this.abort();
    void stream.write(bytes).then(() => {
      this.#unsentBytes -= bytes.length;
      if (this.#unsentBytes === 0) for (const callback of this.#waiting.splice(0)) callback();
    });
  }

  close(): void {
    const cancel = this.#abortWithoutProgress();
    this.#sent(() => {
      cancel();
      for (const stream of this.#streams.values()) stream.end();
      this.#session.close();
    });
  }

  abort(): void {
    this.#connection.abort();
  }

  pause(): void {
    if (this.#resume === undefined) this.#resumed = new Promise((resolve) => (this.#resume = resolve));
  }

  resume(): void {
    this.#resume?.();
    this.#resume = undefined;
  }

  get backlog(): number {
    return this.#unsentBytes + this.#connection.backlog;
  }

  drained(callback: () => void): void {
    this.#sent(() => this.#connection.drained(callback));
  }

  /** Forwards the client's input and its end as messages. */
  async readInput(): Promise<void> {
    const input = this.#streams.get(CHANNELS.stdin);
    if (input === undefined) return;
    for (let bytes = await input.read(); bytes !== undefined; bytes = await input.read()) {
      this.onMessage(Buffer.concat([Buffer.from([CHANNELS.stdin]), bytes]));
      await this.#resumed;
    }
    if (input.hasReceivedEnd) this.onMessage(Buffer.from([CHANNELS.close, CHANNELS.stdin]));
  }

  /** Breaks the connection if the client does not read for `CLOSE_MS`. Returns a function that cancels the check. */
  #abortWithoutProgress(): () => void {
    let unread = this.backlog;
    let timer: Timer;
    const wait = () => {
      timer = this.#clock.setTimer(CLOSE_MS, () => {
        if (this.backlog === unread) return this.abort();
        unread = this.backlog;
        wait();
      });
    };
    wait();
    return () => timer.cancel();
  }

  /** Calls the callback when all bytes of the streams are sent. */
  #sent(callback: () => void): void {
    if (this.#unsentBytes === 0) callback();
    else this.#waiting.push(callback);
  }
}
