import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { type DefinitionDocument, type Graph, GraphOutline, Path } from '@typekro/engine/graph';
import { crdSource, StructuralSchema } from '@typekro/engine/schema';
import { schemaProblems } from './check-instance.ts';
import { loadSource, readValue } from './load-source.ts';
import { type PlaygroundInput, type PlaygroundProblem, type PlaygroundResult, problemIn } from './input.ts';
import { simulatePlayground } from './simulate-playground.ts';

/**
 * Computes all that the playground shows: the problems of the texts, the graph, and the steps of an instance.
 *
 * @param now the time of the simulation, in milliseconds since the epoch
 */
export function runPlayground(input: PlaygroundInput, now: number): PlaygroundResult {
  const { graph, definition, crds = [], problems } = loadSource(input);
  const spec = readValue(input.spec, 'spec');
  const observed = readValue(input.observed, 'observed');
  const found = [...problems, ...spec.problems, ...observed.problems];
  if (graph === undefined || definition === undefined) return { problems: found, steps: [] };
  const instance = instanceOf(graph, spec.value);
  const own = [
    ...specProblems(graph, instance, spec.document),
    ...observedProblems(graph, observed.value, observed.document),
  ];
  const all = [...found, ...own];
  const shown = { kind: graph.instance.kind, object: definition, graph: GraphOutline.of(graph), instance };
  if (all.some(({ severity }) => severity === 'error')) return { problems: all, definition: shown, steps: [] };
  const values = isJsonObject(observed.value) ? observed.value : {};
  const simulation = simulatePlayground({ graph, instance, observed: values, crds, now });
  return { problems: all, definition: shown, ...simulation };
}

/** The instance with the defaults of its schema. A Graph is its own instance. */
function instanceOf(graph: Graph, spec: JsonValue): KubeObject {
  const { group, version, kind, namespaced } = graph.instance;
  const metadata = { name: 'example', ...(namespaced ? { namespace: 'default' } : {}), uid: 'example', generation: 1 };
  if (graph.definedBy === 'graph') {
    const object = graph.definition as KubeObject;
    return { ...object, metadata: { ...metadata, ...object.metadata } };
  }
  const object = { apiVersion: `${group}/${version}`, kind, metadata, spec: spec as JsonObject };
  const schema = schemaOf(graph);
  return schema === undefined ? object : (StructuralSchema.applyDefaults(schema, object) as KubeObject);
}

const schemaOf = ({ instance }: Graph) => crdSource([instance.crd]).schemaOf(instance);

function specProblems(
  graph: Graph,
  instance: KubeObject,
  document: DefinitionDocument | undefined,
): PlaygroundProblem[] {
  const schema = schemaOf(graph);
  if (schema === undefined || graph.definedBy === 'graph') return [];
  return schemaProblems(schema, instance).map(({ field, steps, message }) => {
    const place = document?.position(steps.slice(1));
    const text = { code: 'playground/spec', severity: 'error' as const, message: `${field}: ${message}`, path: field };
    return problemIn('spec', { ...text, source: place ?? { line: 1, column: 1 } });
  });
}

/** The problems of the ids in `observed` that no node has. Such an id would have no effect. */
function observedProblems(
  { nodes }: Graph,
  observed: JsonValue,
  document: DefinitionDocument | undefined,
): PlaygroundProblem[] {
  if (!isJsonObject(observed)) return [];
  return Object.keys(observed)
    .filter((id) => !nodes.has(id))
    .map((id) => {
      const place = document?.keyPosition([id]);
      const message = `${Path.format([id])} is not a node of the graph`;
      const hint = `name one of ${[...nodes.keys()].join(', ')}`;
      const text = { code: 'playground/unknown-node', severity: 'error' as const, message, hint };
      return problemIn('observed', place === undefined ? text : { ...text, source: place });
    });
}
