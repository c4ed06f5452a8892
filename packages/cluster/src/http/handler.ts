import { serverVersionOf } from '@typekro/kit/kubernetes';
import type { AuditLog } from '../audit/audit-log.ts';
import type { aggregatedReply, AggregationContext, withOpenApiPaths } from '../aggregation/index.ts';
import { attributesOf, authorizeRequest } from '../auth/authorize.ts';
import type { impersonate } from '../auth/impersonate.ts';
import { type SchemaEngine, needsSchemas } from '../crd/needs-schemas.ts';
import type { discoveryReply } from '../discovery/discovery-reply.ts';
import { JsonSyntaxError } from '../codec/json.ts';
import { healthReply } from './health.ts';
import { compressReply } from './compress.ts';
import { indentedReply, prettyReply } from './pretty.ts';
import type { OtherPathsContext, otherPathReply } from './other-paths.ts';
import type {
  ApiReply,
  ApiRequest,
  AuditTrail,
  IncomingRequest,
  Interceptor,
  RequestHead,
} from '../protocol/request.ts';
import { Query, splitPath, splitTarget } from '../protocol/request.ts';
import { type RouterContext, routeResource } from './router.ts';
import {
  ApiError,
  badRequest,
  internalError,
  methodNotAllowed,
  requestTooLarge,
  serviceUnavailable,
} from '../errors/api-error.ts';
import { replyError, replyText, replyValue } from '../protocol/reply.ts';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import { lacksDescriptors, missesProgram, NO_DESCRIPTORS, PROGRAM_GONE } from '../errors/missing-program.ts';
import type { LazyModule } from '../lazy-module.ts';
import type { openApiReply } from '../openapi/open-api-reply.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { KubernetesRelease } from '../release.ts';

/** The parts of the cluster that requests use. */
export type HandlerContext = RouterContext &
  AggregationContext &
  OtherPathsContext & {
    readonly access: ClusterAccess;
    /** `undefined` for a cluster without an audit log. */
    readonly auditLog: AuditLog | undefined;
    /** Called for each request before it is handled. Set while the cluster has fault rules. */
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
      readonly otherPaths: LazyModule<{ readonly otherPathReply: typeof otherPathReply }>;
      readonly schemaEngine: LazyModule<SchemaEngine>;
    };
  };

/** The maximum size of a request body, in bytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/**
 * Handles one request: authenticates, authorizes and routes it. `identity` is the user of a request without a token;
 * with `refuse`, such a request is refused. Errors become `Status` responses. An unexpected exception, including one of
 * the audit log, becomes a 500 without internal details. Never rejects.
 */
export async function handle(
  context: HandlerContext,
  raw: IncomingRequest,
  identity: UserInfo | 'refuse' | undefined,
): Promise<ApiReply> {
  const { auditLog } = context;
  try {
    const reply =
      auditLog === undefined
        ? await answered(context, raw, { identity })
        : await auditLog.follow(raw, identity, (followed, user, audit) =>
            answered(context, followed, user === undefined ? { identity } : { user }, audit),
          );
    return await compressReply(raw.headers['accept-encoding'], prettyReply(raw, reply));
  } catch (thrown) {
    return replyThrown(context, thrown, raw, []);
  }
}

/** Either the authenticated user of a request, or the identity to use if the request has no token. */
type Requester = { readonly user: UserInfo } | { readonly identity: UserInfo | 'refuse' | undefined };

async function answered(
  context: HandlerContext,
  raw: IncomingRequest,
  requester: Requester,
  audit?: AuditTrail,
): Promise<ApiReply> {
  const warnings: string[] = [];
  try {
    return await answer(context, raw, requester, warnings, audit);
  } catch (thrown) {
    return replyThrown(context, thrown, raw, warnings, audit);
  }
}

function replyThrown(
  context: Pick<HandlerContext, 'report'>,
  thrown: unknown,
  raw: IncomingRequest,
  warnings: readonly string[],
  audit?: AuditTrail,
): ApiReply {
  if (thrown instanceof ApiError) return replyError(thrown, warnings, wantsYaml(raw.headers['accept']));
  if (thrown instanceof URIError) return replyError(badRequest('malformed path'), warnings);
  if (thrown instanceof JsonSyntaxError) return replyError(badRequest(thrown.message), warnings);
  context.report(thrown);
  audit?.panic(thrown);
  if (lacksDescriptors(thrown)) return replyError(serviceUnavailable(NO_DESCRIPTORS), warnings);
  const cause = missesProgram(thrown) ? `: ${PROGRAM_GONE}` : '';
  return replyError(internalError(`Internal error occurred${cause}`), warnings);
}

const wantsYaml = (accept: string | undefined) => accept !== undefined && accept.startsWith('application/yaml');

async function answer(
  context: HandlerContext,
  raw: IncomingRequest,
  requester: Requester,
  warnings: string[],
  audit: AuditTrail | undefined,
): Promise<ApiReply> {
  const { method, target, headers, body, clientSignal } = raw;
  const { path, query: text } = splitTarget(target);
  const query = new Query(text);
  const received = { method, path, target, segments: splitPath(path), query, headers, clientSignal };
  let user = 'user' in requester ? requester.user : context.access.authenticate(headers, requester.identity);
  raw.admit?.(!user.groups.includes('system:unauthenticated'));
  if (asksToImpersonate(headers)) {
    const { impersonate } = await context.parts.impersonation.load();
    user = impersonate(context, user, headers, attributesOf(received), audit);
  }
  const request: RequestHead = { ...received, user, ...(audit === undefined ? {} : { audit }) };
  if (context.intercept === undefined) return dispatch(context, request, body, warnings);
  const guarded = async (changed: RequestHead) => {
    try {
      return await dispatch(context, changed, body, warnings);
    } catch (thrown) {
      return replyThrown(context, thrown, raw, warnings, audit);
    }
  };
  return context.intercept(request, guarded);
}

/** Does the request have impersonation headers? */
function asksToImpersonate(headers: IncomingRequest['headers']): boolean {
  for (const name in headers) if (name.startsWith('impersonate-')) return true;
  return false;
}

/** Authorizes a request, then reads its body, and routes it. */
async function dispatch(
  context: HandlerContext,
  head: RequestHead,
  content: IncomingRequest['body'],
  warnings: string[],
): Promise<ApiReply> {
  authorizeRequest(context, head);
  const body = Buffer.isBuffer(content) ? content : await content();
  if (body.length > MAX_BODY_BYTES) throw requestTooLarge(MAX_BODY_BYTES);
  const request: ApiRequest = { ...head, body };
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
    const reply = await documents.openApiReply(context.registry, request);
    if (!context.aggregationGate.isOpen) return reply;
    return (await context.parts.aggregation.load()).withOpenApiPaths(context, request, reply);
  }
  return otherPath(context, request);
}

/**
 * The response of another API server, or a discovery document that includes the versions of other servers. `undefined`
 * when the request concerns only this server.
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

const unknownPath = () => replyText(404, '404 page not found\n');

async function otherPath(context: HandlerContext, request: ApiRequest): Promise<ApiReply> {
  switch (request.segments[0]) {
    case 'version':
      if (request.method !== 'GET') throw methodNotAllowed();
      // An API server always indents the response to `/version`.
      return indentedReply(replyValue(200, versionInfo(context.registry.release)));
    case 'healthz':
    case 'livez':
    case 'readyz':
      return healthReply(request) ?? unknownPath();
    default:
      return (await context.parts.otherPaths.load()).otherPathReply(context, request) ?? unknownPath();
  }
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
    gitVersion: serverVersionOf(`1.${minor}`),
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
