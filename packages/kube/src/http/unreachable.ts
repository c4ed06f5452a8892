import { TypeKroError } from '@typekro/kit/core';
import { connectionFailure } from './connection-failures.ts';
import { endedCluster } from '../config/ended-cluster.ts';
import type { KubeConfig } from '../kube-api.ts';

type Address = Pick<KubeConfig, 'server' | 'context' | 'source' | 'certificateAuthority'>;

/**
 * The error of a failed connection. The message describes the failure and names the address or its host. If the
 * configuration comes from a file, it also names the context and the file. The error keeps the error code of the
 * operating system or of TLS, and has the original error as its cause. For the kubeconfig of an ended embedded cluster,
 * the error says that the cluster has ended. Any other error is returned unchanged.
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
 * The description of a TLS failure. In OpenSSL's message, the reason is between a memory address and a position in its
 * source code.
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
