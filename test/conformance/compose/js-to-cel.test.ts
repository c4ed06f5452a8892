import { readFileSync } from 'node:fs';
import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { ConfigMap, Deployment, Service } from '../../../packages/sdk/src/factories/simple/index.ts';
import { type Composition, createCompositionApi } from '@typekro/sdk/compose';
import { compile } from '@typekro/engine/graph';
import { evaluateGraph } from '../../../packages/sdk/src/compose/evaluate-graph.ts';
import { builtinSource } from '@typekro/engine/schema';

interface Case {
  readonly id: string;
  readonly kind: 'status' | 'resource';
  readonly body: string;
}

type Judgement =
  | { readonly value: JsonValue }
  | { readonly pending: true }
  | { readonly absent: true }
  | { readonly none: string };

interface Expected {
  readonly status?: Record<string, Judgement>;
  readonly resources?: Record<
    string,
    { readonly include: boolean; readonly objects: readonly Record<string, Judgement>[] }
  >;
}

interface Data {
  readonly frame: {
    readonly module: readonly string[];
    readonly spec: string;
    readonly status: Record<string, string>;
    readonly resources: Record<string, string>;
    readonly tail: Record<string, string>;
  };
  readonly data: Record<string, { readonly instance: JsonObject; readonly observed: Record<string, JsonValue> }>;
  readonly cases: Record<
    string,
    { readonly frame: string; readonly refused?: boolean; readonly expect: Record<string, Expected> }
  >;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../fixtures/${name}`, import.meta.url), 'utf8'));
const cases = read('js-to-cel.cases.json') as Case[];
const recorded = read('js-to-cel.data.json') as Data;

const { kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

/** Removes the types of a fixture. The only types in fixtures are `any`, `number` and `string`. */
const withoutTypes = (text: string): string =>
  text.replaceAll(/ as any\b/g, '').replaceAll(/: (?:any|number|string)\b/g, '');

/** Creates the composition of a case from its source, with the public functions. */
function compose(entry: Case): Composition<JsonObject, JsonObject> {
  const { frame } = recorded;
  const setup = frame.resources[recorded.cases[entry.id]?.frame ?? 'A'] ?? '';
  const code = [
    ...frame.module.filter((line) => !line.startsWith('import')),
    `return kubernetesComposition({ name: 'c-${entry.id}', apiVersion: 'example.com/v1', kind: 'C${entry.id}', spec: ${frame.spec}, status: ${frame.status[entry.kind]} }, (spec) => {`,
    setup,
    entry.body,
    frame.tail[entry.kind] ?? '',
    '});',
  ].join('\n');
  // eslint-disable-next-line no-new-func -- the fixture is a program
  const program = new Function(
    'type',
    'kubernetesComposition',
    'ConfigMap',
    'Deployment',
    'Service',
    withoutTypes(code),
  );
  return program(type, kubernetesComposition, ConfigMap, Deployment, Service) as Composition<JsonObject, JsonObject>;
}

function at(object: JsonValue | undefined, path: string): JsonValue | undefined {
  return path
    .split('.')
    .reduce<JsonValue | undefined>((value, step) => (isJsonObject(value) ? value[step] : undefined), object);
}

describe('the recorded programs produce their recorded values on every data set', () => {
  test.each(cases.map((entry): [string, Case] => [`${entry.id} ${entry.body.slice(0, 90)}`, entry]))(
    '%s',
    (_, entry) => {
      const wanted = recorded.cases[entry.id];
      if (wanted === undefined) throw new Error(`nothing is recorded for ${entry.id}`);
      if (wanted.refused === true) {
        expect(() => compose(entry).toYaml()).toThrow(/clock/);
        return;
      }
      const definition = compose(entry).toDefinition();
      const { graph } = compile(definition, { sources: builtinSource(), target: 'stock' });
      if (graph === undefined) throw new Error('not accepted');
      for (const [set, expected] of Object.entries(wanted.expect)) {
        if ('none' in expected) continue;
        const { instance, observed } = recorded.data[set] as Data['data'][string];
        const result = evaluateGraph(graph, instance, observed);
        const context = `${set}\n${JSON.stringify((definition['spec'] as JsonObject)['schema'], null, 1)}\n${JSON.stringify(result)}`;
        judgeStatus(result.status, expected, context);
        judgeResources(
          result.resources,
          expected,
          `${context}\n${JSON.stringify((definition['spec'] as JsonObject)['resources'], null, 1)}`,
        );
      }
    },
  );
});

function judgeStatus(status: JsonObject, expected: Expected, context: string): void {
  for (const [path, judgement] of Object.entries(expected.status ?? {})) {
    if ('none' in judgement) continue;
    const actual = at(status, path);
    const wanted = 'value' in judgement ? judgement.value : undefined;
    expect(
      sameJson(actual, wanted),
      `status.${path}: ${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)} on ${context}`,
    ).toBe(true);
  }
}

function judgeResources(
  resources: ReturnType<typeof evaluateGraph>['resources'],
  expected: Expected,
  context: string,
): void {
  for (const [id, wanted] of Object.entries(expected.resources ?? {})) {
    const actual = resources.find((resource) => resource.id === id);
    if (actual === undefined) throw new Error(`${id} is missing on ${context}`);
    const empty = wanted.include && wanted.objects.length === 0 && actual.objects.length === 0;
    expect(actual.included || empty, `${id} included on ${context}`).toBe(wanted.include || empty);
    // If JavaScript has no usable value for a field, the graph may wait forever and create no object.
    if (wanted.objects.some((object) => Object.values(object).some((judgement) => 'none' in judgement))) continue;
    expect(actual.objects.length, `objects of ${id} on ${context}`).toBe(wanted.objects.length);
    wanted.objects.forEach((object, position) => {
      for (const [path, judgement] of Object.entries(object)) {
        if (!('value' in judgement)) continue;
        const found = at(actual.objects[position], path);
        const isEmptyData = path === 'data' && found === undefined && sameJson(judgement.value, {});
        expect(
          isEmptyData || sameJson(found, judgement.value),
          `${id}.${path}: ${JSON.stringify(found)} instead of ${JSON.stringify(judgement.value)} on ${context}`,
        ).toBe(true);
      }
    });
  }
}

const sameJson = (a: JsonValue | undefined, b: JsonValue | undefined): boolean => jsonEquals(a, b);
