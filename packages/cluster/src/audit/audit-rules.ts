import type { AuditGroupResources, AuditLevel, AuditPolicy, AuditPolicyRule, AuditStage } from '../audit-options.ts';
import type { Attributes } from '../auth/authorizer.ts';
import type { UserInfo } from '../cluster-options.ts';

/** The level and stages of the events of one request. */
export interface AuditDecision {
  readonly level: AuditLevel;
  readonly omitStages: ReadonlySet<AuditStage>;
  readonly omitManagedFields: boolean;
}

/**
 * Applies a policy to a request. The first matching rule decides. `user` is the authenticated user, not the user that
 * the request impersonates. It is `undefined` when the credentials are invalid.
 */
export function auditDecision(policy: AuditPolicy, user: UserInfo | undefined, request: Attributes): AuditDecision {
  const rule = policy.rules.find((each) => matches(each, user, request));
  return {
    level: rule?.level ?? 'None',
    omitStages: new Set([...(policy.omitStages ?? []), ...(rule?.omitStages ?? [])]),
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  };
}

/** Does a list allow the value? An absent or empty list allows all. */
const allows = (list: readonly string[] | undefined, value: string | undefined): boolean =>
  list === undefined || list.length === 0 || (value !== undefined && list.includes(value));

function matches(rule: AuditPolicyRule, user: UserInfo | undefined, request: Attributes): boolean {
  const { userGroups = [], resources = [], namespaces = [], nonResourceURLs = [] } = rule;
  if (!allows(rule.users, user?.name)) return false;
  if (userGroups.length > 0 && user?.groups.some((group) => userGroups.includes(group)) !== true) return false;
  if (!allows(rule.verbs, request.verb)) return false;
  const { path } = request;
  if (resources.length > 0 || namespaces.length > 0) {
    if (path !== undefined || !allows(namespaces, request.namespace)) return false;
    return resources.length === 0 || resources.some((each) => hasResource(each, request));
  }
  return nonResourceURLs.length === 0 || nonResourceURLs.some((url) => path !== undefined && isPath(url, path));
}

const isPath = (url: string, path: string): boolean =>
  url === path || (url.endsWith('*') && path.startsWith(url.replace(/\*+$/, '')));

function hasResource({ group = '', resources = [], resourceNames }: AuditGroupResources, request: Attributes): boolean {
  if (group !== request.group) return false;
  if (resources.length === 0) return true;
  if (!allows(resourceNames, request.name)) return false;
  const { resource, subresource } = request;
  const names = [
    '*',
    subresource === '' ? resource : `${resource}/${subresource}`,
    `${resource}/*`,
    ...(subresource === '' ? [] : [`*/${subresource}`]),
  ];
  return resources.some((each) => names.includes(each));
}
