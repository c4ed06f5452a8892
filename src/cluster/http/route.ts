import type { Resource } from '../registry/resource.ts';
import type { WriteOptions } from '../verbs/options.ts';
import type { ApiRequest } from './request.ts';
import { methodNotAllowed } from './status.ts';

/** A path below a group and version, taken apart. */
export interface Route {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  /** Segments behind the subresource, as of `proxy`. */
  readonly rest: readonly string[];
  /** The old form with `watch/` before the resource. */
  readonly watchPath: boolean;
}

/** Options of a write that has none. */
export const noOptions = (dryRun: boolean): WriteOptions => ({
  dryRun,
  manager: '',
  fieldValidation: 'Ignore',
  force: false,
});

/** The verb of a request, as discovery and authorization name it. */
export function verbOf(method: string, named: boolean, watch: boolean): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return watch ? 'watch' : named ? 'get' : 'list';
  }
}

/** Subresources that answer something else than the stored object. */
export type VirtualSubresource = 'binding' | 'eviction' | 'log' | 'scale' | 'token';

const VIRTUAL: ReadonlySet<string> = new Set<VirtualSubresource>(['binding', 'eviction', 'log', 'scale', 'token']);

/** Does the request ask for objects as they are stored? */
export const isRead = (request: ApiRequest, route: Route): boolean =>
  request.method === 'GET' && !VIRTUAL.has(route.subresource);

/** Refuses what the resource does not offer. Throws 405. */
export function checkVerb(route: Route, request: ApiRequest) {
  const { resource, subresource, name } = route;
  const verb = verbOf(request.method, name !== '', false);
  const verbs = subresource === '' ? resource.verbs : resource.subresources.get(subresource)?.verbs;
  if (!['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(request.method)) throw methodNotAllowed();
  if (name === '' && ['PUT', 'PATCH'].includes(request.method)) throw methodNotAllowed();
  if (name !== '' && subresource === '' && request.method === 'POST') throw methodNotAllowed();
  if (resource.namespaced && route.namespace === '' && request.method !== 'GET') throw methodNotAllowed();
  if (verbs?.has(verb) !== true) throw methodNotAllowed();
}
