import { percentDecoded, setOwn, firstDefined } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { dnsLabel, dnsSubdomain, domainPath } from '@typekro/kit/kubernetes';
import { fieldInvalid } from '../errors/field-problems.ts';
import { type ApiError, badRequest } from '../errors/api-error.ts';
import type { UserInfo } from '../cluster-options.ts';
import { fromHeader } from '../protocol/reply.ts';
import type { AuditTrail } from '../protocol/request.ts';
import { refusal } from './authorize.ts';
import { type Attributes, type RoleContext, authorize } from './authorizer.ts';

const AUTHENTICATION_GROUP = 'authentication.k8s.io';
const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';
const MASTERS = 'system:masters';

/**
 * The key of `extra` whose value is the name of a node. A user whose token is bound to a pod or a node has this key.
 */
const NODE_NAME = 'authentication.kubernetes.io/node-name';

/** The user in the impersonation headers of a request, without the groups that follow from the user's name. */
interface WantedUser {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/**
 * A mode of impersonation. The constrained modes of Kubernetes (KEP-5284) also require a right for the specific
 * request. In the original mode, the right `impersonate` is sufficient for every request.
 */
interface Mode {
  /** The part of the verbs that names the mode, or `undefined` for the original mode. */
  readonly constraint: string | undefined;
  appliesTo(wanted: WantedUser, user: UserInfo): boolean;
}

/** The modes in the order in which they are tried. The first mode that allows the impersonation is used. */
const MODES: readonly Mode[] = [
  {
    constraint: 'associated-node',
    appliesTo: (wanted, { name, extra }) => {
      const nodes = extra?.[NODE_NAME] ?? [];
      const isOwn = nodes.length === 1 && nodes[0] === nodeOf(wanted.name);
      return hasOnlyName(wanted) && accountOf(name) !== undefined && isOwn;
    },
  },
  { constraint: 'arbitrary-node', appliesTo: (wanted) => hasOnlyName(wanted) && nodeOf(wanted.name) !== undefined },
  { constraint: 'serviceaccount', appliesTo: (wanted) => hasOnlyName(wanted) && accountOf(wanted.name) !== undefined },
  { constraint: 'user-info', appliesTo: ({ name }) => nodeOf(name) === undefined && accountOf(name) === undefined },
  { constraint: undefined, appliesTo: () => true },
];

/**
 * Returns the user that the impersonation headers of a request name or, without such headers, the user of the request.
 * `request` is the requested action.
 *
 * @throws ApiError 403 when a right is missing, with the refusal of the first applicable mode. 400 when the headers
 *   name no user.
 */
export function impersonate(
  context: RoleContext,
  user: UserInfo,
  headers: Readonly<Record<string, string | undefined>>,
  request: Attributes,
  audit?: Pick<AuditTrail, 'impersonate'>,
): UserInfo {
  const wanted: WantedUser = {
    name: fromHeader(headers['impersonate-user'] ?? ''),
    uid: fromHeader(headers['impersonate-uid'] ?? ''),
    groups: values(headers['impersonate-group']),
    extra: extraOf(headers),
  };
  if (wanted.name === '') {
    if (hasOnlyName(wanted)) return user;
    throw badRequest(`requested ${shownUser(wanted)} without impersonating a user name`);
  }
  let first: ApiError | undefined;
  for (const mode of MODES) {
    if (!mode.appliesTo(wanted, user)) continue;
    const problem = modeProblem(context, mode, user, wanted, request);
    if (problem === undefined) {
      const other = impersonated(wanted, mode);
      audit?.impersonate(other, rightOf(mode));
      return other;
    }
    first ??= problem;
  }
  throw first ?? refusal(user, request, '');
}

/** Returns the verb of a constrained mode's right, or `undefined` for the original mode. */
const rightOf = ({ constraint }: Mode): string | undefined =>
  constraint === undefined ? undefined : `impersonate:${constraint}`;

/** Returns the values of a header. A listener joins the values of a repeated header with newlines. */
const values = (text: string | undefined): readonly string[] =>
  text === undefined ? [] : fromHeader(text).split('\n');

const hasOnlyName = ({ uid, groups, extra }: WantedUser): boolean =>
  uid === '' && groups.length === 0 && Object.keys(extra).length === 0;

/** Returns the namespace and name of the service account that a user name denotes, or `undefined` for other users. */
function accountOf(name: string): readonly [namespace: string, name: string] | undefined {
  const [, namespace = '', account = ''] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name) ?? [];
  const isAccount = namespace !== '' && dnsLabel(namespace).length === 0 && dnsSubdomain(account).length === 0;
  return isAccount ? [namespace, account] : undefined;
}

/** Returns the name of the node that a user name denotes, or `undefined` for other users. */
function nodeOf(name: string): string | undefined {
  const node = name.startsWith('system:node:') ? name.slice('system:node:'.length) : '';
  return node !== '' && dnsSubdomain(node).length === 0 ? node : undefined;
}

/** Returns the refusal of one mode, or `undefined` when the mode allows the impersonation. */
function modeProblem(
  context: RoleContext,
  mode: Mode,
  user: UserInfo,
  wanted: WantedUser,
  request: Attributes,
): ApiError | undefined {
  const { constraint } = mode;
  const verb = rightOf(mode) ?? 'impersonate';
  const group = constraint === undefined ? '' : AUTHENTICATION_GROUP;
  const right = (of: string, resource: string, name: string, more: Partial<Attributes> = {}): Attributes => ({
    verb,
    group: of,
    resource,
    subresource: '',
    namespace: '',
    name,
    ...more,
  });
  const checks: Attributes[] = [];
  if (constraint !== undefined) checks.push({ ...request, verb: `impersonate-on:${constraint}:${request.verb}` });
  const [account, node] = [accountOf(wanted.name), constraint === undefined ? undefined : nodeOf(wanted.name)];
  if (account !== undefined) checks.push(right(group, 'serviceaccounts', account[1], { namespace: account[0] }));
  // For a service account that impersonates its own node, the right is checked for all nodes (`*`), so that one role is
  // sufficient on every node.
  else if (node !== undefined) checks.push(right(group, 'nodes', constraint === 'associated-node' ? '*' : node));
  else checks.push(right(group, 'users', wanted.name));
  if (wanted.uid !== '') checks.push(right(AUTHENTICATION_GROUP, 'uids', wanted.uid));
  const refused = (attributes: Attributes): ApiError | undefined => {
    const { allowed, reason } = authorize(context, user, attributes);
    return allowed ? undefined : refusal(user, attributes, reason);
  };
  const ofUser = firstDefined(checks, refused);
  if (ofUser !== undefined) return ofUser;
  const groups = wanted.groups.map((name) => right(group, 'groups', name));
  const extras = Object.entries(wanted.extra).flatMap(([key, list]) =>
    list.map((value) => right(AUTHENTICATION_GROUP, 'userextras', value, { subresource: key })),
  );
  if (constraint !== undefined) {
    const groupProblem = wrongGroup(wanted.groups);
    const of = right(group, 'groups', wanted.groups.includes('') ? '' : MASTERS);
    if (groupProblem !== undefined) return refusal(user, of, groupProblem);
  }
  const ofGroups = firstDefined(groups, refused);
  if (ofGroups !== undefined) return ofGroups;
  const extraProblem = constraint === undefined ? undefined : wrongExtra(wanted.extra);
  if (extraProblem !== undefined) return refusal(user, right(AUTHENTICATION_GROUP, 'userextras', ''), extraProblem);
  return firstDefined(extras, refused);
}

function wrongGroup(groups: readonly string[]): string | undefined {
  if (groups.includes('')) return 'impersonating the empty string group is not allowed';
  return groups.includes(MASTERS) ? `impersonating the ${MASTERS} group is not allowed` : undefined;
}

function wrongExtra(extra: WantedUser['extra']): string | undefined {
  for (const [key, list] of Object.entries(extra)) {
    if (key === '') return 'impersonating the empty string key in extra is not allowed';
    const [problem] = domainPath(key);
    if (problem !== undefined) {
      const { field, message } = fieldInvalid('extra.key', key, problem);
      return `impersonating an invalid key in extra is not allowed: ${field}: ${message}`;
    }
    if (key !== key.toLowerCase()) return `impersonating a non-lowercase key in extra is not allowed: ${goQuote(key)}`;
    if (list.includes('')) return 'impersonating the empty string value in extra is not allowed';
  }
  return undefined;
}

/** Returns the wanted user, with the groups that follow from the name. */
function impersonated({ name, uid, groups, extra }: WantedUser, { constraint }: Mode): UserInfo {
  const account = groups.length === 0 ? accountOf(name) : undefined;
  const isNode = constraint !== undefined && nodeOf(name) !== undefined;
  const implied =
    account !== undefined
      ? ['system:serviceaccounts', `system:serviceaccounts:${account[0]}`]
      : isNode
        ? ['system:nodes']
        : groups;
  const isUnknown = name === 'system:anonymous' || implied.includes(UNAUTHENTICATED);
  const own = isUnknown ? UNAUTHENTICATED : AUTHENTICATED;
  return {
    name,
    groups: implied.includes(own) ? implied : [...implied, own],
    ...(uid === '' ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Formats a user without a name as the API server does. */
function shownUser({ uid, groups, extra }: WantedUser): string {
  const strings = (list: readonly string[]) => `[]string{${list.map((text) => goQuote(text)).join(', ')}}`;
  const entries = Object.entries(extra).map(([key, list]) => `${goQuote(key)}:${strings(list)}`);
  const shownGroups = groups.length === 0 ? '[]string(nil)' : strings(groups);
  const shownExtra = entries.length === 0 ? '(nil)' : `{${entries.join(', ')}}`;
  return `&user.DefaultInfo{Name:"", UID:${goQuote(uid)}, Groups:${shownGroups}, Extra:map[string][]string${shownExtra}}`;
}

const EXTRA_PREFIX = 'impersonate-extra-';

function extraOf(headers: Readonly<Record<string, string | undefined>>): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(EXTRA_PREFIX))
      setOwn(extra, percentDecoded(name.slice(EXTRA_PREFIX.length)), [...values(value)]);
  }
  return extra;
}
