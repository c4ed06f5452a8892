import { type JsonObject, type JsonValue, jsonEquals } from '@typekro/kit/core';
import { type Composition, createCompositionApi, externalRef } from '@typekro/sdk/compose';
import { SOURCE } from '../../packages/sdk/src/compose/source/transform-data.ts';
import { ConfigMap, Deployment, Service } from '../../packages/sdk/src/factories/simple/index.ts';
import { hasTwins, INPUTS, SPEC } from '../property/compose/differential.ts';

const { kubernetesComposition, toResourceGraph } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

/** A program that reads live resources: the source, the compositions that it calls, and an optional status function. */
export interface LiveProgram {
  readonly source: string;
  /** Maps a name to the source of a composition. A composition may call the compositions before it. */
  readonly inner?: Readonly<Record<string, string>>;
  /** The status function of a composition of two functions. If it is set, `source` is the resource builder. */
  readonly status?: string;
}

type Builder = (...args: unknown[]) => unknown;
type Names = Readonly<Record<string, unknown>>;

const INNER_SPEC = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    n: { type: 'integer', default: 2 },
    on: { type: 'boolean', default: true },
    tag: { type: 'string' },
    list: { type: 'array', items: { type: 'string' } },
  },
  required: ['name'],
} as const;

/**
 * The states of the objects in the cluster. `full`: all fields. `bare`: almost no fields. `mixed`: the name of an
 * object determines which of these states it has.
 */
const ROUNDS = ['full', 'bare', 'mixed'] as const;
type Round = (typeof ROUNDS)[number];

const sumOf = (text: string): number => Array.from(text, (char) => char.codePointAt(0) ?? 0).reduce((a, b) => a + b, 0);

/** The object with this name, as the cluster has it. */
function liveObject(kind: string, name: string, round: Round): JsonObject {
  const full = round === 'full' || (round === 'mixed' && sumOf(name) % 2 === 0);
  const metadata = { name, uid: `uid-${name}` };
  if (kind === 'Deployment') {
    const conditions = [
      { type: 'Available', status: full ? 'True' : 'False', reason: full ? 'Minimum' : 'Lacking' },
      { type: 'Progressing', status: 'True' },
    ];
    const counts = full ? { replicas: 2, readyReplicas: 2, availableReplicas: 2 } : { replicas: 0, readyReplicas: 0 };
    return { metadata, spec: { replicas: 2 }, status: { ...counts, conditions: round === 'bare' ? [] : conditions } };
  }
  if (kind === 'Service') {
    const loadBalancer = full ? { ingress: [{ ip: '1.2.3.4' }] } : {};
    return {
      metadata,
      spec: { clusterIP: `10.0.0.${sumOf(name) % 250}`, ports: [{ port: 80 }] },
      status: { loadBalancer },
    };
  }
  return { metadata, data: full ? { n: name, k: `k-${name}` } : { n: name } };
}

/** Compiles the source of a function. `names` are the variables that the source can use. */
function instantiate(source: string, names: Names): Builder {
  // eslint-disable-next-line no-new-func -- the program under test
  return new Function(...Object.keys(names), `'use strict';\nreturn (${source});`)(...Object.values(names)) as Builder;
}

function traced(source: string, file: string, vars: Names): never {
  return Object.assign(instantiate(source, vars), { [SOURCE]: { src: source, file, line: 1, col: 1, vars } }) as never;
}

/** Compiles the program as a composition. */
export function composeLive({ source, inner = {}, status }: LiveProgram): Composition<JsonObject, JsonObject> {
  const vars: Record<string, unknown> = { ConfigMap, Deployment, Service, externalRef };
  for (const [name, text] of Object.entries(inner)) {
    const kind = `Inner${name}`;
    vars[name] = kubernetesComposition({ name, kind, spec: INNER_SPEC }, traced(text, `${name}.js`, { ...vars }));
  }
  const definition = { name: 'outer', spec: SPEC };
  const build = traced(source, 'outer.js', vars);
  return (
    status === undefined
      ? kubernetesComposition(definition, build)
      : toResourceGraph(definition, build, traced(status, 'status.js', vars))
  ) as never;
}

const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value ?? {})) as JsonValue;

const texts = (data: unknown): JsonObject =>
  Object.fromEntries(
    Object.entries((data ?? {}) as JsonObject)
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([key, value]) => [key, String(value)]),
  );

interface Outcome {
  readonly objects: readonly JsonValue[];
  readonly status: JsonValue;
}

const sorted = (objects: readonly JsonObject[]): JsonObject[] =>
  [...objects].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/**
 * Runs the program as JavaScript. Its factories return the objects of the cluster. Returns undefined when the program
 * throws.
 */
function runNatively(program: LiveProgram, given: JsonObject, round: Round): Outcome | undefined {
  const objects: JsonObject[] = [];
  const factory = (kind: string) => (config: { name: string; data?: unknown; env?: unknown }) => {
    objects.push({ kind, name: config.name, data: texts(config.data), env: texts(config.env) });
    const handle: Record<string, unknown> = {
      ...liveObject(kind, config.name, round),
      kind,
      withReadyWhen: () => handle,
      dependsOn: () => handle,
    };
    return handle;
  };
  const vars: Record<string, unknown> = {
    ConfigMap: factory('ConfigMap'),
    Deployment: factory('Deployment'),
    Service: factory('Service'),
    externalRef: (_apiVersion: string, kind: string, name: string) => liveObject(kind, name, round),
  };
  try {
    for (const [name, text] of Object.entries(program.inner ?? {})) {
      const build = instantiate(text, { ...vars });
      vars[name] = (spec: JsonObject) => {
        const result = {
          id: name,
          dependsOn: () => result,
          status: build({ n: 2, on: true, ...(plain(spec) as JsonObject) }),
        };
        return result;
      };
    }
    const build = instantiate(program.source, vars);
    const spec = structuredClone(given);
    const made = build(program.status === undefined ? spec : { spec });
    const status = program.status === undefined ? made : instantiate(program.status, vars)({ spec }, made);
    return { objects: sorted(objects), status: plain(status) };
  } catch {
    // A program that throws for this spec cannot be compared.
    return undefined;
  }
}

type Entry = JsonObject & { readonly id: string; readonly externalRef?: JsonObject; readonly forEach?: JsonValue };

const nameOf = (object: JsonObject): string => (object['metadata'] as JsonObject)['name'] as string;

/**
 * The result of the graph when the cluster has all objects that the graph wants. The objects are computed several
 * times, because the name of an object may depend on other resources.
 */
function runGraph(composition: Composition<JsonObject, JsonObject>, given: JsonObject, round: Round): Outcome {
  const entries = (composition.toDefinition({ target: 'typekro' })['spec'] as JsonObject)['resources'] as Entry[];
  let observed: Record<string, JsonValue> = {};
  for (let turn = 0; turn < 4; turn++) {
    const wanted = new Map(composition.evaluate(given, observed).resources.map((each) => [each.id, each]));
    observed = {};
    for (const entry of entries) {
      const found = wanted.get(entry.id);
      if (found?.included !== true || found.pending !== undefined) continue;
      const live = found.objects.map((object) => ({
        ...object,
        ...liveObject(object['kind'] as string, nameOf(object), round),
      }));
      observed[entry.id] = entry.forEach === undefined ? (live[0] as JsonObject) : live;
    }
  }
  const external = new Set(entries.filter((entry) => entry.externalRef !== undefined).map(({ id }) => id));
  const { resources, status } = composition.evaluate(given, observed);
  const objects = resources.filter(({ id }) => !external.has(id)).flatMap((each) => each.objects);
  return { objects: sorted(objects.map(asConfig)), status };
}

/** The fields that the program set in an object. */
function asConfig(object: JsonObject): JsonObject {
  const pod = (
    object['spec'] as { template?: { spec?: { containers?: { env?: { name: string; value: string }[] }[] } } }
  )?.template?.spec;
  const env = Object.fromEntries((pod?.containers?.[0]?.env ?? []).map(({ name, value }) => [name, value]));
  return { kind: object['kind'] ?? '', name: nameOf(object), data: texts(object['data']), env };
}

/**
 * Compares a program with its graph for each spec of `INPUTS` and each state of the cluster. Leaves out the cases in
 * which the program throws, or makes two objects with the same identity. Returns the differences, and the number of
 * compared cases.
 */
export function compareLive(program: LiveProgram): {
  readonly compared: number;
  readonly differences: readonly JsonValue[];
} {
  const composition = composeLive(program);
  composition.toYaml();
  let compared = 0;
  const differences: JsonValue[] = [];
  for (const given of INPUTS) {
    for (const round of ROUNDS) {
      const wanted = runNatively(program, given, round);
      if (wanted === undefined || hasTwins(wanted.objects)) continue;
      compared++;
      const found = runGraph(composition, given, round);
      if (!jsonEquals(plain(wanted), plain(found))) differences.push(plain({ given, round, wanted, found }));
    }
  }
  return { compared, differences };
}
