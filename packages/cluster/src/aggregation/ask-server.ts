import type { IncomingMessage } from 'node:http';
import { type JsonObject, type KubeObject, httpsLibrary, isJsonObject, keepAllHeaders } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { textAt } from '@typekro/kit/kubernetes';
import { LOOPBACK_CONNECTION, reasonOf } from '../webhooks/webhook-client.ts';
import { parseStrictJson } from '../codec/json.ts';
import { forwardedHeaders } from '../protocol/forwarded-headers.ts';
import { type FrontProxy, AGGREGATOR } from './front-proxy.ts';
import type { ServerAddress } from './server-address.ts';

/**
 * The address of another API server. `apiService` contains the settings for verifying its certificate. `frontProxy`
 * contains the client certificate with which this cluster authenticates itself.
 */
export interface OtherServer {
  readonly address: ServerAddress;
  readonly apiService: KubeObject;
  readonly frontProxy: FrontProxy;
}

/** A request to another server. */
export interface ForwardedRequest {
  readonly method: string;
  /** The path with the query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
  readonly signal?: AbortSignal;
}

/** The error of a request without a usable response. Common connection errors have the messages of Go's HTTP client. */
export class NoAnswer extends Error {}

/** Sends a request. Resolves to the response once its headers have arrived. Throws NoAnswer. */
export function sendTo(
  { address, apiService, frontProxy }: OtherServer,
  { method, target, headers, body, signal }: ForwardedRequest,
): Promise<IncomingMessage> {
  const { spec } = apiService;
  const caBundle = textAt(spec, 'caBundle');
  const url = new URL(target, `${address.base}/`);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new NoAnswer(why));
    // If the target begins with two slashes, the URL parser reads it as another host.
    if (url.origin !== address.base) return fail(`the target ${goQuote(target)} is not a path`);
    const sent = httpsLibrary().request(
      url,
      {
        method,
        agent: false,
        ...LOOPBACK_CONNECTION,
        servername: address.serverName,
        rejectUnauthorized: spec?.['insecureSkipTLSVerify'] !== true,
        cert: frontProxy.cert,
        key: frontProxy.key,
        headers: body.length > 0 ? { ...headers, 'content-length': String(body.length) } : headers,
        ...(caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64') }),
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    keepAllHeaders(sent);
    sent.on('error', (error) => fail(signal?.aborted === true ? 'context deadline exceeded' : reasonOf(error, url)));
    // Node reports neither an error nor a response when the server switches the protocol.
    sent.on('close', () => fail('EOF'));
    sent.end(body);
  });
}

/** The time limit for a discovery request, in milliseconds. */
const DISCOVERY_TIMEOUT_MS = 5000;
/** The maximum size of a discovery document, in bytes. */
const MAX_DISCOVERY_BYTES = 2 * 1024 * 1024;

/**
 * Reads a discovery document of another server. Resolves to `undefined` when the server does not have the document in
 * this form (404 or 406), or when the document is not a JSON object.
 *
 * @throws NoAnswer when the server does not respond in time, or when the response is too large, is not JSON, or has an
 *   error status other than 404 and 406.
 */
export async function readDocument(server: OtherServer, path: string, accept: string): Promise<JsonObject | undefined> {
  const signal = AbortSignal.timeout(DISCOVERY_TIMEOUT_MS);
  const headers = forwardedHeaders({ accept }, AGGREGATOR);
  const response = await sendTo(server, { method: 'GET', target: path, headers, body: Buffer.alloc(0), signal });
  const status = response.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_DISCOVERY_BYTES) throw new NoAnswer(`the response is longer than ${MAX_DISCOVERY_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (thrown) {
    if (thrown instanceof NoAnswer) throw thrown;
    throw new NoAnswer(signal.aborted ? 'context deadline exceeded' : 'unexpected EOF');
  }
  if (status === 404 || status === 406) return undefined;
  if (status < 200 || status > 299) throw new BadStatus(status);
  try {
    const value = parseStrictJson(Buffer.concat(chunks).toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch {
    throw new NoAnswer('the response is not JSON');
  }
}

/** The error of a response with an unexpected status. */
export class BadStatus extends NoAnswer {
  readonly status: number;

  constructor(status: number) {
    super(`bad status ${status}`);
    this.status = status;
  }
}
