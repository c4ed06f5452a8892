import type { RequestListener, Server, ServerOptions } from 'node:http';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { cryptoLibrary, httpsLibrary, TypeKroError } from '../../core/index.ts';
import type { ListenOptions, ServingCertificate } from '../options.ts';
import { createAuthority } from '../codec/certificate.ts';

/** Makes servers with TLS. */
export interface SecureServing {
  /** The authority of the server's certificate, or the given certificate, as PEM text. */
  readonly caData: string;
  createServer(limits: ServerOptions, onRequest: RequestListener): Server;
}

const NAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

/**
 * The trusted roots of a socket that accepts no client certificates. Without this list Node would read all public
 * roots, which takes 26 ms on Node 20.
 */
const NO_ROOTS: SecureContextOptions = { ca: [] };

/** The options by which a socket checks the certificates of its clients. */
interface ClientChecks {
  /** The options of the server itself. */
  readonly ofServer: TlsOptions;
  /** The authorities of clients. They are set together with the certificate of the server. */
  readonly ofCertificate: () => SecureContextOptions;
}

/**
 * The checks of client certificates. The handshake succeeds with any certificate, and the request gets the refusal. A
 * resumed session would skip the check of the certificate, so there are no resumed sessions. `own` makes the authority
 * of the cluster, after the socket is open.
 */
function clientChecks(authority: string | undefined, own: (() => string) | undefined): ClientChecks {
  if (authority === undefined && own === undefined) return { ofServer: NO_ROOTS, ofCertificate: () => NO_ROOTS };
  const { X509Certificate, constants } = cryptoLibrary();
  // TLS accepts any text as an authority. With a text that is no certificate, it trusts no client.
  if (authority !== undefined) readable(() => new X509Certificate(authority));
  const secureOptions = constants.SSL_OP_NO_TICKET;
  return {
    ofServer: { ...NO_ROOTS, requestCert: true, rejectUnauthorized: false, secureOptions },
    ofCertificate: () => {
      const ca = [authority, own?.()].filter((pem) => pem !== undefined);
      return { ca, allowPartialTrustChain: true, secureOptions };
    },
  };
}

/** Throws TypeKroError `cluster/certificate-unusable` when `work` cannot read a certificate or a key. */
function readable<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const what = 'use the certificate of the server, its key or the authority of client certificates';
    throw TypeKroError.from(error, { code: 'cluster/certificate-unusable', what });
  }
}

/**
 * Prepares TLS for a socket on `host`, with the certificate of the options or a generated one that is valid at `now`
 * (milliseconds since the epoch). `own` makes the authority of the client certificates that the cluster signs; without
 * it, the cluster signs none.
 *
 * @throws TypeKroError `cluster/certificate-unusable` for a text that is not a certificate, or not its key.
 *   `createServer` throws the same error.
 */
export function secureServing(
  options: Pick<ListenOptions, 'certificate' | 'clientCertificateAuthority'>,
  host: string,
  now: number,
  own: (() => string) | undefined,
): SecureServing {
  const { certificate } = options;
  const { ofServer, ofCertificate } = clientChecks(options.clientCertificateAuthority, own);
  if (certificate !== undefined) {
    return {
      caData: certificate.cert,
      createServer: (limits, onRequest) =>
        readable(() =>
          lateServer(
            () => ({ ...certificate, ...ofCertificate() }),
            { ...limits, ...ofServer, ...certificate },
            onRequest,
          ),
        ),
    };
  }
  const authority = createAuthority(now);
  const hosts = ['127.0.0.1', ...(['127.0.0.1', 'localhost'].includes(host) ? [] : [host])];
  return {
    caData: authority.ca,
    createServer: (limits, onRequest) =>
      lateServer(
        () => ({ ...authority.issue(NAMES, hosts), ...ofCertificate() }),
        { ...limits, ...ofServer },
        onRequest,
      ),
  };
}

/**
 * Makes a certificate for a socket on loopback and the given hosts, which are names or IP addresses. It is valid at
 * `now` (milliseconds since the epoch). Its text ends with the certificate of its authority, so that clients can trust
 * the whole text.
 */
export function createServingCertificate(now: number, hosts: readonly string[]): ServingCertificate {
  const authority = createAuthority(now);
  const { cert, key } = authority.issue(NAMES, ['127.0.0.1', ...hosts]);
  return { cert: cert + authority.ca, key };
}

/**
 * Makes the authority of the client certificates that a cluster signs, valid at `now` (milliseconds since the epoch).
 */
export function createCertificateAuthority(now: number): ServingCertificate {
  const { ca, key } = createAuthority(now);
  return { cert: ca, key };
}

/**
 * A server whose certificate is made after its socket is open, and before its first handshake. Opening the socket does
 * not wait for the certificate.
 */
function lateServer(
  certificate: () => SecureContextOptions,
  options: ServerOptions & TlsOptions,
  onRequest: RequestListener,
): Server {
  const { createServer, Server } = httpsLibrary();
  // Bun's servers accept a certificate only when they are created.
  if (!('setSecureContext' in Server.prototype)) return createServer({ ...options, ...certificate() }, onRequest);
  const server = createServer(options, onRequest);
  let secured = false;
  const secure = () => {
    if (secured) return;
    secured = true;
    server.setSecureContext(certificate());
  };
  // Runs before the server's own listener, which starts the handshake.
  server.prependOnceListener('connection', secure);
  server.once('listening', () => void setImmediate(secure));
  return server;
}
