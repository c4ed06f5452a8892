import { type KubeObject, refOf } from '@typekro/kit/core';
import { readDefinitionObject } from '@typekro/controller/controller';
import { type Graph, type GraphFeatures, type GraphNode, InstanceCrd, Path } from '@typekro/engine/graph';
import { keys } from '@typekro/engine/runtime';
import type { HandBackFinding } from './annotation-findings.ts';

/**
 * Finds the parts of a definition or Graph that kro accepts but interprets differently. The reason is a gate that is on
 * in TypeKro's controller and that kro does not have: `PartialDependencies`, `DynamicKeys`, `PropagateWhen`,
 * `ManagedResources`, `DeletionPolicy`. If kro has the gate `DeletionPolicy`, it handles deletion policies in the same
 * way as TypeKro's controller.
 *
 * @param graph the graph of the object, compiled with the gates of the TypeKro controller
 * @param kro the features of kro's controllers
 */
export function meaningFindings(object: KubeObject, graph: Graph, kro: GraphFeatures = {}): HandBackFinding[] {
  const nodes = [...graph.nodes.values()];
  return [
    ...nodes.flatMap((node) => branchFinding(node, graph)),
    ...nodes.flatMap(keyFinding),
    ...nodes.flatMap(propagationFinding),
    ...instanceFinding(graph),
    ...(kro.deletionPolicy === true ? [] : nodes.flatMap(policyFinding)),
    ...(graph.recordsObjects === true
      ? [
          {
            problem: 'kro does not write the record status.graph of its instances',
            effect: 'the record stays as it is, and becomes outdated',
          },
        ]
      : []),
  ].map((finding) => ({ object: refOf(object), ...finding }));
}

/** A finding to which the caller adds the object. */
type Difference = Omit<HandBackFinding, 'object'>;

function branchFinding({ id, dependsOnInBranches = [] }: GraphNode, graph: Graph): Difference[] {
  if (dependsOnInBranches.length === 0) return [];
  const names = dependsOnInBranches.map((each) => `"${each}"`).join(', ');
  const conditional = dependsOnInBranches.filter((each) => isConditional(each, graph, new Set()));
  const absent = conditional.map((each) => `"${each}"`).join(', ');
  return [
    {
      problem: `node "${id}" reads ${names} only in one branch of a conditional (? :), and kro needs ${names} for both branches`,
      effect:
        conditional.length > 0
          ? `while ${conditional.length > 1 ? `one of ${absent}` : absent} is left out, kro leaves "${id}" out, too, and deletes its objects`
          : `kro also waits for ${names} while the branch is not taken`,
    },
  ];
}

/** Can a node be left out by its own conditions or by the conditions of the nodes that it reads? */
function isConditional(id: string, graph: Graph, seen: Set<string>): boolean {
  const node = graph.nodes.get(id);
  if (node === undefined || seen.has(id)) return false;
  seen.add(id);
  return node.includeWhen.length > 0 || node.dependsOn.some((each) => isConditional(each, graph, seen));
}

function keyFinding({ id, template }: GraphNode): Difference[] {
  const maps = template.holes
    .filter(({ isKey }) => isKey === true)
    .map(({ path }) => (path.length === 1 ? 'its root' : Path.format(path.slice(0, -1))));
  if (maps.length === 0) return [];
  return [
    {
      problem: `node "${id}" computes keys of ${[...new Set(maps)].join(', ')}, and kro treats the expressions as text`,
      effect: 'kro writes the text of each expression as the key, or the API server refuses the object',
    },
  ];
}

function propagationFinding({ id, propagateWhen = [] }: GraphNode): Difference[] {
  if (propagateWhen.length === 0) return [];
  const conditions = propagateWhen.map(({ cel }) => cel).join(' and ');
  return [
    {
      problem: `node "${id}" holds its writes back until ${conditions} (propagateWhen), a field that is only proposed for kro`,
      effect: 'a kro without the field writes the objects at once, also those that are held back now',
    },
  ];
}

function instanceFinding({ propagateWhen }: Graph): Difference[] {
  if (propagateWhen === undefined) return [];
  const conditions = propagateWhen.conditions.map(({ cel }) => cel).join(' and ');
  return [
    {
      problem: `instances get a new revision when ${conditions} (spec.propagateWhen), a field that is only proposed for kro`,
      effect:
        'a kro without the field gives the newest revision to all instances at once, also to those that are held back now',
    },
  ];
}

function policyFinding(node: GraphNode): Difference[] {
  if (!('deletionPolicy' in node) || node.deletionPolicy !== 'Orphaned') return [];
  return [
    {
      problem: `node "${node.id}" leaves its objects in the cluster (deletionPolicy: Orphaned), which needs a kro after 0.10.0-rc.0 with the gate DeletionPolicy`,
      effect: 'a kro without the field deletes the objects when they are retired',
    },
  ];
}

/**
 * Finds the CRDs that definitions serve, and whose status has the field `graph` (the record of objects). kro compares
 * the CRD in the cluster with the CRD that it generates. It refuses to remove the field unless the definition allows
 * breaking changes.
 */
export function recordFindings(crds: readonly KubeObject[], definitions: readonly KubeObject[]): HandBackFinding[] {
  const owners = new Map(definitions.map((each) => [each.metadata.name, readDefinitionObject(each)]));
  return crds.filter(InstanceCrd.hasObjectRecord).flatMap((crd) => {
    const owner = owners.get(crd.metadata.labels?.[keys.DEFINITION_NAME_LABEL]);
    if (owner === undefined || owner.allowBreakingChanges) return [];
    return [
      {
        object: refOf({ ...crd, apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }),
        problem: 'its status has the field "graph" (gate ManagedResources), and kro refuses to remove a field',
        effect: `kro refuses the definition ${owner.name}; turn the gate off in the TypeKro controller first, or set kro.run/allow-breaking-changes: "true" on the definition`,
      },
    ];
  });
}
