import type { KubeObject } from '../../core/index.ts';
import type { ServiceAccountRef } from '../acting-identity.ts';
import type { RoleRule, RuleSet } from './rules.ts';
import { ruleObjects } from './rules.ts';

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

/** A role with these rules, and its binding to an account: in a namespace, or for the whole cluster. */
export function rightsRoles(
  name: string,
  account: ServiceAccountRef,
  rules: RuleSet,
  namespace?: string,
): KubeObject[] {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const kind = namespace === undefined ? 'ClusterRole' : 'Role';
  return [
    namespace === undefined
      ? clusterRole(name, rules)
      : { apiVersion: API_VERSION, kind, metadata, rules: ruleObjects(rules.rules()) },
    {
      apiVersion: API_VERSION,
      kind: `${kind}Binding`,
      metadata,
      roleRef: { apiGroup: API_GROUP, kind, name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ];
}

/** The right of the controller to impersonate an account, in the namespace of the account. */
export function impersonationRoles(
  name: string,
  account: ServiceAccountRef,
  controller: ServiceAccountRef,
): KubeObject[] {
  const metadata = { name, namespace: account.namespace };
  return [
    { apiVersion: API_VERSION, kind: 'Role', metadata, rules: ruleObjects([impersonation(account.name)]) },
    {
      apiVersion: API_VERSION,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: API_GROUP, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', ...controller }],
    },
  ];
}

/** The rule to impersonate the ServiceAccounts with one name. */
export function impersonation(name: string): RoleRule {
  return { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'], resourceNames: [name] };
}
