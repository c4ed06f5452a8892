import { toJson } from '@typekro/cel';
import { type JsonObject, type JsonValue, hasErrors, isJsonObject, jsonEquals, stringifyJson } from '@typekro/kit/core';
import { type CompileResult, type Graph, compileGraphObject, Nodes } from '@typekro/engine/graph';
import { builtinSource, crdSource } from '../../../../packages/engine/src/schema/index.ts';
import { crdOf } from '@typekro/kit/test-support/crd';
import { type CaseOutcome, type KroCase, containsAll, failed, notRun, outcomeOf } from './cases.ts';

/** The schemas of the built-in kinds and of the custom kinds that cases name. */
const sources = [
  builtinSource(),
  crdSource([
    crdOf('Widget', { 'x-kubernetes-preserve-unknown-fields': true }),
    crdOf('Gadget', { 'x-kubernetes-preserve-unknown-fields': true }),
  ]),
];

/** A Graph object with these nodes. */
export function graphWith(nodes: JsonValue): JsonObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name: 'g', namespace: 'team', uid: '11111111-2222-3333-4444-555555555555' },
    spec: { nodes },
  };
}

/**
 * The message of the first compilation error: kro's message if the error has one, and this compiler's message if not.
 * Empty when the compilation has no error.
 */
export function acceptedText({ diagnostics }: CompileResult): string {
  const first = diagnostics.find(({ severity }) => severity === 'error');
  return first?.kroMessage ?? first?.message ?? '';
}

export const compileNodes = (nodes: JsonValue): CompileResult => compileGraphObject(graphWith(nodes), { sources });

/** The checks of a compiled graph, by the name of the expectation. A check returns the differences. */
const EXPECTATIONS: Readonly<Record<string, (graph: Graph, expected: JsonValue) => string[]>> = {
  accepted: () => [],
  reason: () => [],
  order: (graph, expected) => same('order', orderOf(graph), expected),
  orderAny: (graph, expected) => same('ids', [...orderOf(graph)].toSorted(), sortedTexts(expected)),
  firstBefore: (graph, expected) =>
    (expected as [string, string][]).flatMap(([first, second]) =>
      graph.order.indexOf(first) < graph.order.indexOf(second) ? [] : [`${first} is not before ${second}`],
    ),
  dependencies: (graph, expected) =>
    Object.entries(expected as JsonObject).flatMap(([id, needs]) =>
      same(`dependencies of ${id}`, [...(graph.nodes.get(id)?.dependsOn ?? [])], sortedTexts(needs ?? [])),
    ),
  collection: (graph, expected) =>
    Object.entries(expected as JsonObject).flatMap(([id, isList]) => {
      const type = graph.nodes.get(id)?.nodeType;
      return same(`collection ${id}`, type === 'collection' || type === 'externalCollection', isList ?? false);
    }),
  topLevelNodes: (graph, expected) => same('top-level nodes', childrenOf(graph, ''), sortedTexts(expected)),
  schemaDependencies: (graph, expected) =>
    same('kinds', [...new Set(Nodes.typed(graph).map(({ type }) => type.kind))].toSorted(), sortedTexts(expected)),
  dynamic: (graph, expected) => same('dynamic', hasDynamic(graph), expected),
  hasDynamic: (graph, expected) => same('dynamic', hasDynamic(graph), expected),
  endpoint: (graph, expected) => {
    const patch = [...graph.nodes.values()].find(({ nodeType }) => nodeType === 'patch');
    const endpoint = patch?.nodeType === 'patch' ? (patch.subresource ?? 'main') : 'none';
    return same('endpoint', endpoint, expected);
  },
  targets: (graph, expected) => {
    const patch = [...graph.nodes.values()].find(({ nodeType }) => nodeType === 'patch');
    const [dimension] = patch?.nodeType === 'patch' ? (patch.forEach ?? []) : [];
    const [id = ''] = dimension?.expression.references ?? [];
    const list = dimension?.expression.program.evaluate(new Map([[id, graph.nodes.get(id)?.template.skeleton]]));
    const json = list?.ok === true ? toJson(list.value) : undefined;
    const count = json?.ok === true && Array.isArray(json.value) ? json.value.length : 1;
    return same('targets', count, expected);
  },
};

/** Runs a case whose input is the nodes of a Graph, and whose expectation is the result of the compiler. */
export function runCompileCase({ input, expect }: KroCase): CaseOutcome {
  const nodes = input['nodes'];
  const accepted = expect['accepted'];
  if (nodes === undefined || typeof accepted !== 'boolean') return notRun('the case needs a controller');
  const result = compileNodes(nodes);
  const text = acceptedText(result);
  if (hasErrors(result.diagnostics) === accepted) return failed(accepted ? `refused: ${text}` : 'accepted');
  const { graph } = result;
  if (graph === undefined) return outcomeOf(containsAll(text, expect['messageContains']));
  const differences: string[] = [];
  for (const [key, expected = null] of Object.entries(expect)) {
    const frame = /^frame (.*)$/.exec(key)?.[1];
    const check = Object.hasOwn(EXPECTATIONS, key) ? EXPECTATIONS[key] : undefined;
    if (frame !== undefined) differences.push(...same(key, childrenOf(graph, frame), sortedTexts(expected)));
    else if (check === undefined) return notRun(`no rule for "${key}"`);
    else differences.push(...check(graph, expected));
  }
  return outcomeOf(differences);
}

/** Runs a case whose payload is a string instead of an object. */
export function runRawPayloadCase({ input, expect }: KroCase): CaseOutcome {
  const [key = ''] = Object.keys(input);
  const payload = key.slice('raw'.length).toLowerCase();
  const result = compileNodes([{ id: 'n', [payload]: input[key] ?? null }]);
  if (result.graph !== undefined) return failed('accepted');
  return outcomeOf(containsAll(acceptedText(result), expect['messageContains']));
}

/** Compiles the same input twice. The compiler must not change the input. */
export function runPurityCase({ expect }: KroCase): CaseOutcome {
  const graph = graphWith([
    { id: 'd', def: { a: ['x'] } },
    { id: 's', graph: { nodes: [{ id: 'c', def: { v: '${d.a}' } }] } },
  ]);
  const before = stringifyJson(graph);
  compileGraphObject(graph, { sources });
  compileGraphObject(graph, { sources });
  return outcomeOf(same('unchanged', stringifyJson(graph) === before, expect['inputUnchanged'] ?? true));
}

function childrenOf(graph: Graph, frame: string): string[] {
  const prefix = frame === '' ? '' : `${frame}/`;
  return [...graph.nodes.keys()]
    .filter((id) => id.startsWith(prefix) && !id.slice(prefix.length).includes('/'))
    .map((id) => id.slice(prefix.length))
    .toSorted();
}

const orderOf = (graph: Graph): string[] => graph.order.filter((id) => !id.includes('/'));

function hasDynamic(graph: Graph): boolean {
  return [...graph.nodes.values()].some(
    ({ type, nodeType }) => type === undefined && nodeType !== 'def' && nodeType !== 'subgraph',
  );
}

function sortedTexts(value: JsonValue): string[] {
  return (Array.isArray(value) ? value : [value]).map(String).toSorted();
}

export function same(what: string, found: JsonValue, expected: JsonValue): string[] {
  if (jsonEquals(found, expected)) return [];
  const shown = (value: JsonValue): string => (isJsonObject(value) ? '{…}' : stringifyJson(value));
  return [`${what}: ${shown(found)} instead of ${shown(expected)}`];
}
