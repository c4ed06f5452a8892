import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { httpLibrary, isLoopbackHost, readLimitedBody, releaseBody } from '@typekro/kit/core';
import { createHttpServer, noteRequestHead, openServer, repeatedHeader } from '@typekro/kit/servers';
import { ADMIN, ANONYMOUS } from '../auth/cluster-access.ts';
import type { Authority } from '@typekro/kube/certificates';
import { certificateUsers } from './client-certificate.ts';
import { flatHeaders } from './flat-headers.ts';
import { isLocalRequest, refuseClient, refuseOpenIdentity } from './guard.ts';
import { type HandlerContext, handle, MAX_BODY_BYTES } from './handler.ts';
import type { ApiReply, IncomingRequest } from '../protocol/request.ts';
import { badRequest, requestTooLarge, tooManyRequests } from '../errors/api-error.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { secureServing } from './secure-server.ts';
import { limitWait, sendBody } from './send-body.ts';
import { serveUpgradesLate } from './late-upgrades.ts';
import type { Listener, ListenOptions, UserInfo } from '../cluster-options.ts';
import { replyError } from '../protocol/reply.ts';

/** The parts of the cluster that a socket uses. */
export type ListenerContext = HandlerContext & {
  /** Called when a TLS socket is opened. `pem` is the certificate of the authority for the socket's own certificate. */
  setCertificateAuthority(pem: string): void;
  /** The URL of the socket that was opened last. */
  serverUrl: string | undefined;
  /** Does the cluster sign client certificates? */
  readonly issuesCertificates: boolean;
  /** The authority of the client certificates that the cluster signs. */
  readonly clientAuthority: Pick<Authority, 'ca'>;
};

/** Opens a socket for a cluster. `noteRequest` is called for each connection and each request. */
export async function openListener(
  context: ListenerContext,
  options: ListenOptions = {},
  noteRequest: () => void = () => undefined,
): Promise<Listener> {
  const { port = 0, host = '127.0.0.1', https = true } = options;
  refuseOpenIdentity(host, options.anonymous);
  // When every user may do everything, a request from another machine or from a web page must have credentials.
  const untrustedIdentity = context.allowsAll ? 'refuse' : ANONYMOUS;
  const fallback = options.anonymous ?? (!isLoopbackHost(host) ? untrustedIdentity : https ? ANONYMOUS : ADMIN);
  const own = context.issuesCertificates ? () => context.clientAuthority.ca : undefined;
  const secure = https ? secureServing(options, host, context.clock.now(), own) : undefined;
  const hasAuthority = options.clientCertificateAuthority !== undefined || own !== undefined;
  const certified = https && hasAuthority ? certificateUsers(context.clock) : (_: Socket) => undefined;
  const callerOf = (request: IncomingMessage): Caller => {
    const other = isLocalRequest(request.headers) ? fallback : untrustedIdentity;
    return { certified: certified(request.socket), other };
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    noteRequest();
    serve(context, request, response, callerOf).catch((thrown: unknown) => {
      // An error of one request must not end the process.
      context.report(thrown);
      response.destroy();
    });
  };
  const limits = { keepAliveTimeout: 120_000, noDelay: true };
  const server = createHttpServer(secure ?? httpLibrary(), limits, onRequest, (problem, request, response) =>
    send(replyError(badRequest(problem)), request, response),
  );
  server.on('connection', noteRequest);
  server.on('clientError', refuseClient);
  serveUpgradesLate(server, https, {
    answer: (request) => {
      const problem = repeatedHeader(request);
      if (problem !== undefined) return Promise.resolve(replyError(badRequest(problem)));
      return answerTo(context, request, EMPTY, callerOf(request));
    },
    send,
    report: (thrown) => context.report(thrown),
  });
  const { authority, close } = await openServer(server, port, host);
  const caData = secure?.caData;
  if (caData !== undefined) context.setCertificateAuthority(caData);
  const url = `${https ? 'https' : 'http'}://${authority}`;
  context.serverUrl = url;
  const token = context.access.adminToken;
  return {
    url,
    token,
    kubeconfig: kubeconfigText(url, token, caData),
    ...(caData === undefined ? {} : { caData }),
    close,
  };
}

/** The user of a client certificate, and the user of a request without a certificate and without a token. */
interface Caller {
  readonly certified: UserInfo | 'refuse' | undefined;
  readonly other: UserInfo | 'refuse';
}

async function serve(
  context: HandlerContext,
  request: IncomingMessage,
  response: ServerResponse,
  callerOf: (request: IncomingMessage) => Caller,
): Promise<void> {
  const reply = await answerTo(context, request, bodyOf(request), callerOf(request), () => signalOf(response));
  releaseBody(request);
  // The rest of a body that nobody has asked for is dropped: a client that is still sending must get the response.
  request.resume();
  if (response.destroyed) return reply.stream?.stop();
  // The `Date` header has the time of the cluster's clock, which may differ from the machine's time.
  response.setHeader('date', new Date(context.clock.now()).toUTCString());
  send(reply, request, response);
}

/** A signal that is aborted when the response ends or the client disconnects. */
function signalOf(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  else response.once('close', () => controller.abort());
  return controller.signal;
}

function answerTo(
  context: HandlerContext,
  request: IncomingMessage,
  body: IncomingRequest['body'],
  { certified, other }: Caller,
  clientSignal?: () => AbortSignal,
): Promise<ApiReply> {
  let headers = flatHeaders(request);
  // As in Kubernetes, a valid certificate takes precedence over a token, and a token takes precedence over an invalid
  // certificate.
  if (certified !== undefined && certified !== 'refuse') headers = { ...headers, authorization: undefined };
  const { method = 'GET', url: target = '/', socket } = request;
  const admit = (isKnown: boolean): void => noteRequestHead(socket, isKnown);
  const raw = { method, target, headers, body, remoteAddress: socket.remoteAddress, clientSignal, admit };
  return handle(context, raw, certified ?? other);
}

const EMPTY = Buffer.alloc(0);

/** The body of a request, which is only read if the request is allowed. Throws 413, 429, or 400 for a broken connection. */
function bodyOf(request: IncomingMessage): IncomingRequest['body'] {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (request.method === 'GET' && length === undefined && encoding === undefined) return EMPTY;
  return async () => {
    const body = await readLimitedBody(request, MAX_BODY_BYTES);
    if (body === 'too-large') throw requestTooLarge(MAX_BODY_BYTES);
    if (body === 'crowded') throw tooManyRequests();
    if (body === 'broken') throw badRequest('the connection ended before the whole body had arrived');
    return body;
  };
}

function send(reply: ApiReply, request: IncomingMessage, response: ServerResponse) {
  if (reply.fate === 'hang') return;
  if (reply.fate === 'break') {
    response.destroy();
    return;
  }
  const { stream, body } = reply;
  if (stream !== undefined) {
    response.writeHead(reply.status, reply.headers);
    response.flushHeaders();
    response.on('close', () => stream.stop());
    if (reply.ownBytes !== undefined) limitWait(response, reply.ownBytes);
    stream.start({
      write: (chunk) => void response.write(chunk),
      end: () => void response.end(),
      abort: () => void response.destroy(),
      get backlog() {
        return response.writableLength;
      },
      drained(callback) {
        if (response.writableNeedDrain) response.once('drain', callback);
        else setImmediate(callback);
      },
    });
    return;
  }
  if (body === undefined || request.method === 'HEAD' || reply.status === 304) {
    response.writeHead(reply.status, reply.headers);
    response.end();
    return;
  }
  sendBody(reply, body, response);
}
