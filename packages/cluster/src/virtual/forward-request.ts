/** Parses the parameters of port-forward connections. Refusals have a kubelet's messages. */
import { goQuote } from '@typekro/kit/golang';
import type { HeaderFields } from '../streaming/header-block.ts';

/** The maximum number of ports of one connection. Each port has two channels, whose numbers are single bytes. */
const MAX_CHANNEL_PORTS = 127;

const MAX_PORT = 65_535;

/** The message that refuses a port; `undefined` for a valid port. */
function portProblem(text: string): string | undefined {
  const parsing = `unable to parse ${goQuote(text)} as a port: strconv.ParseUint: parsing ${goQuote(text)}: `;
  if (!/^\d+$/.test(text)) return `${parsing}invalid syntax`;
  if (Number(text) > MAX_PORT) return `${parsing}value out of range`;
  return Number(text) === 0 ? `port ${goQuote(text)} must be > 0` : undefined;
}

/** Parses the ports in the query of a WebSocket with channels. Returns a message when the query is refused. */
export function channelPorts(values: readonly string[]): readonly number[] | string {
  if (values.length === 0) return 'query parameter "port" is required';
  if (values.includes('')) return 'query parameter "port" cannot be empty';
  const texts = values.flatMap((value) => value.split(','));
  const problem = texts.map(portProblem).find((text) => text !== undefined);
  if (problem !== undefined) return problem;
  if (texts.length > MAX_CHANNEL_PORTS) return `one connection has at most ${MAX_CHANNEL_PORTS} ports`;
  return texts.map(Number);
}

/** One of the two streams of a forwarded connection. */
export interface StreamRequest {
  readonly type: 'data' | 'error';
  readonly port: number;
  /** Identifies the forwarded connection. Both of its streams have this ID. */
  readonly requestId: string;
}

/** Parses the headers of a new stream; `undefined` for a stream that must be refused. */
export function streamRequest(streamId: number, headers: HeaderFields): StreamRequest | undefined {
  const port = headers.get('port') ?? '';
  const type = headers.get('streamtype');
  if (portProblem(port) !== undefined || (type !== 'data' && type !== 'error')) return undefined;
  // Old clients send no request ID. They open the error stream first and forward one connection at a time, so the ID
  // can be derived.
  const implied = String(type === 'error' ? streamId : streamId - 2);
  return { type, port: Number(port), requestId: headers.get('requestid') || implied };
}
