import { EMBEDDED_CONTEXT, isLoopbackHost, TypeKroError } from '@typekro/kit/core';
import type { KubeConfig } from '../kube-api.ts';

/**
 * The prefix of the server address in the kubeconfig of an ended embedded cluster. Addresses that earlier versions
 * wrote have it as well.
 */
const ENDED_SERVER = 'https://this-cluster-has-ended';

/**
 * The server address in the kubeconfig of an ended embedded cluster. Clients print its host name, which says what the
 * user can do. The first label ends with a dash, which RFC 1123 forbids. Go clients such as kubectl therefore refuse
 * the name immediately, without a DNS query. For all other clients, the domain does not exist in DNS (RFC 6761).
 *
 * @param command the command that starts the cluster again, as one label: words with dashes between them
 */
export const endedServer = (command: string): string => `${ENDED_SERVER}-.start-it-again-with.${command}.invalid`;

const remedyWith = (commands: string): string =>
  `start it again with ${commands}; for another cluster, name its kubeconfig with --kubeconfig or KUBECONFIG`;
const REMEDY = remedyWith('npm start, typekro up, typekro dev or typekro cluster start');

/** The remedy for the user. The address of an ended named cluster contains the name of the cluster. */
function remedyFor(server: string): string {
  const name = /^https:\/\/[^/]*\.typekro-cluster-start-([^./]+)\.invalid/.exec(server)?.[1];
  return name === undefined ? REMEDY : remedyWith(`typekro cluster start ${name}`);
}

/**
 * Descriptions of what is now at the address of an ended embedded cluster. `codes` matches the error code of the failed
 * connection.
 */
const SIGNS: readonly (readonly [codes: RegExp, words: (server: string) => string])[] = [
  [/^ECONNREFUSED$/, (server) => `nothing listens at ${server}`],
  [
    /^(?:EPROTO|ERR_TLS_CERT_ALTNAME_INVALID|CERT_SIGNATURE_FAILURE|UNABLE_TO_.*|SELF_SIGNED_CERT.*|DEPTH_ZERO_SELF_SIGNED.*)$/,
    (server) => `another server responds at ${server}`,
  ],
];

type Address = Pick<KubeConfig, 'server' | 'context' | 'source' | 'certificateAuthority'>;

/** Is this the kubeconfig that an embedded cluster leaves behind after a regular shutdown? */
export function isEnded({ server }: Pick<KubeConfig, 'server'>): boolean {
  return server.startsWith(ENDED_SERVER);
}

/**
 * The error for a kubeconfig file of an embedded cluster that does not run any more. After a regular shutdown, the file
 * has an address that no server can have (`endedServer`). After the process of the cluster was killed, the file still
 * has the former address: it is unused, or another process or a newer cluster listens on it.
 *
 * @param code of the failed connection, or `undefined` before the first request
 * @returns `undefined` for other kubeconfigs and for other failures
 */
export function endedCluster(config: Address, code: string | undefined, cause?: unknown): TypeKroError | undefined {
  const { server, source } = config;
  // Every embedded cluster writes its authority. Without one, the client trusts no cluster, ended or not.
  const isBlind = config.certificateAuthority === undefined && code !== 'ECONNREFUSED';
  const words = code === undefined || isBlind ? undefined : SIGNS.find(([codes]) => codes.test(code))?.[1](server);
  const isFound = isEnded(config) || (isEmbeddedFile(config) && words !== undefined);
  if (!isFound) return undefined;
  const why = words === undefined || isEnded(config) ? '' : `: ${words} (${code})`;
  return new TypeKroError(`the embedded cluster of ${source ?? 'this kubeconfig'} has ended${why}`, {
    code: 'kube/ended',
    remedy: remedyFor(server),
    ...(cause === undefined ? {} : { cause }),
  });
}

/**
 * The error for refused credentials at the address of an embedded cluster. The token may be wrong or expired, or a
 * newer cluster may listen there. The response does not show which of these is the cause.
 *
 * @returns `undefined` for other kubeconfigs
 */
export function refusedByEmbedded(config: Address): TypeKroError | undefined {
  if (!isEmbeddedFile(config)) return undefined;
  const { server, source } = config;
  return new TypeKroError(`${server} refused the credentials of ${source ?? 'this kubeconfig'} (401)`, {
    code: 'kube/unauthorized',
    remedy: `renew the token if it is wrong or has expired; if the cluster of this kubeconfig has ended and another server uses its address, ${REMEDY}`,
  });
}

/**
 * Is this the address of an embedded cluster on this machine? The context of a named cluster in the user's kubeconfig
 * is `typekro-<cluster>`.
 */
function isEmbeddedFile({ server, context, source }: Address): boolean {
  const { hostname } = new URL(server);
  const isOwn = context === EMBEDDED_CONTEXT || context.startsWith(`${EMBEDDED_CONTEXT}-`);
  return source !== undefined && isOwn && isLoopbackHost(hostname);
}
