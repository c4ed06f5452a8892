import { groupVersionPath } from '@typekro/kit/kubernetes';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import { KEYS_PATH, issuerDocument, keySetOf } from '../auth/token-documents.ts';
import { methodNotAllowed } from '../errors/api-error.ts';
import { negotiate } from '../protocol/negotiate.ts';
import { replyText, replyValue } from '../protocol/reply.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import type { Registry } from '../registry/registry.ts';
import { withGroup } from '@typekro/kit/core';
import type { OpenStreams } from '../protocol/open-streams.ts';
import type { Store } from '../store/store.ts';

/**
 * Paths that clients rarely request. `lazy-modules.ts` loads this module at the first request for one of these paths.
 */

/** The parts of the cluster that these paths use. */
export interface OtherPathsContext extends MetricsContext {
  readonly registry: Registry;
  readonly access: Pick<ClusterAccess, 'tokens'>;
  /** The URL of the latest socket; `undefined` for a cluster without sockets. */
  readonly serverUrl: string | undefined;
}

/**
 * The response to `/`, to `/metrics`, and to the paths of the token keys; `undefined` for a path that is not served.
 */
export function otherPathReply(context: OtherPathsContext, request: ApiRequest): ApiReply | undefined {
  const [first, second] = request.segments;
  switch (first) {
    case undefined:
      return replyValue(200, { paths: servedPaths(context.registry) }, negotiate(request.headers['accept'], {}));
    case '.well-known':
    case 'openid':
      return issuerReply(context, request);
    case 'metrics':
      if (second !== undefined) return undefined;
      return replyText(200, metricsText(context), 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    default:
      return undefined;
  }
}

/** The served paths, except those of groups and their versions. */
const OWN_PATHS = [
  '/.well-known/openid-configuration',
  '/api',
  '/apis',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/readyz',
  '/version',
];

/** The paths that `/` lists. */
function servedPaths(registry: Registry): string[] {
  const paths = new Set(OWN_PATHS);
  for (const { group, version } of registry.all()) {
    if (group !== '') paths.add(`/apis/${group}`);
    paths.add(groupVersionPath({ group, version }));
  }
  return [...paths].toSorted();
}

/**
 * The response with the public keys of service-account tokens, or with the OpenID document that contains the URL of the
 * keys. As in Kubernetes, these paths exist only when the issuer is an https URL. The URL contains the server's address
 * instead of the request's host, because a proxy may cache the document for other clients.
 */
function issuerReply({ access: { tokens }, serverUrl }: OtherPathsContext, request: ApiRequest): ApiReply | undefined {
  const isKeys = request.path === KEYS_PATH;
  if (!isKeys && request.path !== '/.well-known/openid-configuration') return undefined;
  if (!tokens.issuer.startsWith('https://')) return undefined;
  if (request.method !== 'GET') throw methodNotAllowed();
  const keys = tokens.verificationKeys();
  const url = serverUrl ?? 'https://kubernetes.default.svc';
  const value = isKeys ? keySetOf(keys) : issuerDocument(tokens.issuer, url, keys);
  return replyValue(200, value, undefined, {
    'content-type': isKeys ? 'application/jwk-set+json' : 'application/json',
    'cache-control': 'public, max-age=3600',
  });
}

/** The parts of the cluster that the metrics describe. */
export interface MetricsContext {
  readonly store: Store;
  readonly streams: OpenStreams;
}

/** Metrics of the cluster in the text format of Prometheus. */
export function metricsText({ store, streams }: MetricsContext): string {
  const lines = [
    '# HELP apiserver_storage_objects Number of stored objects by resource.',
    '# TYPE apiserver_storage_objects gauge',
  ];
  for (const collection of store.collections()) {
    const name = withGroup(collection.plural, collection.group);
    lines.push(`apiserver_storage_objects{resource="${name}"} ${collection.size}`);
  }
  const watches = [...streams].filter(({ isWatch }) => isWatch).length;
  lines.push(
    '# HELP apiserver_longrunning_requests Number of open watches.',
    '# TYPE apiserver_longrunning_requests gauge',
    `apiserver_longrunning_requests{verb="WATCH"} ${watches}`,
    '# HELP process_resident_memory_bytes Resident memory of the process.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
  );
  return `${lines.join('\n')}\n`;
}
