import type { KubeObject } from '../../core/index.ts';
import { formatRef, refOf } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { objectPathText } from '../../graph/index.ts';
import type {
  InstanceDetail,
  InstanceNode,
  InstanceObject,
  InstanceRow,
  NodeDetail,
  TreeNode,
} from '../../inspect/index.ts';
import { countObjects, expressionsOf } from '../../inspect/index.ts';
import { readConditions } from '../../runtime/index.ts';
import type { InstanceObservation } from '../instance/observation.ts';
import { treeNodes } from '../instance/tree-view.ts';
import type { CurrentValues } from './current-values.ts';
import { maskedOutline, textOfExpression, valueEdges } from './graph-edges.ts';
import { maskedObject } from './masked-object.ts';

/** The maximum number of objects of one node in an answer. */
const MAX_OBJECTS = 2000;

/**
 * The details of an observed instance.
 *
 * @param values the present values; absent without a graph
 * @param unfollowed what changes without an event, as sentences
 */
export function instanceDetail(
  observation: InstanceObservation,
  row: InstanceRow,
  values: CurrentValues | undefined,
  unfollowed: readonly string[] = [],
): InstanceDetail {
  const { instance, graph, problems, notes } = observation;
  const errors = problems.map(({ message }) => `the definition does not compile: ${message}`);
  return {
    instance: row,
    object: maskedInstance(instance, graph, values),
    conditions: readConditions(instance.status?.['conditions']),
    ...(graph === undefined ? {} : { graph: maskedOutline(graph) }),
    edges: graph === undefined || values === undefined ? [] : valueEdges(graph, (part) => values.ofPart(part)),
    nodes: treeNodes(observation).map((node) => instanceNode(node, values)),
    notes: [...notes, ...errors, ...unfollowed],
  };
}

/** A node of an instance with the numbers and the readiness of its objects. */
export function instanceNode(node: TreeNode, values: CurrentValues | undefined): InstanceNode {
  const objects: readonly InstanceObject[] =
    node.retired === true || values === undefined ? node.objects : withReadiness(node, values);
  const omitted = objects.length - MAX_OBJECTS;
  const unready = objects.filter(({ ready }) => ready === false).length;
  return {
    ...node,
    objects: omitted > 0 ? objects.slice(0, MAX_OBJECTS) : objects,
    counts: countObjects(objects),
    ...(unready > 0 ? { unready } : {}),
    ...(omitted > 0 ? { omitted } : {}),
  };
}

/** The objects of a node with their readiness, and the objects that an external collection selects. */
function withReadiness({ id, objects }: TreeNode, values: CurrentValues): readonly InstanceObject[] {
  const live = values.objectsOf(id);
  const readiness = new Map(live.map(({ object, ready }) => [formatRef(refOf(object)), ready]));
  const known = new Set(objects.map(({ object }) => formatRef(object)));
  const selected = live.flatMap(({ object, ready }): InstanceObject[] => {
    const ref = refOf(object);
    return known.has(formatRef(ref)) ? [] : [{ object: ref, state: 'present', ready }];
  });
  const own = objects.map((each): InstanceObject => {
    const ready = readiness.get(formatRef(each.object));
    return ready === undefined ? each : { ...each, ready };
  });
  return [...own, ...selected];
}

/** The details of one node. Returns `undefined` when the instance does not have it. */
export function nodeDetail(
  observation: InstanceObservation,
  id: string,
  values: CurrentValues | undefined,
): NodeDetail | undefined {
  const found = treeNodes(observation).find((node) => node.id === id && node.retired !== true);
  const retired = treeNodes(observation).find((node) => node.id === id);
  const node = found ?? retired;
  if (node === undefined) return undefined;
  const compiled = observation.graph?.nodes.get(id);
  const expressions = compiled === undefined || values === undefined ? [] : expressionsOf(compiled);
  return {
    node: instanceNode(node, values),
    expressions: expressions.map((placed) => ({
      purpose: placed.purpose,
      place: placed.place,
      expression: textOfExpression(compiled, placed),
      type: placed.expression.type,
      value: values?.ofExpression(compiled, placed.expression) ?? { is: 'unknown', message: '' },
    })),
  };
}

/** The instance without the fields of its status that can come from a Secret. */
function maskedInstance(instance: KubeObject, graph: Graph | undefined, values: CurrentValues | undefined): KubeObject {
  const paths = (graph?.status.holes ?? [])
    .filter(({ expression }) => values?.isSecret(undefined, expression) !== false)
    .map((hole) => `status.${objectPathText(hole)}`);
  const isWithin = (path: string, outer: string): boolean =>
    path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
  return maskedObject(instance, (path) => paths.some((secret) => isWithin(path, secret))).object;
}
