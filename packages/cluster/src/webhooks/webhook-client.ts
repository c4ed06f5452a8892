import type { IncomingMessage } from 'node:http';
import type { Agent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { posix } from 'node:path';
import { type JsonObject, httpsLibrary, isLoopbackHost } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { numberAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { MAX_SENT_REVIEW_BYTES, SendTurns } from './review-text.ts';

/** The maximum size of a response, in bytes. It equals the maximum size of a request body. */
const MAX_ANSWER_BYTES = 3 * 1024 * 1024;

/** The address of a webhook. */
export interface WebhookAddress {
  /** The URL to call. Its host is a loopback address. */
  readonly url: URL;
  /** The URL as messages show it. */
  readonly shown: string;
  /** The name that the certificate must have. */
  readonly serverName: string;
}

/**
 * The hosts to which the cluster connects, for messages. Pods that are local processes have addresses in 127.0.0.0/8.
 */
export const LOOPBACK_HOSTS = '127.0.0.0/8, localhost and [::1]';

/** An API server's message that says why a Service has no address. */
export interface ServiceProblem {
  readonly problem: string;
}

/**
 * Returns the URL for a port of a Service. `key` is the `namespace/name` of the Service. The URL comes from the option
 * `webhookServices`, or from a pod that is a local process. The result is a problem when no pod of the Service is
 * ready, and `undefined` for a Service whose pods are simulated.
 */
export type ServiceAddress = (key: string, port: number) => string | ServiceProblem | undefined;

/** The address of a webhook, or a message that says why the cluster does not call the webhook. */
export function addressOf(
  client: JsonObject,
  timeoutSeconds: number,
  serviceAddress: ServiceAddress,
): WebhookAddress | string {
  const service = optionalAt(client, 'service');
  const timeout = `?timeout=${timeoutSeconds}s`;
  if (service === undefined) {
    const text = textAt(client, 'url');
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined) return unreachable(`${text}${timeout}`, 'the URL cannot be parsed');
    url.pathname = cleanPath(url.pathname);
    const [start = ''] = /^https?:\/\/[^/?#]*/i.exec(text) ?? [];
    const shown = `${start}${url.pathname}${timeout}`;
    if (!isLoopbackHost(url.hostname)) return unreachable(shown, NOT_LOOPBACK);
    url.search = timeout;
    return { url, shown, serverName: url.hostname.replaceAll(/[[\]]/g, '') };
  }
  const [name, namespace] = [textAt(service, 'name'), textAt(service, 'namespace')];
  const serverName = `${name}.${namespace}.svc`;
  const place = cleanPath(textAt(service, 'path'));
  const shown = `https://${serverName}:${numberAt(service, 'port') ?? 443}${place}${timeout}`;
  const key = `${namespace}/${name}`;
  const base = serviceAddress(key, numberAt(service, 'port') ?? 443);
  if (base === undefined) {
    return unreachable(shown, `no address is set for the Service ${goQuote(key)}; ${NOT_LOOPBACK}`);
  }
  if (typeof base !== 'string') return unreachable(shown, base.problem);
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url?.protocol !== 'https:' || !isLoopbackHost(url.hostname)) {
    return unreachable(
      shown,
      `the address ${goQuote(base)} of the Service ${goQuote(key)} is not an https URL of a loopback address`,
    );
  }
  url.pathname = place;
  url.search = timeout;
  return { url, shown, serverName };
}

/**
 * Normalizes a path as an API server's Go client does: to an absolute path without empty segments and without a
 * trailing slash.
 */
const cleanPath = (path: string): string => posix.join('/', path).replace(/(?<=.)\/$/, '');

const NOT_LOOPBACK = `the embedded cluster calls webhooks only on ${LOOPBACK_HOSTS}`;

const unreachable = (shown: string, why: string): string => `Post ${goQuote(shown)}: ${why}`;

/** The error of a call that has no usable response. */
export class CallError extends Error {}

/** The maximum number of idle connections to one webhook. */
const MAX_FREE_SOCKETS = 8;

let sharedAgent: Agent | undefined;

/**
 * The connections to webhooks. A connection is reused only for the same address, server name and CA. An idle connection
 * does not keep the process alive.
 */
const connections = (): Agent =>
  (sharedAgent ??= new (httpsLibrary().Agent)({ keepAlive: true, maxFreeSockets: MAX_FREE_SOCKETS }));

/** The addresses of `localhost`. This lookup calls no resolver, because a resolver may return other addresses. */
const lookupLoopback: LookupFunction = (_host, { all, family }, done) => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ].filter((each) => (family !== 4 && family !== 6 ? true : each.family === family));
  if (all === true) done(null, addresses);
  else done(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 0);
};

/**
 * The options of a connection to `localhost`. Node tries its addresses one after the other, and by default gives up each
 * after 250 ms: too early for a server whose queue of connections is full. The time limit of the request remains.
 */
export const LOOPBACK_CONNECTION = { lookup: lookupLoopback, autoSelectFamilyAttemptTimeout: 30_000 };

const turns = new SendTurns(MAX_SENT_REVIEW_BYTES);

/**
 * Posts a review and returns the body of the response. The duration and the size of the response are limited. The
 * duration includes the time in which the review waits because other reviews are being sent.
 *
 * @throws CallError when the webhook cannot be reached, is too slow, responds with an error, or sends a response that
 *   is too long.
 */
export async function postReview(
  address: WebhookAddress,
  body: readonly [Buffer, Buffer],
  caBundle: string,
  timeoutSeconds: number,
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutSeconds * 1000);
  const problem = (why: string) => new CallError(unreachable(address.shown, why));
  const { url, serverName } = address;
  const bytes = body[0].length + body[1].length;
  const options = {
    method: 'POST',
    agent: connections(),
    ...LOOPBACK_CONNECTION,
    signal,
    ...(isAddress(serverName) ? {} : { servername: serverName }),
    ...(caBundle === '' ? {} : { ca: Buffer.from(caBundle, 'base64') }),
    // As in Go, each certificate of the bundle is trusted, even if it is not self-signed.
    allowPartialTrustChain: true,
    headers: { 'content-type': 'application/json', accept: 'application/json, */*', 'content-length': bytes },
  };
  const post = async () => {
    const sentAll = await turns.take(bytes, signal);
    if (sentAll === undefined) throw problem(TOO_SLOW);
    return new Promise<IncomingMessage>((resolve, reject) => {
      const sent = httpsLibrary().request(url, options, resolve);
      const fail = (why: string) => {
        // The webhook has probably closed the idle connection before the review arrived, so the review is posted again.
        if (sent.reusedSocket && !signal.aborted) reject(new StaleConnection());
        else reject(problem(signal.aborted ? TOO_SLOW : why));
      };
      sent.on('error', (error) => fail(reasonOf(error, url)));
      // For a response that switches the protocol, Node reports neither an error nor a response, but closes the
      // request.
      sent.on('close', () => fail('EOF'));
      sent.on('finish', sentAll).on('close', sentAll);
      sent.write(body[0]);
      sent.end(body[1]);
    }).catch((thrown: unknown) => {
      sentAll();
      throw thrown;
    });
  };
  const response = await retryStale(post);
  const text = await readText(response, signal, problem);
  const status = response.statusCode ?? 0;
  if (status < 200 || status > 299) throw new CallError(refusalText(status, text));
  return text;
}

/** The error of a review that got no response on a reused connection. */
class StaleConnection extends Error {}

/** Posts again while the reused connections are stale. This ends, because each attempt removes one idle connection. */
async function retryStale(post: () => Promise<IncomingMessage>): Promise<IncomingMessage> {
  for (;;) {
    try {
      return await post();
    } catch (thrown) {
      if (!(thrown instanceof StaleConnection)) throw thrown;
    }
  }
}

const TOO_SLOW = 'context deadline exceeded';

const isAddress = (host: string): boolean => host.includes(':') || /^[\d.]+$/.test(host);

async function readText(
  response: IncomingMessage,
  signal: AbortSignal,
  problem: (why: string) => CallError,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ANSWER_BYTES) {
        response.destroy();
        throw problem(`the response is longer than ${MAX_ANSWER_BYTES} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof CallError) throw error;
    throw problem(signal.aborted ? TOO_SLOW : error instanceof Error ? error.message : String(error));
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Maps Node's code of a common certificate error to Go's message. */
const CERTIFICATE_PROBLEMS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'x509: certificate signed by unknown authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'x509: certificate signed by unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'x509: certificate signed by unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'x509: certificate signed by unknown authority',
  CERT_SIGNATURE_FAILURE: 'x509: certificate signed by unknown authority',
  CERT_HAS_EXPIRED: 'x509: certificate has expired or is not yet valid',
  CERT_NOT_YET_VALID: 'x509: certificate has expired or is not yet valid',
};

/** The message for a connection error: Go's message for common errors, and Node's message for all others. */
export function reasonOf(error: Error & { code?: string }, { host }: URL): string {
  const { code = '' } = error;
  if (code === 'ECONNREFUSED') return `dial tcp ${host}: connect: connection refused`;
  if (code === 'ECONNRESET') return 'EOF';
  const problem =
    CERTIFICATE_PROBLEMS[code] ?? (code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? `x509: ${error.message}` : undefined);
  return problem === undefined ? error.message : `tls: failed to verify certificate: ${problem}`;
}

/** Maps an HTTP code to the message of Go's client for an error response without a Status. */
const REFUSALS: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  410: 'the server no longer provides the requested resource',
  422: 'the server rejected our request due to an error in our request',
  429: 'the server has received too many requests and has asked us to try again later',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** The maximum number of characters of an error response's body that a message contains. */
const MAX_SHOWN_LENGTH = 2048;

function refusalText(status: number, body: string): string {
  const known = REFUSALS[status];
  if (known !== undefined) return known;
  const shown = body.trim().slice(0, MAX_SHOWN_LENGTH) || 'unknown';
  if (status === 403) return shown === 'unknown' ? 'forbidden' : shown;
  if (status >= 500) return `an error on the server (${goQuote(shown)}) has prevented the request from succeeding`;
  return `the server responded with the status code ${status} but did not return more information`;
}
