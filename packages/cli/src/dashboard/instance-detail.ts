import { type KubeObject, type ObjectRef, formatRef, refOf } from '@typekro/kit/core';
import { type InstanceObservation, isAtOrInside, pastOf, treeNodes } from '@typekro/app/instance';
import { type Graph, GraphObject, Nodes } from '@typekro/engine/graph';
import type {
  InstanceDetail,
  InstanceNode,
  InstanceObject,
  InstanceRow,
  NodeDetail,
  TreeNode,
} from '@typekro/controller/inspect';
import { ObjectTarget, PlacedExpression, readConditions } from '@typekro/engine/runtime';
import type { CurrentValues } from './current-values.ts';
import { maskSecrets } from '@typekro/app/plan';
import { maskedOutline, SALT, textOfExpression, valueEdges } from './graph-edges.ts';
import { maskedObject } from './masked-object.ts';
import { knownReadiness, withCounts } from './object-readiness.ts';

/**
 * The details of an observed instance.
 *
 * @param values the present values; absent if the graph is not known
 * @param unfollowed sentences about objects whose changes cause no event
 * @param definition the definition of the instance, if it exists
 */
export function instanceDetail(
  observation: InstanceObservation,
  row: InstanceRow,
  values: CurrentValues | undefined,
  unfollowed: readonly string[] = [],
  definition?: KubeObject,
): InstanceDetail {
  const { instance, graph, problems, notes } = observation;
  const live = [...(graph?.nodes.keys() ?? [])].flatMap((id) => values?.objectsOf(id) ?? []);
  const past = pastOf(instance, [
    instance,
    ...(definition === undefined ? [] : [definition]),
    ...live.map(({ object }) => object),
  ]);
  const errors = problems.map(({ message }) => `the definition does not compile: ${message}`);
  return {
    instance: row,
    object: maskedInstance(instance, graph, values),
    conditions: readConditions(instance.status?.['conditions']),
    ...(graph === undefined ? {} : { graph: maskedOutline(graph) }),
    edges: graph === undefined || values === undefined ? [] : valueEdges(graph, (...read) => values.ofRead(...read)),
    nodes: instanceNodes(observation, values),
    ...(past === undefined ? {} : { past }),
    notes: [...notes, ...errors, ...unfollowed],
  };
}

/** The nodes of an instance, each with the number of its objects and their readiness. */
function instanceNodes(observation: InstanceObservation, values: CurrentValues | undefined): readonly InstanceNode[] {
  const { decision } = observation;
  const pending = new Set(decision.apply.map(({ target }) => formatRef(ObjectTarget.refOf(target))));
  return treeNodes(observation).map((node, index) => {
    // The nodes of the tree are in the same order as the nodes of the decision.
    const because = decision.nodes[index]?.because;
    if (node.retired === true || values === undefined || because === undefined) return withCounts(node, node.objects);
    const objects = withSelected(node, values).map(({ ready: holds, ...object }) => {
      const ready = knownReadiness(holds, because, pending.has(formatRef(object.object)));
      return ready === undefined ? object : { ...object, ready };
    });
    return withCounts(node, objects);
  });
}

/**
 * The objects of a node, each with its readiness. For an external collection, these are the objects that it selects.
 */
function withSelected({ id, objects }: TreeNode, values: CurrentValues): readonly InstanceObject[] {
  const live = values.objectsOf(id);
  const readiness = new Map(live.map(({ object, ...facts }) => [formatRef(refOf(object)), facts]));
  const known = new Set(objects.map(({ object }) => formatRef(object)));
  const selected = live.flatMap(({ object, ...facts }): InstanceObject[] => {
    const ref = refOf(object);
    if (known.has(formatRef(ref))) return [];
    return [{ object: ref, state: object.metadata.deletionTimestamp === undefined ? 'present' : 'deleting', ...facts }];
  });
  const own = objects.map((each): InstanceObject => ({ ...each, ...readiness.get(formatRef(each.object)) }));
  return [...own, ...selected];
}

/**
 * The details of one node. Returns `undefined` when the instance does not have the node.
 *
 * @param object the object of a collection for which values are computed
 */
export function nodeDetail(
  observation: InstanceObservation,
  id: string,
  values: CurrentValues | undefined,
  object?: ObjectRef,
): NodeDetail | undefined {
  const nodes = instanceNodes(observation, values).filter((node) => node.id === id);
  const node = nodes.find(({ retired }) => retired !== true) ?? nodes[0];
  if (node === undefined) return undefined;
  const compiled = observation.graph?.nodes.get(id);
  if (compiled === undefined || values === undefined) return { node, expressions: [] };
  const expressions = PlacedExpression.of(compiled);
  const current = values.ofPlaced(compiled, expressions, object);
  return {
    node,
    expressions: expressions.map((placed, index) => ({
      purpose: placed.purpose,
      place: placed.place,
      expression: textOfExpression(compiled, placed),
      type: placed.expression.type,
      value: current[index] ?? { is: 'unknown', message: '' },
    })),
  };
}

/**
 * Masks the secret values of an instance. These are status fields that can come from a Secret, spec fields that are
 * used only in Secrets, and, for a Graph, literals in the templates of Secrets.
 */
function maskedInstance(instance: KubeObject, graph: Graph | undefined, values: CurrentValues | undefined): KubeObject {
  const paths = (graph?.status.holes ?? [])
    .filter(({ expression }) => values?.isSecret(undefined, expression) !== false)
    .map((hole) => `status.${Nodes.pathOf(hole)}`);
  return maskedObject(
    GraphObject.is(instance) ? maskSecrets(SALT, [instance])(instance) : instance,
    (path) => paths.some((secret) => isAtOrInside(path, secret)) || values?.isSecretSpec(path) === true,
  ).object;
}
