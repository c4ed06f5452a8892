import { groupVersionPath } from '../../kubernetes/index.ts';
import type { aggregatedReply, AggregationContext, withOpenApiPaths } from '../aggregation/index.ts';
import { attributesOf, authorizeRequest } from '../auth/authorize.ts';
import type { impersonate } from '../auth/impersonate.ts';
import type { SchemaEngine } from '../crd/schemas.ts';
import { needsSchemas } from '../crd/schemas.ts';
import type { discoveryReply } from '../discovery/discovery.ts';
import { JsonSyntaxError } from '../codec/json.ts';
import { healthReply } from './health.ts';
import { compressReply } from './compress.ts';
import type { MetricsContext } from './metrics.ts';
import { metricsText } from './metrics.ts';
import { negotiate } from '../protocol/negotiate.ts';
import type { ApiReply, ApiRequest, Interceptor } from '../protocol/request.ts';
import { Query, splitPath } from '../protocol/request.ts';
import type { RouterContext } from './router.ts';
import { routeResource } from './router.ts';
import { ApiError, badRequest, internalError, methodNotAllowed, requestTooLarge } from '../errors/status.ts';
import { replyError, replyText, replyValue } from '../protocol/reply.ts';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import { issuerDocument, KEYS_PATH, keySetOf } from '../auth/token-documents.ts';
import type { LazyModule } from '../lazy-module.ts';
import type { openApiReply } from '../openapi/open-api-reply.ts';
import type { UserInfo } from '../options.ts';
import type { Registry } from '../registry/registry.ts';
import type { KubernetesRelease } from '../release.ts';
import { versionOf } from '../release.ts';

/** A request from a listener or a transport. */
export interface IncomingRequest {
  readonly method: string;
  /** Path with its query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

/** The parts of the cluster that requests use. */
export type HandlerContext = RouterContext &
  AggregationContext &
  MetricsContext & {
    readonly access: ClusterAccess;
    /** The URL of the latest socket; `undefined` for a cluster without sockets. */
    readonly serverUrl: string | undefined;
    /** Gets each request before the verbs do. It is set while the cluster has fault rules. */
    readonly intercept: Interceptor | undefined;
    /** Receives errors that are not refusals. */
    readonly report: (thrown: unknown) => void;
    readonly parts: {
      readonly aggregation: LazyModule<{
        readonly aggregatedReply: typeof aggregatedReply;
        readonly withOpenApiPaths: typeof withOpenApiPaths;
      }>;
      readonly discovery: LazyModule<{ readonly discoveryReply: typeof discoveryReply }>;
      readonly impersonation: LazyModule<{ readonly impersonate: typeof impersonate }>;
      readonly openApi: LazyModule<{ readonly openApiReply: typeof openApiReply }>;
      readonly schemaEngine: LazyModule<SchemaEngine>;
    };
  };

/** The maximum size of a request body, in bytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/**
 * Answers one request: authenticates, authorizes and routes it. `identity` is the user of a request without a token;
 * `refuse` refuses such a request. Errors become `Status` answers. An unexpected exception becomes a 500 without
 * internal details.
 */
export async function handle(
  context: HandlerContext,
  raw: IncomingRequest,
  identity: UserInfo | 'refuse' | undefined,
): Promise<ApiReply> {
  if (raw.body.length > MAX_BODY_BYTES) return replyError(requestTooLarge(MAX_BODY_BYTES));
  const reply = await answered(context, raw, identity);
  try {
    return await compressReply(raw.headers['accept-encoding'], reply);
  } catch (thrown) {
    return replyThrown(context, thrown, raw, []);
  }
}

async function answered(
  context: HandlerContext,
  raw: IncomingRequest,
  identity: UserInfo | 'refuse' | undefined,
): Promise<ApiReply> {
  const warnings: string[] = [];
  try {
    return await answer(context, raw, identity, warnings);
  } catch (thrown) {
    return replyThrown(context, thrown, raw, warnings);
  }
}

function replyThrown(
  context: Pick<HandlerContext, 'report'>,
  thrown: unknown,
  raw: IncomingRequest,
  warnings: readonly string[],
): ApiReply {
  if (thrown instanceof ApiError) return replyError(thrown, warnings, wantsYaml(raw.headers['accept']));
  if (thrown instanceof URIError) return replyError(badRequest('malformed path'), warnings);
  if (thrown instanceof JsonSyntaxError) return replyError(badRequest(thrown.message), warnings);
  context.report(thrown);
  return replyError(internalError('Internal error occurred'), warnings);
}

const wantsYaml = (accept: string | undefined) => accept !== undefined && accept.startsWith('application/yaml');

async function answer(
  context: HandlerContext,
  raw: IncomingRequest,
  identity: UserInfo | 'refuse' | undefined,
  warnings: string[],
): Promise<ApiReply> {
  const mark = raw.target.indexOf('?');
  const path = mark < 0 ? raw.target : raw.target.slice(0, mark);
  const query = new Query(mark < 0 ? '' : raw.target.slice(mark + 1));
  const { method, target, headers, body } = raw;
  const received = { method, path, target, segments: splitPath(path), query, headers, body };
  let user = context.access.authenticate(headers, identity);
  if (asksToImpersonate(headers)) {
    const { impersonate } = await context.parts.impersonation.load();
    user = impersonate(context, user, headers, attributesOf(received));
  }
  const request: ApiRequest = { ...received, user };
  if (context.intercept === undefined) return dispatch(context, request, warnings);
  const guarded = async (changed: ApiRequest) => {
    try {
      return await dispatch(context, changed, warnings);
    } catch (thrown) {
      return replyThrown(context, thrown, raw, warnings);
    }
  };
  return context.intercept(request, guarded);
}

/** Does the request have impersonation headers? */
function asksToImpersonate(headers: IncomingRequest['headers']): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** Authorizes and routes a request. */
async function dispatch(context: HandlerContext, request: ApiRequest, warnings: string[]): Promise<ApiReply> {
  authorizeRequest(context, request);
  const [first, second, third] = request.segments;
  const { openApi, schemaEngine } = context.parts;
  if (needsSchemas(context.store, schemaEngine, second)) await schemaEngine.load();
  if (first === 'api') {
    if (request.segments.length <= 2) return discover(context, request, '', second);
    return routeResource(context, request, '', second ?? '', request.segments.slice(2), warnings);
  }
  if (first === 'apis' || first === 'openapi') {
    const reply = context.aggregationGate.isOpen ? await aggregated(context, request) : undefined;
    if (reply !== undefined) return reply;
  }
  if (first === 'apis') {
    if (request.segments.length <= 3) return discover(context, request, second, third);
    return routeResource(context, request, second ?? '', third ?? '', request.segments.slice(3), warnings);
  }
  if (first === 'openapi') {
    const documents = await openApi.load();
    const reply = documents.openApiReply(context.registry, request);
    if (!context.aggregationGate.isOpen) return reply;
    return (await context.parts.aggregation.load()).withOpenApiPaths(context, request, reply);
  }
  return otherPath(context, request);
}

/**
 * The answer of another server, or a discovery document with the versions of other servers; `undefined` when the
 * request concerns no other server.
 */
async function aggregated(context: HandlerContext, request: ApiRequest): Promise<ApiReply | undefined> {
  const { aggregatedReply } = await context.parts.aggregation.load();
  return aggregatedReply(context, request);
}

async function discover(
  { parts, registry }: HandlerContext,
  request: ApiRequest,
  group: string | undefined,
  version: string | undefined,
): Promise<ApiReply> {
  const { discoveryReply } = await parts.discovery.load();
  const known = discoveryReply(registry, request, group, version);
  if (known === undefined) return unknownPath();
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  return known;
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

const unknownPath = () => replyText(404, '404 page not found\n');

function otherPath(context: HandlerContext, request: ApiRequest): ApiReply {
  const [first, second] = request.segments;
  switch (first) {
    case undefined:
      return replyValue(200, { paths: servedPaths(context.registry) }, negotiate(request.headers['accept'], {}));
    case 'version':
      if (request.method !== 'GET') throw methodNotAllowed();
      return replyValue(200, versionInfo(context.registry.release));
    case 'healthz':
    case 'livez':
    case 'readyz':
      return healthReply(request) ?? unknownPath();
    case '.well-known':
    case 'openid':
      return issuerReply(context, request);
    case 'metrics':
      if (second !== undefined) return unknownPath();
      return replyText(200, metricsText(context), 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    default:
      return unknownPath();
  }
}

/**
 * Answers with the keys of service-account tokens, or with the document that has the URL of the keys. As in Kubernetes,
 * both exist only for an issuer that is an https URL. The URL has the address of the server, and not the host of the
 * request, because a proxy may keep the document for other clients.
 */
function issuerReply({ access: { tokens }, serverUrl }: HandlerContext, request: ApiRequest): ApiReply {
  const isKeys = request.path === KEYS_PATH;
  if (!isKeys && request.path !== '/.well-known/openid-configuration') return unknownPath();
  if (!tokens.issuer.startsWith('https://')) return unknownPath();
  if (request.method !== 'GET') throw methodNotAllowed();
  const keys = tokens.verificationKeys();
  const url = serverUrl ?? 'https://kubernetes.default.svc';
  const value = isKeys ? keySetOf(keys) : issuerDocument(tokens.issuer, url, keys);
  return replyValue(200, value, undefined, {
    'content-type': isKeys ? 'application/jwk-set+json' : 'application/json',
    'cache-control': 'public, max-age=3600',
  });
}

function versionInfo(release: KubernetesRelease) {
  const { minor } = release;
  return {
    major: '1',
    minor: String(minor),
    emulationMajor: '1',
    emulationMinor: String(minor),
    minCompatibilityMajor: '1',
    minCompatibilityMinor: String(minor - 1),
    gitVersion: `${versionOf(release)}+typekro`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
