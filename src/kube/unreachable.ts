import { TypeKroError } from '../core/index.ts';
import { connectionFailure } from './connection-failures.ts';
import { endedCluster } from './ended-cluster.ts';
import type { KubeConfig } from './types.ts';

type Address = Pick<KubeConfig, 'server' | 'context' | 'source'>;

/**
 * The error of a failed connection. The message has a description with the address or its host and, for a configuration
 * from a file, the context and the file. The error keeps the code of the system or of TLS, and the original error as its cause. For the kubeconfig of
 * an embedded cluster that has ended, the error says that the cluster has ended. Any other error is returned unchanged.
 */
export function unreachable(thrown: unknown, config: Address): unknown {
  if (!(thrown instanceof Error) || thrown instanceof TypeKroError) return thrown;
  const code: unknown = Reflect.get(thrown, 'code');
  if (typeof code !== 'string') return thrown;
  const ended = endedCluster(config, code, thrown);
  if (ended !== undefined) return ended;
  const { server } = config;
  const words =
    code === 'EPROTO'
      ? tlsFailure(thrown.message, server)
      : connectionFailure(code)?.words?.(server, new URL(server).hostname);
  if (words === undefined) return thrown;
  return Object.assign(new Error(`${words} (${code})${origin(config)}`, { cause: thrown }), { code });
}

/**
 * The description of a TLS failure. OpenSSL writes the reason between a memory address and a place in its source code.
 */
function tlsFailure(message: string, server: string): string {
  if (/wrong version number|packet length too long|http request/.test(message))
    return `the server at ${server} does not speak TLS`;
  const reason = /SSL routines:[^:]*:([^:]+):/.exec(message)?.[1];
  return `the TLS handshake with ${server} failed${reason === undefined ? '' : `: ${reason}`}`;
}

function origin({ context, source }: Address): string {
  if (source === undefined) return '';
  return `; the address is from the context "${context}" in ${source}`;
}
