import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { graphOf } from '../../../test-support/compile-graph.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { type RenderedInstance, renderInstance } from './render.ts';

const NOW = Date.parse('2026-11-01T00:00:00Z');

function render(yaml: string, spec: JsonObject = {}, observed = ''): RenderedInstance {
  const instance = { apiVersion: 'acme.test/v1', kind: 'App', metadata: { name: 'demo', namespace: 'team' }, spec };
  const objects = parseAllDocuments(observed).flatMap((document) => {
    const value = document.toJS() as KubeObject | null;
    return value === null ? [] : [value];
  });
  return renderInstance(graphOf(yaml), instance, objects, { now: NOW });
}

/** The state of each node, and its objects with their unknown fields. */
function summary({ nodes }: RenderedInstance): unknown[] {
  return nodes.map(({ report, objects }) => [
    report.id,
    report.state,
    ...objects.map(({ object, unknown }) => ({
      ...(object['data'] as JsonObject | undefined),
      ...(unknown.length === 0 ? {} : { '?': unknown.map(({ path }) => path.join('.')) }),
    })),
  ]);
}

const map = (id: string, data: string, more = ''): string => `
  - id: ${id}
    ${more}
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: ${id} }, data: ${data} }`;

describe('the value of an expression that reads an object which does not exist yet', () => {
  test.each([
    ['a string that is sent', '${first.data.a}', 'x', false],
    ['the name', '${first.metadata.name}', 'first', false],
    ['a string that contains an expression', 'a-${first.metadata.name}-b', 'a-first-b', false],
    ['the namespace that the controller fills in', '${first.metadata.namespace}', 'team', false],
    ['a computed field of the object', '${first.data.c}', 'seven', false],
    ['a field that is also unknown in the other object', '${first.data.u}', undefined, true],
    ['a field that the server sets', '${first.metadata.uid}', undefined, true],
    ['an optional field that the server may add', '${first.metadata.?uid.orValue("none")}', undefined, true],
    ['the presence of a field that the server may add', '${has(first.metadata.uid) ? "y" : "n"}', undefined, true],
    ['an optional field that is sent', '${first.data.?a.orValue("none")}', 'x', false],
    ['a whole map that is sent', '${string(size(first.data))}', undefined, true],
    ['labels, which other clients may extend', '${string(size(first.metadata.labels))}', undefined, true],
    ['a quantity that is not in canonical form', '${first.data.q}', undefined, true],
    ['a quantity in canonical form', '${first.data.k}', '1Gi', false],
  ])('is as expected for %s', (_what, expression, value, isUnknown) => {
    const sent = '{ a: x, c: "${schema.spec.word}", u: "${zero.metadata.uid}", q: 1000m, k: 1Gi }';
    const { nodes } = render(
      `schema: { spec: { word: string } }
resources:${map('zero', '{}')}${map('first', sent)}${map('second', `{ v: '${expression}' }`)}`,
      { word: 'seven' },
    );
    const [object] = nodes.find(({ report }) => report.id === 'second')?.objects ?? [];
    const data = object?.object['data'] as JsonObject | undefined;
    expect({ shown: data?.['v'], unknown: object?.unknown.length }).toEqual({
      shown: isUnknown ? expression : value,
      unknown: isUnknown ? 1 : 0,
    });
  });

  test('is known for a member of a map that other clients extend, but not for the size of the map', () => {
    const { nodes } = render(`resources:
  - id: first
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: first, annotations: { note: n } } }${map('second', "{ v: '${string(size(first.metadata.annotations))}', w: '${first.metadata.annotations.note}' }")}`);
    const [object] = nodes.find(({ report }) => report.id === 'second')?.objects ?? [];
    expect(object?.unknown.map(({ path }) => path.join('.'))).toEqual(['data.v']);
  });

  test('a value of a Secret’s stringData is not known, because the server does not return it', () => {
    const { nodes } = render(`resources:
  - id: secret
    template: { apiVersion: v1, kind: Secret, metadata: { name: s }, stringData: { key: open } }${map('second', '{ v: "${secret.?stringData.?key.orValue("")}" }').replaceAll('"${', "'${").replaceAll('}" }', "}' }")}`);
    expect(nodes[1]?.objects[0]?.unknown).toHaveLength(1);
  });
});

describe('nodes', () => {
  const GRAPH = `schema: { spec: { on: boolean, zones: "[]string" }, status: { uid: "\${first.metadata.uid}" } }
resources:${map('first', '{ a: x }')}${map('out', '{}', 'includeWhen: ["${schema.spec.on}"]')}${map(
    'maybe',
    '{ z: "${first.metadata.uid}" }',
    'includeWhen: ["${first.metadata.uid != \'\'}"]',
  )}
  - id: zone
    forEach: [{ z: "\${schema.spec.zones}" }]
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${z}" }, data: { v: "\${z}", u: "\${first.metadata.uid}" } }
  - id: part
    forEach: [{ p: "\${first.metadata.finalizers}" }]
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${p}" } }
`;
  const spec = { on: false, zones: ['a', 'b'] };

  test('have the values that follow from the objects that are sent, and list the unknown fields', () => {
    const rendered = render(GRAPH, spec);
    expect(summary(rendered)).toEqual([
      ['first', 'applying', { a: 'x' }],
      ['out', 'skipped'],
      ['maybe', 'pending', { z: '${first.metadata.uid}', '?': ['data.z'] }],
      [
        'zone',
        'pending',
        { v: 'a', u: '${first.metadata.uid}', '?': ['data.u'] },
        { v: 'b', u: '${first.metadata.uid}', '?': ['data.u'] },
      ],
      ['part', 'pending', { '?': ['metadata.name'] }],
    ]);
    expect(rendered.nodes.map(({ undecided, countKnown }) => [undecided.length, countKnown])).toEqual([
      [0, true],
      [0, true],
      [1, true],
      [0, true],
      [0, false],
    ]);
    expect(rendered.decision.status['uid']).toBeUndefined();
    expect(rendered.nodes[0]?.objects[0]?.object['metadata']).toEqual({ name: 'first', namespace: 'team' });
  });

  test('have the values of an observed object that they read', () => {
    const first = '{ apiVersion: v1, kind: ConfigMap, metadata: { name: first, uid: u1, finalizers: [p, q] } }';
    const rendered = render(GRAPH, spec, first);
    expect(summary(rendered)).toEqual([
      ['first', 'ready', { a: 'x' }],
      ['out', 'skipped'],
      ['maybe', 'applying', { z: 'u1' }],
      ['zone', 'applying', { v: 'a', u: 'u1' }, { v: 'b', u: 'u1' }],
      ['part', 'applying', {}, {}],
    ]);
    expect(rendered.decision.status['uid']).toBe('u1');
  });

  test('with all objects observed, the instance is ACTIVE', () => {
    const graph = `resources:${map('first', '{ a: x }')}`;
    const { decision } = render(
      graph,
      {},
      '{ apiVersion: v1, kind: ConfigMap, metadata: { name: first, labels: { applyset.kubernetes.io/part-of: other } } }',
    );
    expect(decision.state).toBe('ACTIVE');
  });

  test('a node waits for an external object', () => {
    const graph = `resources:
  - id: there
    externalRef: { apiVersion: v1, kind: ConfigMap, metadata: { name: there } }${map('second', '{ v: "${there.data.v}" }')}`;
    expect(summary(render(graph))).toEqual([
      ['there', 'waiting', {}],
      ['second', 'pending', { v: '${there.data.v}', '?': ['data.v'] }],
    ]);
    const there = '{ apiVersion: v1, kind: ConfigMap, metadata: { name: there }, data: { v: known } }';
    expect(summary(render(graph, {}, there))[1]).toEqual(['second', 'applying', { v: 'known' }]);
  });

  test('labels of the author stay, and labels of the controller are removed', () => {
    const graph = `resources:
  - id: first
    template: { apiVersion: v1, kind: ConfigMap, metadata: { name: first, labels: { app: a }, annotations: { note: n } } }`;
    expect(render(graph).nodes[0]?.objects[0]?.object['metadata']).toEqual({
      name: 'first',
      namespace: 'team',
      labels: { app: 'a' },
      annotations: { note: 'n' },
    });
  });
});

test('a condition that waits for data of a ready node is undecided', () => {
  const { nodes } = render(
    `schema: { spec: { word: string } }
resources:${map('first', '{ a: x }')}${map('maybe', '{}', `includeWhen: ['\${first.data.b == "y"}']`)}`,
    { word: 'seven' },
    '{ apiVersion: v1, kind: ConfigMap, metadata: { name: first, uid: u1 }, data: { a: x } }',
  );
  expect(nodes.map(({ report, undecided }) => [report.id, report.state, undecided])).toEqual([
    ['first', 'ready', []],
    ['maybe', 'pending', ['first.data.b == "y"']],
  ]);
});
