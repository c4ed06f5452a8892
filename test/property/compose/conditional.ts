import { toJson } from '@typekro/cel';
import { type Composition, CompositionError, createCompositionApi } from '@typekro/sdk/compose';
import { SOURCE } from '../../../packages/sdk/src/compose/source/transform-data.ts';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { ConfigMap } from '../../../packages/sdk/src/factories/simple/index.ts';
import { type Expression, type Graph, type GraphNode, type Hole, compile } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { putInstance, settle } from '@typekro/engine/test-support/direct-loop';
import { FakeCluster } from '@typekro/engine/test-support/fake-cluster';
import { INNER } from './conditional-program.ts';

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const SPEC = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    a: { type: 'boolean' },
    b: { type: 'boolean' },
    c: { type: 'boolean' },
    env: { type: 'string', enum: ['dev', 'stage', 'prod'] },
    opt: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
  },
  required: ['name', 'a', 'b', 'c', 'env', 'tags'],
} as const;

const INNER_SPEC = {
  type: 'object',
  properties: { name: { type: 'string' }, on: { type: 'boolean' } },
  required: ['name', 'on'],
} as const;

const ENVS = ['dev', 'stage', 'prod'] as const;

/**
 * The specs have every combination of the programs' three booleans. From one spec to the next, at least two booleans
 * change. The other fields have some combinations of their values.
 */
export const SPECS: readonly JsonObject[] = Array.from({ length: 8 }, (_, index) => {
  const bits = (index * 5 + 3) % 8;
  return {
    name: 'n',
    a: (bits & 1) === 1,
    b: (bits & 2) === 2,
    c: (bits & 4) === 4,
    env: ENVS[index % 3] as string,
    tags: index % 2 === 0 ? ['t', 'u'] : [],
    ...(index % 4 < 2 ? { opt: index === 0 ? '' : 'given' } : {}),
  };
});

type Names = Readonly<Record<string, unknown>>;
type Builder = (spec: JsonObject) => unknown;

function instantiate(source: string, names: Names): Builder {
  // eslint-disable-next-line no-new-func -- the program under test
  return new Function(...Object.keys(names), `'use strict';\nreturn (${source});`)(...Object.values(names)) as Builder;
}

function traced(source: string, file: string, vars: Names): never {
  return Object.assign(instantiate(source, vars), { [SOURCE]: { src: source, file, line: 1, col: 1, vars } }) as never;
}

/** Compiles the program as a composition. The program can call the composition `inner`. */
export function composeConditional(source: string): Composition<JsonObject, JsonObject> {
  const inner = kubernetesComposition({ name: 'inner', spec: INNER_SPEC }, traced(INNER, 'inner.js', { ConfigMap }));
  return kubernetesComposition(
    { name: 'outer', spec: SPEC },
    traced(source, 'outer.js', { ConfigMap, inner }),
  ) as never;
}

/** The data of the objects, keyed by object name, and the status. */
export interface Outcome {
  readonly objects: JsonObject;
  readonly status: JsonObject;
}

function runNatively(source: string, given: JsonObject): Outcome {
  const objects: JsonObject = {};
  const factory = ({ name, data }: { name: string; data: Record<string, string | undefined> }) => {
    const kept = Object.entries(data).filter(([, value]) => value !== undefined) as [string, string][];
    objects[name] = Object.fromEntries(kept);
    const handle = { metadata: { name }, data, dependsOn: () => handle };
    return handle;
  };
  const build = instantiate(INNER, { ConfigMap: factory });
  const inner = (spec: JsonObject) => ({ status: build(spec) });
  const result = instantiate(source, { ConfigMap: factory, inner })(structuredClone(given));
  const status = JSON.parse(JSON.stringify(result)) as JsonObject;
  return { objects, status };
}

const nameOf = (object: JsonObject): string => (object['metadata'] as JsonObject)['name'] as string;

function outcomeOf(objects: readonly JsonObject[], status: JsonObject): Outcome {
  const named = objects.map((object) => [nameOf(object), object['data'] ?? {}] as const);
  if (new Set(named.map(([name]) => name)).size < named.length) throw new Error('two nodes make one object');
  return { objects: Object.fromEntries(named), status };
}

/** Compiles the definition for the target. */
export function compiled(definition: JsonObject, target: 'stock' | 'typekro'): Graph {
  const features = { omit: target === 'typekro', now: target === 'typekro' };
  const { graph, diagnostics } = compile(definition, { sources: [builtinSource()], target, features });
  if (graph === undefined) throw new Error(JSON.stringify(diagnostics));
  return graph;
}

/**
 * A model of kro. A node is excluded if one of its conditions is not true, or if it refers to an excluded node. If an
 * expression of any other node fails, the run fails. The data of an object is the data of its template.
 */
export function runAsKro(graph: Graph, spec: JsonObject): Outcome {
  const metadata = { name: 'x', namespace: 'ns' };
  const variables = new Map<string, unknown>([['schema', { apiVersion: 'v1', kind: 'X', metadata, spec }]]);
  const value = (expression: Expression, scope: ReadonlyMap<string, unknown>): JsonValue | undefined => {
    const result = expression.program.evaluate(scope);
    if (!result.ok) throw new Error(`${expression.cel}: ${result.error.message}`);
    const json = toJson(result.value);
    if (!json.ok) throw new Error(json.error);
    return json.value;
  };
  const filled = (template: GraphNode['template'], scope: ReadonlyMap<string, unknown>): JsonObject =>
    fill(template.skeleton, template.holes, (hole) => value(hole.expression, scope));
  const objects: JsonObject[] = [];
  for (const id of graph.order) {
    const node = graph.nodes.get(id) as GraphNode;
    if (node.dependsOn.some((other) => !variables.has(other))) continue;
    if (node.includeWhen.some((condition) => value(condition, variables) !== true)) continue;
    let scopes: ReadonlyMap<string, unknown>[] = [variables];
    for (const { name, expression } of node.nodeType === 'collection' ? node.forEach : []) {
      const items = value(expression, variables) as JsonValue[];
      scopes = scopes.flatMap((scope) => items.map((item) => new Map([...scope, [name, item]])));
    }
    const made = scopes.map((scope) => filled(node.template, scope));
    objects.push(...made);
    variables.set(id, node.nodeType === 'collection' ? made : made[0]);
  }
  // A status field is omitted if its expression fails.
  const status = fill(graph.status.skeleton, graph.status.holes, ({ expression }) => {
    const result = expression.program.evaluate(variables);
    return result.ok ? value(expression, variables) : undefined;
  });
  return outcomeOf(objects, status);
}

function fill(skeleton: JsonObject, holes: readonly Hole[], value: (hole: Hole) => JsonValue | undefined): JsonObject {
  const object = structuredClone(skeleton);
  const places = holes.map((hole) => {
    let at = object as Record<string | number, JsonValue | undefined>;
    for (const step of hole.path.slice(0, -1)) at = at[step] as never;
    return { at, last: hole.path.at(-1) as string | number, found: value(hole) };
  });
  for (const { at, last, found } of places) at[last] = found;
  // Starts with the last item, because the removal of an item changes the positions of later items.
  for (const { at, last } of places.filter(({ found }) => found === undefined).toReversed()) {
    if (Array.isArray(at)) at.splice(Number(last), 1);
    else delete at[last];
  }
  return object;
}

/** The result of the comparison of a program. */
export type Verdict =
  | { readonly kind: 'equal' }
  | { readonly kind: 'refused'; readonly code: string; readonly text: string }
  | { readonly kind: 'differs'; readonly text: string };

/**
 * Compares the objects and the status of a program in JavaScript with the results of `evaluate()`, of a model of kro
 * for each target, and of an instance in a cluster. The instance gets one spec after another. A change of the spec must
 * never delete an object that both specs want.
 */
export function compareConditional(source: string): Verdict {
  let composition: Composition<JsonObject, JsonObject>;
  let stock: JsonObject;
  let own: JsonObject;
  try {
    composition = composeConditional(source);
    stock = composition.toDefinition();
    own = composition.toDefinition({ target: 'typekro' });
  } catch (error) {
    if (!(error instanceof CompositionError) || !error.code.startsWith('trace/')) throw error;
    return { kind: 'refused', code: error.code, text: error.message };
  }
  const graphs = { stock: compiled(stock, 'stock'), own: compiled(own, 'typekro') };
  const cluster = new FakeCluster();
  const key = putInstance(graphs.own, cluster, 'x', {});
  let before: JsonObject = {};
  for (const given of SPECS) {
    const wanted = runNatively(source, given);
    const runs: Readonly<Record<string, () => Outcome>> = {
      'evaluate()': () => {
        const { resources, status } = composition.evaluate(given);
        const waiting = resources.find(({ pending }) => pending !== undefined);
        if (waiting !== undefined) throw new Error(`${waiting.id} waits: ${waiting.pending}`);
        return outcomeOf(
          resources.flatMap(({ objects }) => objects),
          status,
        );
      },
      'stock kro': () => runAsKro(graphs.stock, given),
      'target typekro': () => runAsKro(graphs.own, given),
      'an instance': () => {
        cluster.log.length = 0;
        cluster.edit(key, (object) => void (object.spec = given));
        const { instance } = settle(graphs.own, key, cluster, { mode: 'projection' });
        for (const name of Object.keys(before)) {
          if (Object.hasOwn(wanted.objects, name) && cluster.log.includes(`delete ConfigMap/ns/${name}`))
            throw new Error(`${name} is deleted although it is wanted before and after`);
        }
        const keys = cluster.keys().filter((each) => each.startsWith('ConfigMap/'));
        const { state: _state, conditions: _conditions, ...status } = instance?.status ?? {};
        return outcomeOf(
          keys.map((each) => cluster.get(each) as unknown as JsonObject),
          status,
        );
      },
    };
    for (const [way, run] of Object.entries(runs)) {
      let found: JsonValue;
      try {
        found = run() as unknown as JsonValue;
      } catch (error) {
        found = String(error);
      }
      if (isJsonObject(found) && jsonEquals(wanted as unknown as JsonValue, found)) continue;
      return {
        kind: 'differs',
        text: JSON.stringify({ way, given, wanted, found, graph: composition.explain() }, null, 1),
      };
    }
    before = wanted.objects;
  }
  return { kind: 'equal' };
}
