import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { formatApiVersion, formatRef, isJsonObject, isoTime, mergeJson, refOf } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { InstanceNode } from '../../inspect/index.ts';
import { countObjects, edgesWith, presentValue, SPEC_NODE } from '../../inspect/index.ts';
import type { RenderedInstance, RenderedNode } from '../../runtime/index.ts';
import { explainNode, keys, renderInstance } from '../../runtime/index.ts';
import type { PlaygroundStep } from './model.ts';
import { asCreated, simulatedStatus } from './simulated-status.ts';

/** The input of a simulation. */
export interface SimulationInput {
  readonly graph: Graph;
  /** The instance with the defaults of its schema. */
  readonly instance: KubeObject;
  /** Fields of the objects of nodes by id; a list for a collection. */
  readonly observed: JsonObject;
  /** Is a kind one of Kubernetes' own? */
  readonly isBuiltin: (object: KubeObject) => boolean;
  /** The time of the simulation, in milliseconds since the epoch. */
  readonly now: number;
}

/** The steps of a simulation, and why they end early. */
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

/** An object of the simulated cluster. */
interface SimulatedObject {
  readonly node: string;
  readonly object: KubeObject;
  /** Has its controller written its status? */
  readonly settled: boolean;
}

/**
 * Simulates the life of an instance. The simulation begins with a cluster that has only the external objects of the
 * instance. The controller's own step decides (`renderInstance`). One step of the simulation creates the objects that
 * the controller would create. The next step changes the statuses of these objects. The simulation ends when nothing
 * changes any more.
 */
export function simulate(input: SimulationInput): Simulation {
  const at = isoTime(input.now);
  let objects: readonly SimulatedObject[] = externalObjects(input);
  let title = objects.length === 0 ? 'Nothing exists' : 'Only external objects exist';
  const steps: PlaygroundStep[] = [];
  for (;;) {
    const rendered = renderInstance(
      input.graph,
      input.instance,
      objects.map(({ object }) => object),
      { now: input.now, revision: 1 },
    );
    steps.push(stepOf(title, input, rendered, objects));
    const next = nextObjects(input, rendered, objects, at);
    if (next === undefined) return { steps };
    if (steps.length === MAX_STEPS) return { steps, ended: `The simulation ends after ${MAX_STEPS} steps.` };
    if (next.objects.length > MAX_OBJECTS)
      return { steps, ended: `The simulation ends before it has more than ${MAX_OBJECTS} objects.` };
    ({ objects, title } = next);
  }
}

/** The objects of the next step, with its title; `undefined` when nothing changes any more. */
function nextObjects(
  input: SimulationInput,
  { nodes, decision }: RenderedInstance,
  objects: readonly SimulatedObject[],
  at: string,
): { readonly objects: readonly SimulatedObject[]; readonly title: string } | undefined {
  const known = new Set(objects.map(({ object }) => formatRef(refOf(object))));
  const skipped = new Set(nodes.flatMap(({ report }) => (report.state === 'skipped' ? [report.id] : [])));
  const removed = objects.filter(({ node }) => skipped.has(node));
  if (removed.length > 0)
    return { objects: objects.filter(({ node }) => !skipped.has(node)), title: titleOf('Deletes', removed) };
  const created = decision.apply
    .filter(({ manager, desired }) => manager === undefined && !known.has(formatRef(refOf(desired))))
    .map(({ nodeId, desired }, index) => ({
      node: nodeId,
      object: asCreated(desired, objects.length + index + 1, at),
      settled: false,
    }));
  if (created.length > 0) return { objects: [...objects, ...created], title: titleOf('Creates', created) };
  const changed = objects
    .filter(({ settled }) => !settled)
    .map((each) => ({ each, after: withStatus(input, each, at) }));
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

/** The object with the values of the user, or else with the status of its controller. */
function withStatus({ observed, isBuiltin }: SimulationInput, each: SimulatedObject, at: string): SimulatedObject {
  const { node, object } = each;
  const entry = Object.hasOwn(observed, node) ? observed[node] : undefined;
  const index = Number(object.metadata.labels?.[keys.COLLECTION_INDEX_LABEL] ?? 0);
  const given = Array.isArray(entry) ? entry[index] : entry;
  if (isJsonObject(given)) return { node, object: merged(object, given), settled: true };
  const status = simulatedStatus(object, at, isBuiltin(object));
  return { node, object: status === undefined ? object : { ...object, status }, settled: true };
}

/** The object with further fields. */
function merged(object: KubeObject, fields: JsonObject): KubeObject {
  return mergeJson(object as unknown as JsonObject, fields) as unknown as KubeObject;
}

/** The external objects of the user, with the name and kind that the graph reads. */
function externalObjects({ graph, instance, observed, now }: SimulationInput): SimulatedObject[] {
  const { nodes } = renderInstance(graph, instance, [], { now, revision: 1 });
  return nodes
    .filter(({ external, report }) => external && Object.hasOwn(observed, report.id))
    .flatMap(({ report, objects }) => {
      const entry = observed[report.id];
      const given = Array.isArray(entry) ? entry : [entry];
      return given.flatMap((fields, index): SimulatedObject[] => {
        const named = objects[index]?.object ?? objects[0]?.object ?? {};
        if (!isJsonObject(fields)) return [];
        const metadata = { name: `${report.id}-${index}`, namespace: instance.metadata.namespace ?? 'default' };
        const object = mergeJson({ ...typeOf(graph, report.id), metadata }, named);
        return [{ node: report.id, object: merged(object as unknown as KubeObject, fields), settled: true }];
      });
    });
}

function typeOf({ nodes }: Graph, id: string): JsonObject {
  const type = nodes.get(id)?.type;
  if (type === undefined) return {};
  return { apiVersion: formatApiVersion(type), kind: type.kind };
}

function titleOf(verb: string, objects: readonly SimulatedObject[]): string {
  const names = objects.map(({ object }) => `${object.kind} ${object.metadata.name}`);
  const rest = names.length - MAX_NAMED_OBJECTS;
  return `${verb} ${names.slice(0, MAX_NAMED_OBJECTS).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

function stepOf(
  title: string,
  { graph, instance }: SimulationInput,
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
      const shown = live.map(({ object }) => ({
        node: report.id,
        exists: true,
        object: object as unknown as JsonObject,
      }));
      const missing = external ? [] : wanted.slice(live.length);
      return [...shown, ...missing.map(({ object }) => ({ node: report.id, exists: false, object }))];
    }),
    status: decision.status,
  };
}

function nodeOf({ report }: RenderedNode): InstanceNode {
  const { state, reason, waitsFor, remedy } = explainNode(report);
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
  const own = { apiVersion, kind, metadata, spec } as unknown as JsonValue;
  const variables = new Map<string, JsonValue>([[SPEC_NODE, own]]);
  for (const { node: id, object } of objects) {
    const type = graph.nodes.get(id)?.nodeType;
    const value = object as unknown as JsonValue;
    const before = variables.get(id);
    const isList = type === 'collection' || type === 'externalCollection';
    variables.set(id, isList ? [...(Array.isArray(before) ? before : []), value] : value);
  }
  return variables;
}
