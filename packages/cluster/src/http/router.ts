import { goQuote } from '@typekro/kit/golang';
import { pathSegment } from '@typekro/kit/kubernetes';
import type { SchemaEngine } from '../crd/needs-schemas.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { type ReadContext, getObject, listObjects } from '../verbs/read.ts';
import { type Negotiated, type Output, negotiate } from '../protocol/negotiate.ts';
import type { ApiReply, ApiRequest } from '../protocol/request.ts';
import { type Route, checkVerb, isRead, isVirtual } from '../verbs/route.ts';
import { badRequest, methodNotAllowed, notFound, unknownResource } from '../errors/api-error.ts';
import { replyText } from '../protocol/reply.ts';
import type { LazyModule } from '../lazy-module.ts';
import type { Registry } from '../registry/registry.ts';
import type { tableOf } from '../table/table.ts';
import type { WatchContext, watchObjects } from '../verbs/watch.ts';
import type { routeWrite, WriteRouterContext } from './write-router.ts';

/** Subresources that return an object, and can return it as a table or as metadata. */
const VIEWS = new Set(['status', 'scale']);

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** The parts of the cluster that requests for resources use. */
export type RouterContext = WriteRouterContext &
  WatchContext & {
    readonly parts: {
      readonly watching: LazyModule<{ readonly watchObjects: typeof watchObjects }>;
      readonly writing: LazyModule<{ readonly routeWrite: typeof routeWrite }>;
      readonly schemaEngine: LazyModule<SchemaEngine>;
      readonly tables: LazyModule<{ readonly tableOf: typeof tableOf }>;
    };
  };

/** Loads the code that prints tables, and adds it to the output form. */
async function withTables({ clock, parts }: RouterContext, output: Negotiated & { form: 'table' }): Promise<Output> {
  const tables = await parts.tables.load();
  return { ...output, tableOf: (...shown) => tables.tableOf(clock, ...shown) };
}

/** Parses the resource, namespace and name from a path; `undefined` when no resource serves the path. */
function parseRoute(registry: Registry, group: string, version: string, parts: readonly string[]): Route | undefined {
  const watchPath = parts[0] === 'watch' && parts.length > 1;
  const segments = watchPath ? parts.slice(1) : parts;
  const scoped =
    segments[0] === 'namespaces' &&
    segments.length >= 3 &&
    !(group === '' && NAMESPACE_SUBRESOURCES.has(segments[2] ?? ''));
  const namespace = scoped ? (segments[1] ?? '') : '';
  const [plural = '', name = '', subresource = '', ...rest] = scoped ? segments.slice(2) : segments;
  const resource = registry.find(group, version, plural);
  if (resource === undefined) return undefined;
  if (resource.namespaced ? name !== '' && !scoped : scoped) return undefined;
  return { resource, namespace, name, subresource, rest, watchPath };
}

/** Handles a request for a resource. */
export async function routeResource(
  context: RouterContext,
  request: ApiRequest,
  group: string,
  version: string,
  parts: readonly string[],
  warnings: string[],
): Promise<ApiReply> {
  const route = parseRoute(context.registry, group, version, parts);
  if (route === undefined) {
    const known = context.registry.hasGroup(group) && !isCustomGroup(context.registry, group);
    if (!known) return replyText(404, '404 page not found\n');
    throw unknownResource();
  }
  const { resource, subresource } = route;
  const wrong = pathSegment(route.name);
  if (wrong.length > 0) throw badRequest(`Name parameter invalid: ${goQuote(route.name)}: ${wrong.join(';')}`);
  // Only the subresource `proxy` may be followed by additional segments.
  const hasFurtherSegments = route.rest.length > 0 && subresource !== 'proxy';
  if (hasFurtherSegments || (subresource !== '' && !resource.subresources.has(subresource))) {
    throw resource.custom === undefined ? unknownResource() : notFound(resource, route.name);
  }
  const { deprecation } = resource.custom ?? { deprecation: builtinDeprecation(resource) };
  if (deprecation !== undefined) {
    warnings.push(deprecation);
    request.audit?.annotate('k8s.io/deprecated', 'true');
  }
  if (request.method === 'HEAD' && subresource !== 'proxy') throw methodNotAllowed();
  const shown = subresource === '' || VIEWS.has(subresource);
  const streams = subresource === '' && route.name === '' && request.method === 'GET';
  // A kind without GET, such as a review, is never returned as a table. Objects, their Scales and other parts of stored
  // objects can be returned as metadata.
  const table = shown && resource.verbs.has('get');
  const partial = shown || !isVirtual(subresource);
  const negotiated = negotiate(request.headers['accept'], { table, partial, streams });
  const output = negotiated.form === 'table' ? await withTables(context, negotiated) : negotiated;
  // A shard selector is an expression, which the schema engine parses.
  if (route.name === '' && request.query.get('shardSelector') !== '') await context.parts.schemaEngine.load();
  if (isRead(request, route)) return read(context, request, route, output, warnings);
  const writing = await context.parts.writing.load();
  return writing.routeWrite(context, request, route, output, warnings);
}

function isCustomGroup(registry: Registry, group: string): boolean {
  for (const resource of registry.all()) if (resource.group === group) return resource.custom !== undefined;
  return false;
}

function builtinDeprecation({ group, plural }: ServedResource): string | undefined {
  if (group !== '') return undefined;
  if (plural === 'endpoints') return 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice';
  return plural === 'componentstatuses' ? 'v1 ComponentStatus is deprecated in v1.19+' : undefined;
}

/** Handles a GET of stored objects. */
async function read(
  context: ReadContext & RouterContext,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
): Promise<ApiReply> {
  checkVerb(route, request);
  if (route.watchPath || (route.name === '' && request.query.flag('watch'))) {
    const { watchObjects } = await context.parts.watching.load();
    return watchObjects(context, request, route, output, warnings);
  }
  if (route.name === '') return listObjects(context, request, route, output, warnings);
  return getObject(context, request, route, output, warnings);
}
