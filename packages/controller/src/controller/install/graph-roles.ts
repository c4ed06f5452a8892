import { type Diagnostic, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { type Graph, type GraphNode, type TypedNode, Nodes } from '@typekro/engine/graph';
import type { ServiceAccountRef } from '../acting-identity.ts';
import { accountOf } from '../graph/graph-object.ts';
import { impersonationObjects, rightsObjects } from './account-roles.ts';
import { escalationWarnings } from './definition-roles.ts';
import { RuleSet } from './rule-set.ts';

/** The roles for a set of Graphs. */
export interface GraphRoles {
  /** Roles, ClusterRoles and their bindings, ready to apply. */
  readonly objects: readonly KubeObject[];
  /** Warnings about rights that cannot be known from the files, and about nodes that grant rights. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The namespace of a Graph whose file names no namespace. The context of the kubeconfig is not read here. */
const DEFAULT_NAMESPACE = 'default';

/** The scope of a ClusterRole. The scope of a Role is the name of a namespace. */
const CLUSTER = '';

/**
 * The minimal rights for Graphs. The controller reads and writes the objects of a Graph as the ServiceAccount that the
 * Graph names. Therefore this account gets the rights: to read, apply and delete the objects of templates; to read the
 * objects of references; to read and patch the targets of patches, or their status. A right is in a Role of the
 * namespace of the objects. It is in a ClusterRole where the kind has no namespace, where the namespace is computed,
 * and for a reference by selector to all namespaces. The controller gets the right to impersonate the account.
 *
 * The rights of a node whose kind an expression computes are not known. The diagnostics name such a node, and the user
 * must add the rights.
 *
 * @param prefix of the names of the roles. A role with an existing name replaces it
 */
export function graphRoles(
  graphs: readonly Graph[],
  controller: ServiceAccountRef,
  prefix = 'typekro:graphs',
): GraphRoles {
  const accounts = new Map<string, { readonly account: ServiceAccountRef; readonly places: Map<string, RuleSet> }>();
  const diagnostics: Diagnostic[] = [];
  for (const graph of graphs) {
    const { namespace, name } = accountOf(graph.definition as KubeObject);
    const account = { namespace: namespace === '' ? DEFAULT_NAMESPACE : namespace, name };
    const key = `${account.namespace}/${account.name}`;
    const known = accounts.get(key) ?? { account, places: new Map<string, RuleSet>() };
    accounts.set(key, known);
    for (const node of Nodes.typed(graph)) {
      const place = placeOf(node, account.namespace);
      const rules = known.places.get(place) ?? new RuleSet();
      known.places.set(place, rules);
      addNode(rules, node);
    }
    diagnostics.push(...hiddenKinds(graph), ...escalationWarnings(graph));
  }
  const objects = [...accounts.values()].flatMap(({ account, places }) => [
    ...[...places].flatMap(([place, rules]) =>
      rightsObjects(
        `${prefix}:${account.namespace}:${account.name}`,
        account,
        rules,
        place === CLUSTER ? undefined : place,
      ),
    ),
    ...impersonationObjects(`${prefix}:${account.name}:impersonate`, account, controller),
  ]);
  return { objects, diagnostics };
}

function addNode(rules: RuleSet, node: TypedNode): void {
  const { type, plural } = node;
  rules.add(type.group, plural, ['get', 'list', 'watch']);
  if (Nodes.ownsObjects(node)) rules.add(type.group, plural, ['create', 'patch', 'delete']);
  if (node.nodeType === 'patch') {
    rules.add(type.group, node.subresource === undefined ? plural : `${plural}/${node.subresource}`, ['patch']);
  }
}

/** The namespace of the objects of a node; `CLUSTER` for a kind without one, and where the namespace is not known. */
function placeOf(node: TypedNode, own: string): string {
  if (!node.namespaced) return CLUSTER;
  const { skeleton, holes } = node.template;
  const isComputed = holes.some(
    ({ path: [first, second] }) => first === 'metadata' && (second === undefined || second === 'namespace'),
  );
  if (isComputed) return CLUSTER;
  const { metadata } = skeleton;
  const namespace = isJsonObject(metadata) ? metadata['namespace'] : undefined;
  if (typeof namespace === 'string' && namespace !== '') return namespace;
  return node.nodeType === 'externalCollection' ? CLUSTER : own;
}

/** A warning for each node whose kind an expression computes. */
function hiddenKinds({ name, nodes }: Graph): Diagnostic[] {
  return [...nodes.values()]
    .filter(hasHiddenKind)
    .map((node) => ({
      code: 'rbac/computed-kind',
      severity: 'warning' as const,
      message: `${name}: the kind of ${node.id} is computed; its rights are not in these rules`,
      hint: `add a rule for each kind that ${node.id} may have, with the verbs ${verbsOf(node)}`,
    }));
}

function hasHiddenKind(node: GraphNode): boolean {
  return !Nodes.isTyped(node) && node.nodeType !== 'def' && node.nodeType !== 'subgraph';
}

function verbsOf(node: GraphNode): string {
  if (Nodes.isExternal(node)) return 'get, list and watch';
  return Nodes.ownsObjects(node) ? 'get, list, watch, create, patch and delete' : 'get, list, watch and patch';
}
