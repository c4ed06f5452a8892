import type { IncomingMessage } from 'node:http';
import { type KubeObject, httpLibrary, keepAllHeaders, tlsLibrary } from '@typekro/kit/core';
import { badRequest, serviceUnavailable } from '../errors/api-error.ts';
import type { PodRun } from '../processes/pod-run.ts';
import { passedHeaders, returnedHeaders } from '../protocol/forwarded-headers.ts';
import type { OpenStreams } from '../protocol/open-streams.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import { ResponseStream } from '../protocol/response-stream.ts';

/** The target of a proxied request: a port of a pod that is a local process. */
export interface ProcessTarget {
  readonly pod: KubeObject;
  readonly run: Pick<PodRun, 'address' | 'connect'>;
  readonly port: number;
  /** Does a Service declare the port? */
  readonly isDeclared: boolean;
  /** `http`, `https`, or `''` for `http`. */
  readonly scheme: string;
}

const MAX_PORT = 65_535;

/**
 * Forwards a request of the subresource `proxy` to a process, without the client's credentials. Throws 400 for an
 * invalid port number, and 503 when the process does not respond.
 */
export async function processReply(
  streams: OpenStreams,
  request: ApiRequest,
  target: ProcessTarget,
): Promise<ApiReply> {
  if (!Number.isInteger(target.port) || target.port < 1 || target.port > MAX_PORT) {
    throw badRequest('the port of the request is not a number from 1 to 65535');
  }
  let response: IncomingMessage;
  try {
    response = await sendTo(request, target);
  } catch (error) {
    throw serviceUnavailable(`error trying to reach service: ${(error as Error).message}`);
  }
  const stream = new ResponseStream(response, () => response.destroy(), streams, request.user.name);
  return { status: response.statusCode ?? 502, headers: returnedHeaders(response.headers), stream };
}

/** The path after `proxy` with the query, as the client has sent it. */
function pathOf({ path, target }: ApiRequest): string {
  const rest = path.replace(/^(?:\/+[^/]+){6}\/+proxy/, '');
  const query = target.slice(path.length);
  return `${rest === '' ? '/' : rest}${query}`;
}

async function sendTo(
  request: ApiRequest,
  { pod, run, port, isDeclared, scheme }: ProcessTarget,
): Promise<IncomingMessage> {
  const socket = await run.connect(pod, port, { isDeclared });
  // As in an API server, the certificate of a pod is not checked.
  const connection = scheme === 'https' ? tlsLibrary().connect({ socket, rejectUnauthorized: false }) : socket;
  const signal = request.clientSignal?.();
  return new Promise((resolve, reject) => {
    const sent = httpLibrary().request({
      ...(signal === undefined ? {} : { signal }),
      method: request.method,
      path: pathOf(request),
      headers: {
        ...passedHeaders(request.headers),
        host: `${run.address}:${port}`,
        connection: 'close',
        ...(request.body.length > 0 ? { 'content-length': String(request.body.length) } : {}),
      },
      createConnection: () => connection,
    });
    keepAllHeaders(sent);
    sent.on('response', resolve);
    sent.on('error', reject);
    // For a response that switches the protocol, Node reports neither an error nor a response, but closes the request.
    sent.on('close', () => reject(new Error('EOF')));
    sent.end(request.body);
  });
}
