import { attributesOf } from '../auth/authorize.ts';
import type { RequestHead } from '../protocol/request.ts';
import type { FaultMatch, FaultRequest } from './fault.ts';
import type { Registry } from '../registry/registry.ts';

/** Collects the properties of a request that the conditions of rules compare. */
export function faultRequest(registry: Registry, request: RequestHead): FaultRequest {
  const { verb, group, resource, subresource, namespace, name } = attributesOf(request);
  const version = (request.segments[0] === 'api' ? request.segments[1] : request.segments[2]) ?? '';
  return {
    method: request.method,
    path: request.target,
    verb,
    group,
    version,
    resource,
    kind: registry.find(group, version, resource)?.kind ?? '',
    subresource,
    namespace,
    name,
    user: request.user.name,
    userAgent: request.headers['user-agent'] ?? '',
  };
}

const FIELDS = ['verb', 'group', 'kind', 'resource', 'subresource', 'namespace', 'name', 'user', 'method'] as const;

/** Does the request meet all conditions of a rule? */
export function matchesFault(match: FaultMatch, request: FaultRequest): boolean {
  for (const field of FIELDS) {
    const wanted = match[field];
    if (wanted === undefined) continue;
    if (typeof wanted === 'string' ? wanted !== request[field] : !wanted.includes(request[field])) return false;
  }
  if (match.path !== undefined && request.path.search(match.path) < 0) return false;
  return match.where === undefined || match.where(request);
}
