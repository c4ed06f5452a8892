import type { Diagnostic } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { ownsObjects, typedNodes } from '@typekro/engine/graph';

/** Kinds that grant rights. A client that writes an object of such a kind must hold the granted rights. */
const GRANTING_KINDS: ReadonlySet<string> = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

/** A warning for each node whose objects grant rights. */
export function escalationWarnings(graph: Graph): Diagnostic[] {
  return typedNodes(graph)
    .filter(
      (node) =>
        node.type.group === 'rbac.authorization.k8s.io' && GRANTING_KINDS.has(node.type.kind) && ownsObjects(node),
    )
    .map(({ id, type }) => ({
      code: 'rbac/escalation',
      severity: 'warning',
      message: `${graph.name}: ${id} is a ${type.kind}: its writer must hold every right that the ${type.kind} grants, or have the verbs bind and escalate; these rules add neither`,
    }));
}
