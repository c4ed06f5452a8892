import { goQuote } from '@typekro/kit/golang';
import { parseFieldSelector } from '../protocol/selectors.ts';
import { type GroupResource, ApiError, forbidden } from '../errors/api-error.ts';
import type { UserInfo } from '../cluster-options.ts';
import { type Attributes, type RoleContext, authorize } from './authorizer.ts';
import { type AuditTrail, type RequestHead, verbOf } from '../protocol/request.ts';

/** Refuses a request for which the user has no right. Throws 403. */
export function authorizeRequest(context: RoleContext, request: RequestHead): void {
  check(context, request.user, () => attributesOf(request), request.audit);
}

/** The object of a request. */
export interface ObjectAddress {
  readonly resource: GroupResource;
  readonly namespace: string;
  readonly name: string;
}

/** Checks the right `create` for an apply or an update that creates the object. Throws 403. */
export function authorizeCreate(
  context: RoleContext,
  user: UserInfo,
  { resource, namespace, name }: ObjectAddress,
): void {
  const { group, plural } = resource;
  check(context, user, () => ({ verb: 'create', group, resource: plural, subresource: '', namespace, name }));
}

/**
 * Checks the right to create a connection. Since version 1.35 (`AuthorizePodWebsocketUpgradeCreatePermission`),
 * Kubernetes also checks this right for a WebSocket, which begins with a GET. Throws 403.
 */
export function authorizeConnect(
  context: RoleContext,
  { user }: Pick<RequestHead, 'user'>,
  route: ObjectAddress & { readonly subresource: string },
): void {
  const { resource, subresource, namespace, name } = route;
  check(context, user, () => ({
    verb: 'create',
    group: resource.group,
    resource: resource.plural,
    subresource,
    namespace,
    name,
  }));
}

function check(context: RoleContext, user: UserInfo, makeAttributes: () => Attributes, audit?: AuditTrail): void {
  // Most requests in tests come from an administrator and need no attributes.
  if (audit === undefined && user.groups.includes('system:masters')) return;
  const attributes = makeAttributes();
  const verdict = authorize(context, user, attributes);
  audit?.annotate('authorization.k8s.io/decision', verdict.allowed ? 'allow' : 'forbid');
  audit?.annotate('authorization.k8s.io/reason', verdict.reason);
  if (!verdict.allowed) throw refusal(user, attributes, verdict.reason);
}

/** Makes the error (403) for an action that the user may not perform. */
export function refusal(user: UserInfo, attributes: Attributes, reason: string): ApiError {
  const because = reason === '' ? '' : `: ${reason}`;
  if (attributes.path !== undefined) {
    return new ApiError({
      code: 403,
      reason: 'Forbidden',
      message: `forbidden: User ${goQuote(user.name)} cannot ${attributes.verb} path ${goQuote(attributes.path)}${because}`,
      details: {},
    });
  }
  const { verb, group, resource, subresource, namespace } = attributes;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${goQuote(namespace)}`;
  const problem = `User ${goQuote(user.name)} cannot ${verb} resource ${goQuote(full)} in API group ${goQuote(group)} ${where}${because}`;
  return forbidden({ group, plural: resource }, attributes.name, problem);
}

const NAMESPACE_PARTS = new Set(['status', 'finalize']);

/** Derives the attributes of a request from its method, path and query. */
export function attributesOf(request: Pick<RequestHead, 'method' | 'path' | 'segments' | 'query'>): Attributes {
  const { segments, method, query } = request;
  const core = segments[0] === 'api';
  const start = core ? 2 : 3;
  if ((!core && segments[0] !== 'apis') || segments.length <= start) {
    return {
      verb: method === 'HEAD' ? 'get' : httpVerb(method),
      group: '',
      resource: '',
      subresource: '',
      namespace: '',
      name: '',
      path: request.path,
    };
  }
  const group = core ? '' : (segments[1] ?? '');
  let parts = segments.slice(start);
  const watchPath = parts[0] === 'watch' && parts.length > 1;
  if (watchPath) parts = parts.slice(1);
  let namespace = '';
  if (parts[0] === 'namespaces' && parts.length >= 2) {
    namespace = parts[1] ?? '';
    if (parts.length > 2 && !NAMESPACE_PARTS.has(parts[2] ?? '')) parts = parts.slice(2);
  }
  const [resource = '', name = '', subresource = ''] = parts;
  const watch = watchPath || (name === '' && query.flag('watch'));
  const verb = verbOf(method, name !== '', watch);
  const isList = method === 'GET' && name === '' && !watchPath;
  return { verb, group, resource, subresource, namespace, name: isList ? selectedName(request) : name };
}

/**
 * Returns the object name that the field selector of a list or watch requires, or `''` if it requires none.
 * Authorization treats such a request as a request for this object. As in Kubernetes, the field selector of any other
 * verb does not name an object.
 */
function selectedName({ query }: Pick<RequestHead, 'query'>): string {
  const selector = query.get('fieldSelector');
  if (selector === '') return '';
  const requirement = parseFieldSelector(selector).find(({ field, equal }) => field === 'metadata.name' && equal);
  return requirement?.value ?? '';
}

function httpVerb(method: string): string {
  return method.toLowerCase();
}
