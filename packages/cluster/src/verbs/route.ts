import type { ServedResource } from '../registry/served-resource.ts';
import type { WriteRequestOptions } from './request-options.ts';
import type { Output } from '../protocol/negotiate.ts';
import { methodNotAllowed } from '../errors/api-error.ts';
import { type ApiReply, type ApiRequest, verbOf } from '../protocol/request.ts';

/** The parts of a path below a group and version. */
export interface Route {
  readonly resource: ServedResource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** The segments after the subresource. Only paths of `proxy` have them. */
  readonly rest: readonly string[];
  /** Does the path have the deprecated form with `watch/` before the resource? */
  readonly watchPath: boolean;
}

/** A handler of requests below a group and version. Adds to `warnings` those that the response has. */
export type RouteReply<Context, Result = ApiReply | Promise<ApiReply> | undefined> = (
  context: Context,
  request: ApiRequest,
  route: Route,
  output: Output,
  warnings: string[],
) => Result;

/** Options for a write that uses only `dryRun` of its request. */
export const noOptions = (dryRun: boolean): WriteRequestOptions => ({
  dryRun,
  manager: '',
  fieldValidation: 'Ignore',
  force: false,
});

/** Subresources whose responses are not the stored object. */
export type VirtualSubresource =
  | 'attach'
  | 'binding'
  | 'eviction'
  | 'exec'
  | 'log'
  | 'portforward'
  | 'proxy'
  | 'scale'
  | 'token';

const VIRTUAL: ReadonlySet<string> = new Set<VirtualSubresource>([
  'attach',
  'binding',
  'eviction',
  'exec',
  'log',
  'portforward',
  'proxy',
  'scale',
  'token',
]);

export const isVirtual = (subresource: string): boolean => VIRTUAL.has(subresource);

/** Does the request read stored objects? */
export const isRead = (request: ApiRequest, route: Route): boolean =>
  request.method === 'GET' && !isVirtual(route.subresource);

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** The methods that only the subresource `proxy` supports. */
const PROXY_METHODS: ReadonlySet<string> = new Set(['HEAD', 'OPTIONS']);

/**
 * May the method be used on a subresource that is a part of the stored object? Such a subresource can be read and
 * changed, but not created or deleted.
 */
const fitsStoredPart = (method: string): boolean => method === 'GET' || method === 'PUT' || method === 'PATCH';

/** Checks that the resource offers the verb of the request. Throws 405. */
export function checkVerb(route: Route, request: ApiRequest) {
  const { resource, subresource, name, watchPath } = route;
  const { method } = request;
  if (subresource === 'proxy' && PROXY_METHODS.has(method)) return;
  const verb = verbOf(method, name !== '', false);
  const verbs = subresource === '' ? resource.verbs : resource.subresources.get(subresource)?.verbs;
  if (!METHODS.has(method)) throw methodNotAllowed();
  if (watchPath && method !== 'GET') throw methodNotAllowed();
  if (name === '' && ['PUT', 'PATCH'].includes(method)) throw methodNotAllowed();
  if (name !== '' && subresource === '' && method === 'POST') throw methodNotAllowed();
  if (subresource !== '' && !isVirtual(subresource) && !fitsStoredPart(method)) throw methodNotAllowed();
  if (resource.namespaced && route.namespace === '' && method !== 'GET') throw methodNotAllowed();
  if (verbs?.has(verb) !== true) throw methodNotAllowed();
}
