import { EMBEDDED_CONTEXT, isLoopbackHost, TypeKroError } from '../core/index.ts';
import type { KubeConfig } from './types.ts';

/** The beginning of the addresses of embedded clusters that have ended, also of those that earlier versions wrote. */
const ENDED_SERVER = 'https://this-cluster-has-ended';

/**
 * The server in the kubeconfig of an embedded cluster that has ended. Clients print its name, which says what to do.
 *
 * No label of a name may end with a dash (RFC 1123). Clients in Go, such as kubectl, therefore refuse the name at once,
 * and ask no resolver. For other clients no resolver knows the domain (RFC 6761).
 *
 * @param command the command that starts the cluster again, as one label: words with dashes between them
 */
export const endedServer = (command: string): string => `${ENDED_SERVER}-.start-it-again-with.${command}.invalid`;

const remedyWith = (commands: string): string =>
  `start it again with ${commands}; for another cluster, name its kubeconfig with --kubeconfig or KUBECONFIG`;
const REMEDY = remedyWith('npm start, typekro up, typekro dev or typekro cluster start');

/** What the user can do. The address of a named cluster that has ended contains the name of the cluster. */
function remedyFor(server: string): string {
  const name = /^https:\/\/[^/]*\.typekro-cluster-start-([^./]+)\.invalid/.exec(server)?.[1];
  return name === undefined ? REMEDY : remedyWith(`typekro cluster start ${name}`);
}

/** Descriptions of the address of an embedded cluster that has ended, by the code of the failed connection. */
const SIGNS: readonly (readonly [codes: RegExp, words: (server: string) => string])[] = [
  [/^ECONNREFUSED$/, (server) => `nothing answers at ${server}`],
  [
    /^(?:EPROTO|ERR_TLS_CERT_ALTNAME_INVALID|CERT_SIGNATURE_FAILURE|UNABLE_TO_.*|SELF_SIGNED_CERT.*|DEPTH_ZERO_SELF_SIGNED.*)$/,
    (server) => `another server answers at ${server}`,
  ],
];

type Address = Pick<KubeConfig, 'server' | 'context' | 'source'>;

/** Is this the kubeconfig that an embedded cluster leaves behind when it ends in order? */
export function isEnded({ server }: Pick<KubeConfig, 'server'>): boolean {
  return server.startsWith(ENDED_SERVER);
}

/**
 * The error for a kubeconfig file of an embedded cluster that does not run any more. The file remains when the process
 * of the cluster was killed. Later the address is unused, or another process or a newer cluster listens on it.
 *
 * @param code of the failed connection, or `undefined` before the first request
 * @returns `undefined` for other kubeconfigs and for other failures
 */
export function endedCluster(config: Address, code: string | undefined, cause?: unknown): TypeKroError | undefined {
  const { server, source } = config;
  const words = code === undefined ? undefined : SIGNS.find(([codes]) => codes.test(code))?.[1](server);
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
 * newer cluster may listen there; the answer does not show which.
 *
 * @returns `undefined` for other kubeconfigs
 */
export function refusedByEmbedded(config: Address): TypeKroError | undefined {
  if (!isEmbeddedFile(config)) return undefined;
  const { server, source } = config;
  return new TypeKroError(`${server} refused the credentials of ${source ?? 'this kubeconfig'} (401)`, {
    code: 'kube/unauthorized',
    remedy: `renew the token if it is wrong or has expired; if the cluster of this kubeconfig has ended and another one answers, ${REMEDY}`,
  });
}

/**
 * Is this the address of an embedded cluster of this machine? For a named cluster, the kubeconfig of the user has the
 * context `typekro-<cluster>`.
 */
function isEmbeddedFile({ server, context, source }: Address): boolean {
  const { hostname } = new URL(server);
  const isOwn = context === EMBEDDED_CONTEXT || context.startsWith(`${EMBEDDED_CONTEXT}-`);
  return source !== undefined && isOwn && isLoopbackHost(hostname);
}
