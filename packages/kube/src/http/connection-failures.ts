/** Matches the TLS error codes for a certificate of an authority that is not trusted. */
const UNKNOWN_AUTHORITY = /^(?:UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|CERT_SIGNATURE_FAILURE)/;

/** A description of a failed connection, and its remedy. */
interface ConnectionFailure {
  readonly codes: RegExp;
  /** The description of the failure; absent when the error's own message is clear enough. */
  readonly words?: (address: string, host: string) => string;
  readonly remedy: string;
}

const NETWORK_REMEDY = 'check the network, any VPN or firewall in between, and "server" in the kubeconfig';

/** The known connection failures. Each has its error codes, of the operating system or of TLS, and a remedy. */
const CONNECTION_FAILURES: readonly ConnectionFailure[] = [
  {
    codes: /^ECONNREFUSED$/,
    words: (address) => `nothing listens at ${address}`,
    remedy: 'start that cluster, correct "server" in the kubeconfig, or name another context',
  },
  {
    codes: /^(?:ENOTFOUND|EAI_AGAIN)$/,
    words: (_address, host) => `the name ${host} is unknown`,
    remedy: 'correct "server" of the cluster in the kubeconfig, or check the network and its DNS',
  },
  {
    codes: /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    words: (address) => `there is no route to ${address}`,
    remedy: NETWORK_REMEDY,
  },
  { codes: /^ECONNRESET$/, words: (address) => `the connection to ${address} was interrupted`, remedy: NETWORK_REMEDY },
  {
    // The description depends on the message: see `tlsFailure`.
    codes: /^EPROTO$/,
    remedy: 'write http:// in "server" of the kubeconfig, or name the port on which the server speaks TLS',
  },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    words: (_address, host) => `the certificate of the server is not valid for the name ${host}`,
    remedy: 'write a name of the certificate into "server" or "tls-server-name" of the kubeconfig',
  },
  {
    codes: /^CERT_HAS_EXPIRED$/,
    words: (address) => `the certificate of ${address} has expired`,
    remedy: 'renew the certificate on the server',
  },
  {
    codes: UNKNOWN_AUTHORITY,
    words: (address) => `the certificate of ${address} was issued by an authority that is not trusted`,
    remedy: 'check that "certificate-authority-data" in the kubeconfig is from this cluster',
  },
  {
    codes: /^ERR_OSSL_/,
    remedy: 'the certificate or the key of the user in the kubeconfig is not valid PEM: log in again, or replace it',
  },
];

/** Finds the known connection failure that has an error code; `undefined` for an unknown code. */
export function connectionFailure(code: string): ConnectionFailure | undefined {
  return CONNECTION_FAILURES.find(({ codes }) => codes.test(code));
}

/**
 * The remedy for a failed connection with an error code of the operating system or of TLS. Unknown codes have a general
 * remedy.
 */
export function connectionRemedy(code: string): string {
  return connectionFailure(code)?.remedy ?? 'check that the API server runs and that its address is correct';
}

/** Did a connection fail because no trusted authority has signed the certificate of the server? */
export function isUnknownAuthority(thrown: unknown): boolean {
  const code: unknown = thrown instanceof Error ? Reflect.get(thrown, 'code') : undefined;
  return typeof code === 'string' && UNKNOWN_AUTHORITY.test(code);
}
