import type { Diagnostic, KubeObject } from '@typekro/kit/core';
import { type Graph, Nodes } from '@typekro/engine/graph';
import type { ServiceAccountRef } from '../acting-identity.ts';
import { annotationProblems, readPolicies, SERVICE_ACCOUNT_ANNOTATION } from '../definition/definition-policies.ts';
import { clusterRole, impersonation, impersonationObjects, rightsObjects } from './account-roles.ts';
import { ruleObjects, RuleSet } from './rule-set.ts';

/** Kinds that grant rights. A client that writes an object of such a kind must hold the granted rights. */
const GRANTING_KINDS: ReadonlySet<string> = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

/** The label of ClusterRoles that the controller's ClusterRole aggregates. */
export const AGGREGATION_LABEL = 'rbac.kro.run/aggregate-to-controller';

/**
 * A compiled definition, and the object that it was compiled from. Annotations of the object may name a ServiceAccount.
 */
export interface DefinitionRights {
  readonly graph: Graph;
  readonly definition: KubeObject;
}

/**
 * The prefix of all names of a definition's roles. No role of the installation has such a name, so the roles of a
 * definition never replace a role of the installation.
 */
const rolesName = ({ name }: Graph): string => `typekro:definition:${name}`;

/** The options of `definitionRoles`. */
export interface DefinitionRolesOptions {
  /**
   * Name of the ClusterRole with the controller's rights. With `perDefinition`, this role is not created, because each
   * definition has its own roles.
   */
  readonly name: string;
  /** The controller's own ServiceAccount. */
  readonly controller: ServiceAccountRef;
  /**
   * The value of `--instance-service-account`. For definitions that name no account, the controller acts as the
   * ServiceAccount of this name in each instance's namespace. Default: none.
   */
  readonly instanceServiceAccount?: string;
  /**
   * Creates a separate ServiceAccount in the controller's namespace for each definition that names no account.
   * `DefinitionRoles.objects` then contains the account, and the definition with the annotation that names the account.
   * Default: false.
   */
  readonly perDefinition?: boolean;
}

/** The roles for a set of definitions. */
export interface DefinitionRoles {
  /**
   * ClusterRoles, Roles and their bindings, ready to apply. With `perDefinition`, also ServiceAccounts and definitions,
   * each after the rights that it needs.
   */
  readonly objects: readonly KubeObject[];
  /**
   * Warnings about these rights, and errors of definitions that get no rights: definitions with an invalid annotation,
   * and, with `perDefinition`, definitions whose ServiceAccount would have a name that is too long.
   */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The minimal rights that a controller needs for these definitions. On instances: to read them, to label and finalize
 * them, and to write their status. On children: to read, apply and delete them. On external objects: to read them.
 * Lists and watches are cluster-wide, like those of the controller.
 *
 * When a definition names a ServiceAccount, this account gets the rights on children and external objects, and the
 * controller may impersonate the account. When the controller acts as a ServiceAccount of each instance's namespace,
 * the rights on children and external objects are in a ClusterRole `typekro:definition:<name>` without a binding. A
 * RoleBinding that a user adds in a namespace grants them to the account there. The roles with the controller's own
 * rights have the label `AGGREGATION_LABEL`. The controller's ClusterRole aggregates the roles with this label.
 */
export function definitionRoles(
  definitions: readonly DefinitionRights[],
  options: DefinitionRolesOptions,
): DefinitionRoles {
  const own = new RuleSet();
  const diagnostics: Diagnostic[] = [];
  const accounts: KubeObject[] = [];
  const { instanceServiceAccount, perDefinition = false, controller } = options;
  let impersonating = false;
  for (const { graph, definition } of definitions) {
    const policies = readPolicies(definition);
    const { serviceAccount: named } = policies;
    const problems = annotationProblems(policies);
    const made = perDefinition && named === undefined ? accountOfDefinition(graph.name, controller) : undefined;
    if (made !== undefined && made.name.length > MAX_ACCOUNT_NAME_LENGTH) {
      diagnostics.push(longName(graph.name, made));
      continue;
    }
    for (const problem of problems) {
      diagnostics.push({ code: 'rbac/annotation', severity: 'error', message: `${graph.name}: ${problem}` });
    }
    // The controller does not serve a definition with such errors. A guess of the intended account could grant too many
    // rights.
    if (problems.length > 0) continue;
    const account = named ?? made;
    if (perDefinition) accounts.push(instancesRole(graph));
    else addInstances(own, graph);
    if (account !== undefined) {
      if (made !== undefined) accounts.push(accountObject(made));
      accounts.push(...accountRoles(graph, account, controller));
      if (made !== undefined) accounts.push(withAccount(definition, made));
    } else if (instanceServiceAccount !== undefined) {
      accounts.push(clusterRole(rolesName(graph), nodeRules(graph)));
      impersonating = true;
    } else {
      addNodes(own, graph);
      diagnostics.push(controllerIdentity(graph));
    }
    diagnostics.push(...escalationWarnings(graph));
  }
  if (perDefinition || definitions.length === 0) return { objects: accounts, diagnostics };
  const role = clusterRole(options.name, own, { [AGGREGATION_LABEL]: 'true' });
  if (impersonating && instanceServiceAccount !== undefined) {
    role['rules'] = [...ruleObjects(own.rules()), ...ruleObjects([impersonation(instanceServiceAccount)])];
  }
  return { objects: [role, ...accounts], diagnostics };
}

/** The maximum length of the name of a ServiceAccount. */
const MAX_ACCOUNT_NAME_LENGTH = 253;

/** The ServiceAccount of one definition. Names of definitions are unique in a cluster. */
const accountOfDefinition = (definition: string, { namespace }: ServiceAccountRef): ServiceAccountRef => ({
  namespace,
  name: `definition-${definition}`,
});

/** The object of an account that no pod uses: the controller impersonates it, and needs no token. */
const accountObject = (metadata: ServiceAccountRef): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { ...metadata },
  automountServiceAccountToken: false,
});

/** The definition with the annotation that names its account. */
function withAccount(definition: KubeObject, { namespace, name }: ServiceAccountRef): KubeObject {
  const { metadata } = definition;
  const annotations = { ...metadata.annotations, [SERVICE_ACCOUNT_ANNOTATION]: `${namespace}/${name}` };
  return { ...definition, metadata: { ...metadata, annotations } };
}

/** The controller's rights on the instances of one definition. */
function instancesRole(graph: Graph): KubeObject {
  const rules = new RuleSet();
  addInstances(rules, graph);
  return clusterRole(`${rolesName(graph)}:instances`, rules, { [AGGREGATION_LABEL]: 'true' });
}

/** The rights of an account on the objects of a definition, and the controller's right to act as this account. */
function accountRoles(graph: Graph, account: ServiceAccountRef, controller: ServiceAccountRef): KubeObject[] {
  const name = rolesName(graph);
  return [
    ...rightsObjects(name, account, nodeRules(graph)),
    ...impersonationObjects(`${name}:impersonate`, account, controller),
  ];
}

function controllerIdentity(graph: Graph): Diagnostic {
  return {
    code: 'rbac/controller-identity',
    severity: 'warning',
    message: `${graph.name}: a user who may create its instances acts with the rights of the controller`,
    hint: 'give the definition its own ServiceAccount with --per-definition, or name an account by the annotation typekro.dev/service-account: namespace/name',
  };
}

function longName(definition: string, { name }: ServiceAccountRef): Diagnostic {
  return {
    code: 'rbac/account-name',
    severity: 'error',
    message: `${definition}: the name of its ServiceAccount would have ${name.length} characters; Kubernetes allows ${MAX_ACCOUNT_NAME_LENGTH}`,
    hint: 'name an account by the annotation typekro.dev/service-account: namespace/name',
  };
}

function addInstances(rules: RuleSet, { instance }: Graph): void {
  const { group, plural } = instance;
  rules.add(group, plural, ['get', 'list', 'watch', 'patch']);
  rules.add(group, `${plural}/status`, ['get', 'patch']);
  rules.add(group, `${plural}/finalizers`, ['update']);
}

function nodeRules(graph: Graph): RuleSet {
  const rules = new RuleSet();
  addNodes(rules, graph);
  return rules;
}

function addNodes(rules: RuleSet, graph: Graph): void {
  for (const node of Nodes.typed(graph)) {
    const { type, plural } = node;
    rules.add(type.group, plural, ['get', 'list', 'watch']);
    if (Nodes.ownsObjects(node)) rules.add(type.group, plural, ['create', 'patch', 'delete']);
  }
}

/** A warning for each node whose objects grant rights. */
export function escalationWarnings(graph: Graph): Diagnostic[] {
  return Nodes.typed(graph)
    .filter(
      (node) =>
        node.type.group === 'rbac.authorization.k8s.io' &&
        GRANTING_KINDS.has(node.type.kind) &&
        Nodes.ownsObjects(node),
    )
    .map(({ id, type }) => ({
      code: 'rbac/escalation',
      severity: 'warning',
      message: `${graph.name}: ${id} is a ${type.kind}: its writer must hold every right that the ${type.kind} grants, or have the verbs bind and escalate; these rules add neither`,
    }));
}
