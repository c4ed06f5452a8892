import type { RequestListener, Server, ServerOptions } from 'node:http';
import type { SecureContextOptions, TlsOptions } from 'node:tls';
import { cryptoLibrary, httpsLibrary, TypeKroError } from '@typekro/kit/core';
import type { ListenOptions, ServingCertificate } from '../cluster-options.ts';
import { createAuthority } from '@typekro/kube/certificates';

/** Creates TLS servers. */
export interface SecureServing {
  /**
   * The certificate with which clients verify the server, in PEM format: the generated authority, or the certificate
   * from the options.
   */
  readonly caData: string;
  createServer(limits: ServerOptions, onRequest: RequestListener): Server;
}

const NAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

/**
 * The trusted roots of a socket that accepts no client certificates. Without this list Node would read all public
 * roots, which takes 26 ms on Node 20.
 */
const NO_ROOTS: SecureContextOptions = { ca: [] };

/** The TLS options for the check of client certificates. */
interface ClientChecks {
  /** The options that are passed to the server when it is created. */
  readonly ofServer: TlsOptions;
  /** The authorities that may sign client certificates. They are set together with the server's certificate. */
  readonly ofCertificate: () => SecureContextOptions;
}

/**
 * The options for the check of client certificates. The handshake succeeds with any certificate; an invalid certificate
 * is refused in the response to the request. Session resumption is off, because a resumed session would skip the check
 * of the certificate. `own` creates the cluster's authority; it is called after the socket is open.
 */
function clientChecks(authority: string | undefined, own: (() => string) | undefined): ClientChecks {
  if (authority === undefined && own === undefined) return { ofServer: NO_ROOTS, ofCertificate: () => NO_ROOTS };
  if (authority !== undefined && createsSecuredServers()) {
    const remedy = 'let the clients send tokens, or serve on Node or Deno';
    throw new TypeKroError('this host does not tell a server the certificates of its clients', {
      code: 'cluster/certificate-unusable',
      remedy,
    });
  }
  const { X509Certificate, constants } = cryptoLibrary();
  // Node accepts any string as an authority. With a string that is not a certificate, Node would trust no client, so
  // the string is checked here.
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

/** Is this Bun? Its servers accept a certificate only when they are created, and do not tell those of their clients. */
const createsSecuredServers = (): boolean => !('setSecureContext' in httpsLibrary().Server.prototype);

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
 * (milliseconds since the epoch). `own` creates the authority of the client certificates that the cluster signs;
 * without `own`, the cluster signs no certificates.
 *
 * @throws TypeKroError `cluster/certificate-unusable` for a malformed certificate, and for a key that does not belong
 *   to its certificate. `createServer` throws the same error.
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
 * Creates a certificate for loopback and the given hosts, which are names or IP addresses. The certificate is valid at
 * `now` (milliseconds since the epoch). The PEM string ends with the certificate of the authority, so that clients can
 * use the whole string as trust anchor.
 */
export function createServingCertificate(now: number, hosts: readonly string[]): ServingCertificate {
  const authority = createAuthority(now);
  const { cert, key } = authority.issue(NAMES, ['127.0.0.1', ...hosts]);
  return { cert: cert + authority.ca, key };
}

/**
 * Creates the authority of the client certificates that a cluster signs. The authority is valid at `now` (milliseconds
 * since the epoch).
 */
export function createCertificateAuthority(now: number): ServingCertificate {
  const { ca, key } = createAuthority(now);
  return { cert: ca, key };
}

/**
 * A server whose certificate is created between the opening of the socket and the first handshake, so that opening the
 * socket does not wait for the certificate.
 */
function lateServer(
  certificate: () => SecureContextOptions,
  options: ServerOptions & TlsOptions,
  onRequest: RequestListener,
): Server {
  const { createServer } = httpsLibrary();
  if (createsSecuredServers()) return createServer({ ...options, ...certificate() }, onRequest);
  const server = createServer(options, onRequest);
  let secured = false;
  const secure = () => {
    if (secured) return;
    secured = true;
    server.setSecureContext(certificate());
  };
  // Sets the certificate before the server's own listener starts the handshake.
  server.prependOnceListener('connection', secure);
  server.once('listening', () => void setImmediate(secure));
  return server;
}
