import { replyText } from '../protocol/reply.ts';
import type { ApiReply, ApiRequest, ConnectionUpgrade } from '../protocol/request.ts';

/** Does the request ask for a WebSocket? */
export const isWebSocketRequest = ({ headers }: ApiRequest): boolean =>
  (headers['upgrade'] ?? '').toLowerCase() === 'websocket';

/** Parses a header that lists protocols in the order of preference. */
export const offeredProtocols = (header: string | undefined): readonly string[] =>
  (header ?? '')
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');

/**
 * Upgrades a connection to SPDY/3.1. The protocol of the streams is the first protocol in the client's list that the
 * server supports. If the server supports none of them, it refuses the request with a kubelet's message.
 */
export function negotiateSpdy(
  { headers }: ApiRequest,
  protocols: readonly string[],
  open: (protocol: string) => ConnectionUpgrade['open'],
): ApiReply {
  const header = headers['x-stream-protocol-version'];
  const refuse = (status: number, text: string) => replyText(status, `unable to upgrade: ${text}\n`);
  if (header === undefined) {
    const count = Object.keys(headers).length;
    return refuse(400, `header X-Stream-Protocol-Version does not exist in request with ${count} headers`);
  }
  const offered = offeredProtocols(header);
  if (offered.length === 0) {
    return refuse(400, `header X-Stream-Protocol-Version contains [${header}], but no valid protocols`);
  }
  const protocol = offered.find((name) => protocols.includes(name));
  if (protocol === undefined) {
    const text = `unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocols.join(' ')}]`;
    const { headers: own, ...reply } = refuse(403, text);
    return { ...reply, headers: { ...own, 'x-accepted-stream-protocol-versions': protocols.join(', ') } };
  }
  if (!(headers['upgrade'] ?? '').toLowerCase().includes('spdy/3.1')) {
    return refuse(400, `missing upgrade headers in request: the header Upgrade is not SPDY/3.1`);
  }
  return { status: 101, headers: {}, upgrade: { protocol, transport: 'SPDY/3.1', open: open(protocol) } };
}
