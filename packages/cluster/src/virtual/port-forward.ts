/**
 * `portforward` of pods that are local processes, in the three protocols of Kubernetes: SPDY/3.1, SPDY/3.1 tunnelled
 * through a WebSocket, and a WebSocket with two channels per port.
 */
import type { ClusterClock, Timer } from '../cluster-clock.ts';
import { replyText } from '../protocol/reply.ts';
import type { ApiReply, ApiRequest, MessageConnection } from '../protocol/request.ts';
import { ChannelSession } from '../streaming/channel-session.ts';
import { type ForwardTarget, forwardPort, LAST_BYTES_MS } from './forward-port.ts';
import { channelPorts } from './forward-request.ts';
import { isWebSocketRequest, negotiateSpdy, offeredProtocols } from './negotiate-streams.ts';
import { forwardSpdy } from './spdy-forwarding.ts';

const PROTOCOL = 'portforward.k8s.io';
const TUNNEL_PROTOCOL = `SPDY/3.1+${PROTOCOL}`;
const CHANNEL_PROTOCOL = 'v4.channel.k8s.io';

/** Switches the connection to the protocol of the request. Refuses unsupported protocols with a kubelet's messages. */
export function forwardReply(clock: ClusterClock, request: ApiRequest, target: ForwardTarget): ApiReply {
  const openSpdy = (connection: MessageConnection) => forwardSpdy(clock, target, connection);
  if (!isWebSocketRequest(request)) return negotiateSpdy(request, [PROTOCOL], () => openSpdy);
  const offered = offeredProtocols(request.headers['sec-websocket-protocol']);
  if (offered.includes(TUNNEL_PROTOCOL)) {
    return { status: 101, headers: {}, upgrade: { protocol: TUNNEL_PROTOCOL, open: openSpdy } };
  }
  const ports = channelPorts(request.query.all('ports'));
  if (typeof ports === 'string') return replyText(400, `${ports}\n`);
  if (offered.length > 0 && !offered.includes(CHANNEL_PROTOCOL)) {
    const supported = `${TUNNEL_PROTOCOL} ${CHANNEL_PROTOCOL}`;
    return replyText(403, `requested protocol(s) are not supported: [${offered.join(' ')}]; supports [${supported}]\n`);
  }
  const protocol = offered.length === 0 ? '' : CHANNEL_PROTOCOL;
  const open = (connection: MessageConnection) => void forwardChannels(clock, connection, target, ports);
  return { status: 101, headers: {}, upgrade: { protocol, open } };
}

/**
 * Forwards each port to a data channel and an error channel. Both channels begin with the number of the port. The
 * connection to the client ends when the connections to all ports have ended.
 */
async function forwardChannels(
  clock: ClusterClock,
  connection: MessageConnection,
  target: ForwardTarget,
  ports: readonly number[],
): Promise<void> {
  const session = new ChannelSession(connection, ports.length * 2);
  let end: Timer | undefined;
  const forget = target.run.whenKilled(() => {
    end = clock.setTimer(LAST_BYTES_MS, () => session.close());
  });
  session.onClose = () => {
    forget();
    end?.cancel();
  };
  await Promise.all(
    ports.map(async (port, index) => {
      const [data, errors] = [session.channel(index * 2), session.channel(index * 2 + 1)];
      const number = Buffer.alloc(2);
      number.writeUInt16LE(port);
      void errors.discard();
      await Promise.all([data.write(number), errors.write(number)]);
      const problem = await forwardPort(target, port, data);
      if (problem === undefined) return;
      await errors.write(Buffer.from(problem));
      data.reset();
    }),
  );
  session.close();
}
