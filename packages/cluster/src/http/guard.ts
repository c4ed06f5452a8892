import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import { isLoopbackHost, TypeKroError } from '@typekro/kit/core';
import { ANONYMOUS } from '../auth/cluster-access.ts';
import { toJsonText } from '../codec/json.ts';
import { ApiError } from '../errors/api-error.ts';
import type { UserInfo } from '../cluster-options.ts';

/**
 * Refuses a listener that other machines can reach, if requests without credentials would get an identity from it.
 *
 * @throws TypeKroError `cluster/open-to-all` when such requests would have more permissions than anonymous users.
 */
export function refuseOpenIdentity(host: string, anonymous: UserInfo | undefined): void {
  if (isLoopbackHost(host) || anonymous === undefined) return;
  if (anonymous.groups.every((group) => ANONYMOUS.groups.includes(group))) return;
  throw new TypeKroError(
    `on ${host}, requests from other machines would have the rights of ${anonymous.name} even without credentials`,
    {
      code: 'cluster/open-to-all',
      remedy: 'bind 127.0.0.1, or leave `anonymous` out and use the token of the listener',
    },
  );
}

/**
 * May a request without credentials have the identity of the listener? The result is false for a request from a web
 * page. It is also false for a request to a host name that is not local, because a page of another site can make a
 * browser send such a request.
 */
export function isLocalRequest(headers: IncomingHttpHeaders): boolean {
  if (headers.origin !== undefined || (headers['sec-fetch-site'] ?? 'none') !== 'none') return false;
  const { host = '' } = headers;
  return isLoopbackHost(host.replace(/:\d*$/, ''));
}

/** The error response for an error of Node's HTTP parser. */
function refusalOf(code: string | undefined): ApiError & { readonly phrase: string } {
  const refuse = (status: number, reason: string, message: string, phrase: string) =>
    Object.assign(new ApiError({ code: status, reason, message }), { phrase });
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return refuse(
        431,
        'RequestHeaderFieldsTooLarge',
        'request header fields too large',
        'Request Header Fields Too Large',
      );
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refuse(408, 'Timeout', 'the request did not arrive in time', 'Request Timeout');
    default:
      return refuse(400, 'BadRequest', 'the request is not HTTP', 'Bad Request');
  }
}

/** Sends an error response to a client whose bytes are not a valid request, and closes the connection. */
export function refuseClient(error: NodeJS.ErrnoException, socket: Duplex): void {
  // No response can be sent on a broken connection, or during a TLS handshake.
  if (!socket.writable || error.code === 'ECONNRESET' || error.code === 'ERR_TLS_SESSION_ATTACK') {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const body = toJsonText(refusal.status);
  const head = [
    `HTTP/1.1 ${refusal.httpCode} ${refusal.phrase}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
