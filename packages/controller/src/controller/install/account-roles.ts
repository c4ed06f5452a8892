import type { KubeObject } from '@typekro/kit/core';
import type { ServiceAccountRef } from '../acting-identity.ts';
import { type RoleRule, type RuleSet, ruleObjects } from './rule-set.ts';

const API_GROUP = 'rbac.authorization.k8s.io';
const API_VERSION = `${API_GROUP}/v1`;

/** A ClusterRole with these rules. */
export function clusterRole(name: string, rules: RuleSet, labels: Readonly<Record<string, string>> = {}): KubeObject {
  return {
    apiVersion: API_VERSION,
    kind: 'ClusterRole',
    metadata: { name, ...(Object.keys(labels).length === 0 ? {} : { labels: { ...labels } }) },
    rules: ruleObjects(rules.rules()),
  };
}

/** A Role in a namespace, or a ClusterRole, with these rules, and its binding to an account. */
export function rightsObjects(
  name: string,
  account: ServiceAccountRef,
  rules: RuleSet,
  namespace?: string,
): KubeObject[] {
  const role = namespace === undefined ? clusterRole(name, rules) : roleIn(namespace, name, rules.rules());
  return [role, binding(role, account)];
}

/** The Role and its binding that let the controller impersonate an account, in the namespace of the account. */
export function impersonationObjects(
  name: string,
  account: ServiceAccountRef,
  controller: ServiceAccountRef,
): KubeObject[] {
  const role = roleIn(account.namespace, name, [impersonation(account.name)]);
  return [role, binding(role, controller)];
}

const roleIn = (namespace: string, name: string, rules: readonly RoleRule[]): KubeObject => ({
  apiVersion: API_VERSION,
  kind: 'Role',
  metadata: { name, namespace },
  rules: ruleObjects(rules),
});

/** The binding of a role to an account. It has the name and the namespace of the role. */
const binding = ({ kind, metadata }: KubeObject, account: ServiceAccountRef): KubeObject => ({
  apiVersion: API_VERSION,
  kind: `${kind}Binding`,
  metadata,
  roleRef: { apiGroup: API_GROUP, kind, name: metadata.name ?? '' },
  subjects: [{ kind: 'ServiceAccount', ...account }],
});

/** The rule to impersonate the ServiceAccounts with one name. */
export function impersonation(name: string): RoleRule {
  return { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'], resourceNames: [name] };
}
