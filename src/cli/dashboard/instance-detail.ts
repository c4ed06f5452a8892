import type { KubeObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { objectPathText } from '../../graph/index.ts';
import type { InstanceDetail, InstanceNode, InstanceRow, NodeDetail, TreeNode } from '../../inspect/index.ts';
import { countObjects, expressionsOf } from '../../inspect/index.ts';
import { readConditions } from '../../runtime/index.ts';
import type { InstanceObservation } from '../instance/observation.ts';
import { secretExpressions } from '../instance/secret-fields.ts';
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
 */
export function instanceDetail(
  observation: InstanceObservation,
  row: InstanceRow,
  values: CurrentValues | undefined,
): InstanceDetail {
  const { instance, graph, problems, notes } = observation;
  const errors = problems.map(({ message }) => `the definition does not compile: ${message}`);
  return {
    instance: row,
    object: maskedInstance(instance, graph),
    conditions: readConditions(instance.status?.['conditions']),
    ...(graph === undefined ? {} : { graph: maskedOutline(graph) }),
    edges: graph === undefined || values === undefined ? [] : valueEdges(graph, (part) => values.ofPart(part)),
    nodes: treeNodes(observation).map(instanceNode),
    notes: [...notes, ...errors],
  };
}

/** A node of an instance with the numbers of its objects. */
export function instanceNode(node: TreeNode): InstanceNode {
  const omitted = node.objects.length - MAX_OBJECTS;
  return {
    ...node,
    objects: omitted > 0 ? node.objects.slice(0, MAX_OBJECTS) : node.objects,
    counts: countObjects(node.objects),
    ...(omitted > 0 ? { omitted } : {}),
  };
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
    node: instanceNode(node),
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
function maskedInstance(instance: KubeObject, graph: Graph | undefined): KubeObject {
  const isSecret = graph === undefined ? undefined : secretExpressions(graph);
  const paths = (graph?.status.holes ?? [])
    .filter(({ expression }) => isSecret?.(undefined, expression) === true)
    .map((hole) => `status.${objectPathText(hole)}`);
  const isWithin = (path: string, outer: string): boolean =>
    path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
  return maskedObject(instance, (path) => paths.some((secret) => isWithin(path, secret))).object;
}
