import type { Diagnostic, KubeObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { ownsObjects, typedNodes } from '../../graph/index.ts';
import type { ServiceAccountRef } from '../acting-identity.ts';
import { readPolicies } from '../definition/policies.ts';
import { clusterRole, impersonation, impersonationRoles, rightsRoles } from './account-roles.ts';
import { escalationWarnings } from './escalation.ts';
import { ruleObjects, RuleSet } from './rules.ts';

/** The label of ClusterRoles that the controller's ClusterRole aggregates. */
export const AGGREGATION_LABEL = 'rbac.kro.run/aggregate-to-controller';

/**
 * A compiled definition, and the object that it was compiled from. Annotations of the object may name a ServiceAccount.
 */
export interface DefinitionRights {
  readonly graph: Graph;
  readonly definition: KubeObject;
}

/** The options of `definitionRoles`. */
export interface DefinitionRolesOptions {
  /** Name of the ClusterRole with the controller's rights. */
  readonly name: string;
  /** The controller's own ServiceAccount. */
  readonly controller: ServiceAccountRef;
  /**
   * The value of `--instance-service-account`. For definitions that name no account, the controller acts as the
   * ServiceAccount of this name in each instance's namespace. Default: none.
   */
  readonly instanceServiceAccount?: string;
}

/** The roles for a set of definitions. */
export interface DefinitionRoles {
  /** ClusterRoles, Roles and their bindings, ready to apply. */
  readonly objects: readonly KubeObject[];
  /**
   * Warnings about these rights, and errors of definitions that get no rights because the controller cannot serve them.
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
 * these rights are a ClusterRole `typekro:<definition>` without a binding; a RoleBinding in a namespace grants them to
 * the account there. The role with the controller's own rights has the label by which the controller's ClusterRole
 * aggregates it.
 */
export function definitionRoles(
  definitions: readonly DefinitionRights[],
  options: DefinitionRolesOptions,
): DefinitionRoles {
  const own = new RuleSet();
  const diagnostics: Diagnostic[] = [];
  const accounts: KubeObject[] = [];
  let impersonating = false;
  for (const { graph, definition } of definitions) {
    const { serviceAccount, problems } = readPolicies(definition);
    for (const problem of problems) {
      diagnostics.push({ code: 'rbac/annotation', severity: 'error', message: `${graph.name}: ${problem}` });
    }
    // The controller does not serve a definition with such errors, and a guess could grant too many rights.
    if (problems.length > 0) continue;
    addInstances(own, graph);
    if (serviceAccount === undefined && options.instanceServiceAccount !== undefined) {
      const rules = new RuleSet();
      addNodes(rules, graph);
      accounts.push(clusterRole(`typekro:${graph.name}`, rules));
      impersonating = true;
    } else if (serviceAccount === undefined) {
      addNodes(own, graph);
      diagnostics.push({
        ...warning(
          'rbac/controller-identity',
          `${graph.name}: a user who may create its instances acts with the rights of the controller`,
        ),
        hint: 'name a ServiceAccount of its own by the annotation typekro.dev/service-account: namespace/name',
      });
    } else {
      const rules = new RuleSet();
      addNodes(rules, graph);
      const name = `typekro:${graph.name}`;
      accounts.push(
        ...rightsRoles(name, serviceAccount, rules),
        ...impersonationRoles(`${name}:impersonate`, serviceAccount, options.controller),
      );
    }
    diagnostics.push(...escalationWarnings(graph));
  }
  const role = clusterRole(options.name, own, { [AGGREGATION_LABEL]: 'true' });
  if (impersonating && options.instanceServiceAccount !== undefined) {
    role['rules'] = [...ruleObjects(own.rules()), ...ruleObjects([impersonation(options.instanceServiceAccount)])];
  }
  return { objects: definitions.length === 0 ? [] : [role, ...accounts], diagnostics };
}

function addInstances(rules: RuleSet, { instance }: Graph): void {
  const { group, plural } = instance;
  rules.add(group, plural, ['get', 'list', 'watch', 'patch']);
  rules.add(group, `${plural}/status`, ['get', 'patch']);
  rules.add(group, `${plural}/finalizers`, ['update']);
}

function addNodes(rules: RuleSet, graph: Graph): void {
  for (const node of typedNodes(graph)) {
    const { type, plural } = node;
    rules.add(type.group, plural, ['get', 'list', 'watch']);
    if (ownsObjects(node)) rules.add(type.group, plural, ['create', 'patch', 'delete']);
  }
}

function warning(code: string, message: string): Diagnostic {
  return { code, severity: 'warning', message };
}
