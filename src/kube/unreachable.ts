import { TypeKroError } from '../core/index.ts';
import type { KubeConfig } from './types.ts';

type Address = Pick<KubeConfig, 'server' | 'context' | 'source'>;

/** What the system and TLS say when no connection comes about, in words, by their codes. */
const WORDS: readonly (readonly [code: RegExp, words: (address: string, host: string) => string])[] = [
  [/^ECONNREFUSED$/, (address) => `nothing answers at ${address}`],
  [/^(?:ENOTFOUND|EAI_AGAIN)$/, (_address, host) => `the name ${host} is unknown`],
  [/^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, (address) => `no way leads to ${address}`],
  [/^ECONNRESET$/, (address) => `the connection to ${address} was cut`],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, (_address, host) => `the certificate of the server is not for the name ${host}`],
  [/^CERT_HAS_EXPIRED$/, (address) => `the certificate of ${address} has expired`],
  [
    /^(?:UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED)/,
    (address) => `the certificate of ${address} is from an authority that is not trusted`,
  ],
];

/**
 * The error of a connection that did not come about: what it is in words, the address, and the context and the file
 * that name it. Keeps the code of the system or of TLS, and the error as the cause. Others pass as they are.
 */
export function unreachable(thrown: unknown, config: Address): unknown {
  if (!(thrown instanceof Error) || thrown instanceof TypeKroError) return thrown;
  const code: unknown = Reflect.get(thrown, 'code');
  if (typeof code !== 'string') return thrown;
  const words = code === 'EPROTO' ? tlsFailure(thrown.message, config.server) : known(code, config.server);
  if (words === undefined) return thrown;
  return Object.assign(new Error(`${words} (${code})${origin(config)}`, { cause: thrown }), { code });
}

function known(code: string, server: string): string | undefined {
  const words = WORDS.find(([codes]) => codes.test(code))?.[1];
  return words?.(server, new URL(server).hostname);
}

/** OpenSSL's line holds an address in memory and a place in its source; the reason stands between. */
function tlsFailure(message: string, server: string): string {
  if (/wrong version number|packet length too long|http request/.test(message))
    return `the server at ${server} does not speak TLS`;
  const reason = /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
  return `${server} does not take part in TLS${reason === undefined ? '' : `: ${reason}`}`;
}

function origin({ context, source }: Address): string {
  if (source === undefined) return '';
  return `, the server of the context "${context}" in ${source}`;
}
