import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { application, levels } from '../../bench/support/graph-objects.ts';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type Graph, compileGraphObject, GraphShape, scanExpressions, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';

const OPTIONS = {
  sources: builtinSource(),
  target: 'typekro' as const,
  features: { ...TYPEKRO_FEATURES, dynamicKeys: true, partialDependencies: true },
};

/** Values that replace the literals, one literal at a time. */
const INTRUDERS: readonly JsonValue[] = [
  'other',
  '7',
  'true',
  '',
  ' ',
  '${',
  '${true}',
  'a ${"b"}',
  'v1',
  'apps/v1',
  '__proto__',
  'Not A Name!',
  '"\\\n?#!,',
  0,
  -0,
  8,
  1.5,
  2 ** 53,
  2n ** 60n,
  true,
  false,
  null,
];

const folder = new URL('../../examples/graphs/', import.meta.url);
const examples = readdirSync(folder).flatMap((name) => {
  const documents = parseAllDocuments(readFileSync(new URL(name, folder), 'utf8'));
  return documents
    .map((document) => document.toJS() as JsonObject)
    .filter(({ kind }) => kind === 'Graph')
    .map((graph, index): [string, JsonObject] => [`${name} ${index}`, graph]);
});
const selecting: JsonObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'selecting', namespace: 'team' },
  spec: {
    serviceAccountName: 'deployer',
    nodes: [
      { id: 'cfg', def: { port: 80, on: true, share: 0.5, tags: ['a', 'b'], mixed: ['a', 1], key: 'k' } },
      {
        id: 'pods',
        ref: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { namespace: 'team', selector: { matchLabels: { app: 'x' } } },
        },
      },
      {
        id: 'service',
        template: {
          apiVersion: 'v1',
          kind: 'Service',
          metadata: { name: 'web', namespace: 'team', labels: { '${cfg.key}': 'v' } },
          spec: {
            ports: [
              { port: '${cfg.port}', targetPort: 'http' },
              { port: 8080, targetPort: 8081 },
            ],
          },
        },
      },
      { id: 'zone', template: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'zone' } } },
      { id: 'state', patch: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, status: { phase: 'Failed' } } },
    ],
  },
};

const scaled: JsonObject = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'Graph',
  metadata: { name: 'scaled', namespace: 'team' },
  spec: {
    nodes: [
      {
        id: 'app',
        template: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'app' },
          spec: {
            selector: { matchLabels: { a: 'b' } },
            template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
          },
        },
      },
      {
        id: 'hpa',
        template: {
          apiVersion: 'autoscaling/v2',
          kind: 'HorizontalPodAutoscaler',
          metadata: { name: 'app' },
          spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'app' } },
        },
      },
    ],
  },
};

/** The examples that the compiler refuses: a cycle, and a kind without a schema. */
const REFUSED: readonly string[] = ['cycle.yaml 0', 'patch-status.yaml 0'];

/** The paths of the scalars of a value. */
function scalars(value: JsonValue, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, member]) => scalars(member as JsonValue, [...path, key]));
}

function at(value: JsonValue, path: readonly string[]): JsonValue {
  return path.reduce((parent, step) => (parent as JsonObject)[step] ?? null, value);
}

/** Variants of a string: other literals around the same expressions. */
function variants(value: JsonValue): string[] {
  const scanned = typeof value === 'string' && value.includes('${') ? scanExpressions(value) : undefined;
  if (scanned?.ok !== true) return [];
  return ['other-', '"omit()"', 'Ünï\\', ' '].map((literal) =>
    scanned.parts.map(({ kind, text }) => (kind === 'text' ? literal : `\${${text}}`)).join(''),
  );
}

function replaced(value: JsonValue, [step, ...path]: readonly string[], by: JsonValue): JsonValue {
  if (step === undefined) return by;
  if (Array.isArray(value))
    return value.map((member, at) => (String(at) === step ? replaced(member, path, by) : member));
  if (!isJsonObject(value)) throw new TypeError('the path leads nowhere');
  return { ...value, [step]: replaced(value[step] ?? null, path, by) };
}

/**
 * The comparable facts of a graph. Each compilation creates new programs. Therefore the comparison uses the source of
 * their expressions.
 */
function factsOf(graph: Graph): unknown {
  const plain = (value: unknown, key = ''): unknown => {
    if (key === 'program') return 'program';
    if (value instanceof Map) return [...value].map((entry) => plain(entry));
    if (Array.isArray(value)) return value.map((entry) => plain(entry));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member, name)]));
  };
  return plain(graph);
}

describe.each([
  ...examples,
  ['selecting', selecting],
  ['scaled', scaled],
  ['application', application()],
  ['levels', levels(3)],
] as [string, JsonObject][])('%s', (name, object) => {
  test('for a Graph of the same shape, withLiterals() returns the same graph as the compiler', () => {
    const { graph, diagnostics } = compileGraphObject(object, OPTIONS);
    if (graph === undefined) {
      expect(REFUSED).toContain(name);
      return;
    }
    expect(diagnostics).toEqual([]);
    const spec = object['spec'] as JsonObject;
    const shape = GraphShape.of(spec);
    let shared = 0;
    for (const path of scalars(spec)) {
      for (const intruder of [...INTRUDERS, ...variants(at(spec, path))]) {
        const other = { ...object, spec: replaced(spec, path, intruder) as JsonObject };
        if (GraphShape.of(other.spec) !== shape) continue;
        shared += 1;
        const compiled = compileGraphObject(other, OPTIONS);
        expect(compiled.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
        const made = GraphShape.withLiterals(graph, other);
        // A string in a node with forEach is compiled as one program. Therefore its literals cannot be replaced.
        if (made === undefined) expect(name === 'scaled' ? '${' : at(spec, path)).toContain('${');
        else expect(factsOf(made)).toEqual(factsOf(compiled.graph as Graph));
      }
    }
    expect(shared).toBeGreaterThan(0);
  });
});
