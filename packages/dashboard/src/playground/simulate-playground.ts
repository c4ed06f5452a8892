import {
  type JsonObject,
  type JsonValue,
  type KubeObject,
  typeMetaOf,
  formatRef,
  isJsonObject,
  isoTime,
  mergeJson,
  refOf,
  listed,
} from '@typekro/kit/core';
import type { Graph, GraphNode } from '@typekro/engine/graph';
import {
  type InstanceNode,
  STATUS_NODE,
  countObjects,
  edgesWith,
  expressionValue,
  presentValue,
} from '@typekro/controller/inspect';
import { type NodeReport, Explanation, PlacedExpression, RenderedInstance, keys } from '@typekro/engine/runtime';
import type { PlaygroundStep, NodeValues } from './input.ts';
import { type SimulatedServer, simulatedServer } from './simulated-server.ts';
import { simulatedStatus } from './simulated-status.ts';

/** The input of a simulation. */
export interface SimulationInput {
  readonly graph: Graph;
  /** The instance with the defaults of its schema. */
  readonly instance: KubeObject;
  /** Maps the id of a node to fields of its object, or to a list of such fields for a collection. */
  readonly observed: JsonObject;
  /** The definitions of the custom kinds of the graph. */
  readonly crds: readonly KubeObject[];
  /** The time of the simulation, in milliseconds since the epoch. */
  readonly now: number;
}

/** The steps of a simulation, and the reason when they end early. */
export interface Simulation {
  readonly steps: readonly PlaygroundStep[];
  readonly ended?: string;
}

/** The maximum number of steps. A longer simulation does not help a reader. */
const MAX_STEPS = 100;

/** The maximum number of objects in a step. */
const MAX_OBJECTS = 500;

/** The maximum number of objects that the title of a step names. */
const MAX_NAMED_OBJECTS = 3;

/** The input of a simulation, and its simulated server. */
type Scene = SimulationInput & { readonly server: SimulatedServer; readonly at: string };

/** An object of the simulated cluster. */
interface SimulatedObject {
  readonly node: string;
  readonly object: KubeObject;
  /** Does the object already have the user's values or the simulated status? */
  readonly settled: boolean;
}

/**
 * Simulates the life of an instance. The simulation begins with a cluster that has only the external objects of the
 * instance. The controller's own step decides (`renderInstance`). One step of the simulation creates the objects that
 * the controller would create. The next step writes the statuses of these objects. The simulation ends when nothing
 * changes any more, or when the server refuses an object.
 */
export function simulatePlayground(given: SimulationInput): Simulation {
  const at = isoTime(given.now);
  const input: Scene = { ...given, at, server: simulatedServer(given.crds, at) };
  let objects: readonly SimulatedObject[] = externalObjects(input);
  let title = objects.length === 0 ? 'Nothing exists' : 'Only external objects exist';
  const steps: PlaygroundStep[] = [];
  for (;;) {
    const rendered = RenderedInstance.of(
      input.graph,
      input.instance,
      objects.map(({ object }) => object),
      { now: input.now, revision: 1 },
    );
    steps.push(stepOf(title, input, rendered, objects));
    const next = nextObjects(input, rendered, objects);
    if (next === undefined) return { steps };
    if ('refusal' in next) return { steps, ended: `The API server refuses an object: ${next.refusal}` };
    if (steps.length === MAX_STEPS) return { steps, ended: `The simulation ends after ${MAX_STEPS} steps.` };
    if (next.objects.length > MAX_OBJECTS)
      return { steps, ended: `The simulation ends because the next step would have more than ${MAX_OBJECTS} objects.` };
    ({ objects, title } = next);
  }
}

/** The objects of the next step, with its title; `undefined` when nothing changes any more. */
function nextObjects(
  input: Scene,
  { nodes, decision }: RenderedInstance,
  objects: readonly SimulatedObject[],
): { readonly objects: readonly SimulatedObject[]; readonly title: string } | { readonly refusal: string } | undefined {
  const known = new Set(objects.map(({ object }) => formatRef(refOf(object))));
  const skipped = new Set(nodes.flatMap(({ report }) => (report.state === 'skipped' ? [report.id] : [])));
  const removed = objects.filter(({ node }) => skipped.has(node));
  if (removed.length > 0)
    return { objects: objects.filter(({ node }) => !skipped.has(node)), title: titleOf('Deletes', removed) };
  const created: SimulatedObject[] = [];
  for (const { manager, desired, nodeId } of decision.apply) {
    if (manager !== undefined || known.has(formatRef(refOf(desired)))) continue;
    const answer = input.server.create(desired, objects.length + created.length + 1);
    if ('refusal' in answer) return answer;
    created.push({ node: nodeId, object: answer.object, settled: false });
  }
  if (created.length > 0) return { objects: [...objects, ...created], title: titleOf('Creates', created) };
  const changed = objects.filter(({ settled }) => !settled).map((each) => ({ each, after: withStatus(input, each) }));
  const after = new Map(changed.map((change) => [change.each, change.after]));
  const visible = changed.filter((change) => change.after.object !== change.each.object);
  if (visible.length === 0) return undefined;
  return {
    objects: objects.map((each) => after.get(each) ?? each),
    title: titleOf(
      'Status of',
      visible.map((change) => change.after),
    ),
  };
}

/**
 * Adds the user's values to the object. Without such values, adds the status that the object's controller would write.
 */
function withStatus({ observed, server, at }: Scene, each: SimulatedObject): SimulatedObject {
  const { node, object } = each;
  const entry = Object.hasOwn(observed, node) ? observed[node] : undefined;
  const index = Number(object.metadata.labels?.[keys.COLLECTION_INDEX_LABEL] ?? 0);
  const given = Array.isArray(entry) ? entry[index] : entry;
  if (isJsonObject(given)) return { node, object: server.withDefaults(merged(object, given)), settled: true };
  const status = simulatedStatus(object, at, server.isBuiltin(object));
  const changed = status === undefined ? object : { ...object, status: { ...object.status, ...status } };
  return { node, object: changed, settled: true };
}

/** Merges fields into a copy of the object. */
function merged(object: KubeObject, fields: JsonObject): KubeObject {
  return mergeJson(object, fields) as KubeObject;
}

/** Creates the external objects for which the user has given fields, with the name and kind that the graph reads. */
function externalObjects({ graph, instance, observed, now, server }: Scene): SimulatedObject[] {
  const { nodes } = RenderedInstance.of(graph, instance, [], { now, revision: 1 });
  return nodes
    .filter(({ external, report }) => external && Object.hasOwn(observed, report.id))
    .flatMap(({ report, objects }) => {
      const entry = observed[report.id];
      const entries = Array.isArray(entry) ? entry : [entry];
      return entries.flatMap((fields, index): SimulatedObject[] => {
        const named = objects[index]?.object ?? objects[0]?.object ?? {};
        if (!isJsonObject(fields)) return [];
        const metadata = { name: `${report.id}-${index}`, namespace: instance.metadata.namespace ?? 'default' };
        const object = mergeJson({ ...typeOf(graph, report.id), metadata }, named);
        const given = merged(object as KubeObject, fields);
        return [{ node: report.id, object: server.withDefaults(given), settled: true }];
      });
    });
}

function typeOf({ nodes }: Graph, id: string): JsonObject {
  const type = nodes.get(id)?.type;
  if (type === undefined) return {};
  return typeMetaOf(type);
}

function titleOf(verb: string, objects: readonly SimulatedObject[]): string {
  const names = objects.map(({ object }) => `${object.kind} ${object.metadata.name}`);
  return `${verb} ${listed(names, MAX_NAMED_OBJECTS)}`;
}

function stepOf(
  title: string,
  { graph, instance, now }: SimulationInput,
  { nodes, decision }: RenderedInstance,
  objects: readonly SimulatedObject[],
): PlaygroundStep {
  const variables = variablesOf(graph, instance, objects);
  return {
    title,
    state: decision.state,
    nodes: nodes.map(nodeOf),
    edges: edgesWith(
      graph,
      (_, { expression }) => expression.template ?? expression.cel,
      ({ read, parts }) => ({ ...read, values: parts.map((part) => presentValue(part, variables.get(part.id))) }),
    ),
    objects: nodes.flatMap(({ report, objects: wanted, external }) => {
      const live = objects.filter(({ node }) => node === report.id);
      const shown = live.map(({ object }) => ({ node: report.id, exists: true, object }));
      const missing = external ? [] : wanted.slice(live.length);
      return [...shown, ...missing.map(({ object }) => ({ node: report.id, exists: false, object }))];
    }),
    status: decision.status,
    values: stepValues(graph, variables, now),
  };
}

function nodeOf({ report }: { readonly report: NodeReport }): InstanceNode {
  const { state, reason, waitsFor, remedy } = Explanation.of(report);
  const { id, objects } = report;
  const counts = countObjects(objects);
  return { id, state, reason, waitsFor, objects, counts, ...(remedy === undefined ? {} : { remedy }) };
}

/** The data that expressions read, by node. */
function variablesOf(
  graph: Graph,
  { apiVersion, kind, metadata, spec = {} }: KubeObject,
  objects: readonly SimulatedObject[],
): ReadonlyMap<string, JsonValue> {
  const own = { apiVersion, kind, metadata, spec };
  const variables = new Map<string, JsonValue>([[PlacedExpression.SPEC_NODE, own]]);
  for (const { node: id, object } of objects) {
    const type = graph.nodes.get(id)?.nodeType;
    const before = variables.get(id);
    const isList = type === 'collection' || type === 'externalCollection';
    variables.set(id, isList ? [...(Array.isArray(before) ? before : []), object] : object);
  }
  return variables;
}

/**
 * The expressions of all nodes in the order of creation, then those of the status, with their static types and present
 * values.
 *
 * @param variables the instance (`schema`) and the objects of nodes, by their names
 * @param now the time of the simulation, in milliseconds since the epoch
 */
function stepValues(graph: Graph, variables: ReadonlyMap<string, unknown>, now: number): NodeValues[] {
  const valuesOf = (id: string, node: GraphNode | undefined, placed: readonly PlacedExpression[]): NodeValues => ({
    node: id,
    expressions: placed.map(({ purpose, place, expression }) => ({
      purpose,
      place,
      expression: expression.template ?? expression.cel,
      type: expression.type,
      value: expressionValue(node, expression, variables, now),
    })),
  });
  const nodes = graph.order.flatMap((id) => graph.nodes.get(id) ?? []);
  return [
    ...nodes.map((node) => valuesOf(node.id, node, PlacedExpression.of(node))),
    valuesOf(STATUS_NODE, undefined, PlacedExpression.ofStatus(graph)),
  ].filter(({ expressions }) => expressions.length > 0);
}
