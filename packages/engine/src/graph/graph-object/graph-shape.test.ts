import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { builtinSource } from '../../schema/index.ts';
import { compileGraphObject } from './compile-graph-object.ts';
import { graphShape, withLiterals } from './graph-shape.ts';

const sources = builtinSource();
const map = (name: string, data: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});
const template = (name: string, data?: JsonObject): JsonValue => ({ id: 'a', template: map(name, data) });
const ref = (metadata: JsonObject): JsonValue => ({ id: 'a', ref: { apiVersion: 'v1', kind: 'ConfigMap', metadata } });
const crd = (plural: string): JsonValue => ({
  id: 'a',
  template: {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'a' },
    spec: { names: { plural } },
  },
});
const shapeOf = (...nodes: JsonValue[]): string => graphShape({ nodes });

describe('Graphs of one shape', () => {
  test.each<[string, JsonValue, JsonValue]>([
    ['names of objects', template('a'), template('b')],
    ['texts, also with quotes', template('a', { x: 'one' }), template('a', { x: '"?,' })],
    ['integers and booleans of a def', { id: 'a', def: { n: 1, on: true } }, { id: 'a', def: { n: -7, on: false } }],
    ['texts around expressions', template('a-${x.y}:1'), template('b-${x.y}:2')],
    ['the name of a ref', ref({ name: 'a' }), ref({ name: 'b' })],
    [
      'nodes of a subgraph',
      { id: 's', graph: { nodes: [template('a')] } },
      { id: 's', graph: { nodes: [template('b')] } },
    ],
  ])('can differ in %s', (_title, one, other) => {
    expect(shapeOf(one)).toBe(shapeOf(other));
  });

  test('can differ in their ServiceAccounts', () => {
    expect(graphShape({ serviceAccountName: 'a', nodes: [] })).toBe(graphShape({ serviceAccountName: 'b', nodes: [] }));
  });
});

describe('Graphs of different shapes', () => {
  test.each<[string, JsonValue, JsonValue]>([
    ['the id of a node', { id: 'a', def: {} }, { id: 'b', def: {} }],
    ['a kind', template('a'), { id: 'a', template: { ...map('a'), kind: 'Secret' } }],
    ['an expression', template('${x.y}'), template('${x.z}')],
    ['an expression instead of a plain string', template('x.y'), template('${x.y}')],
    ['an expression inside a string', template('a-${x.y}'), template('a-${x.z}')],
    ['literal text before or after an expression', template('a-${x.y}'), template('${x.y}-a')],
    ['literal text between two expressions', template('${x.y}${x.z}'), template('${x.y}-${x.z}')],
    ['literal text with an escape around an expression', template('a-${x.y}'), template('"-${x.y}')],
    ['long literal text around an expression', template('a-${x.y}'), template(`${'a'.repeat(1000)}-\${x.y}`)],
    ['a condition', { id: 'a', def: {}, includeWhen: ['${true}'] }, { id: 'a', def: {}, includeWhen: ['${false}'] }],
    ['a list', { id: 'a', def: {}, forEach: [{ i: '${[1]}' }] }, { id: 'a', def: {}, forEach: [{ i: '${[2]}' }] }],
    ['a key', template('a', { x: 'v' }), template('a', { y: 'v' })],
    ['the order of keys', template('a', { x: 'v', y: 'v' }), template('a', { y: 'v', x: 'v' })],
    [
      'a key, even if a text contains the same characters',
      template('a', { x: 'v","y":"w' }),
      template('a', { x: 'v', y: 'w' }),
    ],
    ['the length of a list', { id: 'a', def: { l: ['x'] } }, { id: 'a', def: { l: ['x', 'y'] } }],
    ['the type of a literal', { id: 'a', def: { v: '1' } }, { id: 'a', def: { v: 1 } }],
    ['a fraction instead of an integer', { id: 'a', def: { v: 1 } }, { id: 'a', def: { v: 1.5 } }],
    ['the value of a fraction', { id: 'a', def: { v: 2.5 } }, { id: 'a', def: { v: 1.5 } }],
    [
      'an integer and a double of the same large value',
      { id: 'a', def: { v: 2n ** 60n } },
      { id: 'a', def: { v: 2 ** 60 } },
    ],
    ['the sign of zero', { id: 'a', def: { v: 0 } }, { id: 'a', def: { v: -0 } }],
    ['an empty name', template('a'), template('')],
    ['a blank name', ref({ name: 'a' }), ref({ name: ' ' })],
    ['a selector', ref({ selector: { matchLabels: { a: 'b' } } }), ref({ selector: { matchLabels: { a: '!' } } })],
    ['the strings of a CRD', crd('as'), crd('bs')],
    ['a blank text', { id: 'a', def: { v: 'x' } }, { id: 'a', def: { v: ' ' } }],
  ])('differ in %s', (_title, one, other) => {
    expect(shapeOf(one)).not.toBe(shapeOf(other));
  });

  test('differ when one has an invalid ServiceAccount name', () => {
    const shape = (serviceAccountName: string) => graphShape({ serviceAccountName, nodes: [] });
    expect(shape('a')).not.toBe(shape('A_b'));
  });
});

describe('a graph that is made from the graph of another Graph of the same shape', () => {
  const graphObject = (name: string, nodes: JsonValue[]): JsonObject => ({
    apiVersion: 'kro.run/v1alpha1',
    kind: 'Graph',
    metadata: { name, namespace: 'team' },
    spec: { nodes },
  });
  const compiled = (object: JsonObject) => {
    const { graph } = compileGraphObject(object, { sources });
    if (graph === undefined) throw new Error('the Graph does not compile');
    return graph;
  };
  const wholeOf = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('there is no graph');
    return value;
  };
  const nodes = (text: string): JsonValue[] => [
    { id: 'cfg', def: { text } },
    { id: 'a', template: map(`${text}-a`, { own: text, read: '${cfg.text}' }) },
    { id: 'b', template: map('b', { same: 'x' }) },
  ];

  test('has its own literals and name, and shares the expressions and the equal nodes of the other Graph', () => {
    const first = compiled(graphObject('one', nodes('first')));
    const other = graphObject('two', nodes('second'));
    const made = wholeOf(withLiterals(first, other));
    expect(made.name).toBe('two');
    expect(made.definition).toBe(other);
    expect(made.hash).toBe(compiled(other).hash);
    expect(made.nodes.get('cfg')?.template.skeleton).toEqual({ text: 'second' });
    expect(made.nodes.get('a')?.template.skeleton).toEqual({ ...map('second-a'), data: { own: 'second', read: null } });
    expect(made.nodes.get('a')?.template.holes).toBe(first.nodes.get('a')?.template.holes);
    expect(made.nodes.get('b')).toBe(first.nodes.get('b'));
    expect(JSON.stringify([...made.nodes.values()].map((node) => node.template.skeleton))).not.toContain('first');
  });

  test('has its own literal text around expressions', () => {
    const texts = (...[before, between, after]: [string, string, string]): JsonValue[] => [
      { id: 'cfg', def: { one: 'x', two: 'y' } },
      { id: 'a', template: map('a', { v: `${before}\${cfg.one}${between}\${cfg.two}${after}`, w: '${cfg.one}' }) },
    ];
    const first = compiled(graphObject('one', texts('a-', '-b-', '-c')));
    const made = wholeOf(withLiterals(first, graphObject('two', texts('q', '/', '!'))));
    const [own, shared] = made.nodes.get('a')?.template.holes ?? [];
    expect(own?.expression.cel).toBe('"q" + (cfg.one) + "/" + (cfg.two) + "!"');
    expect(own?.expression.template).toBe('q${cfg.one}/${cfg.two}!');
    const variables = { cfg: { one: '1', two: '2' } };
    expect(own?.expression.program.evaluate(variables)).toEqual({ ok: true, value: 'q1/2!' });
    const before = first.nodes.get('a')?.template.holes ?? [];
    expect(before[0]?.expression.program.evaluate(variables)).toEqual({ ok: true, value: 'a-1-b-2-c' });
    expect(shared).toBe(before[1]);
  });

  test('cannot be made when a string in a node with forEach differs', () => {
    const loop = (text: string): JsonValue[] => [
      { id: 'a', forEach: [{ i: "${['1', '2']}" }], template: map(`${text}-\${i}`) },
    ];
    const first = compiled(graphObject('one', loop('a')));
    expect(withLiterals(first, graphObject('two', loop('b')))).toBeUndefined();
    expect(wholeOf(withLiterals(first, graphObject('two', loop('a')))).nodes.get('a')).toBe(first.nodes.get('a'));
  });

  test('cannot be made from a graph of another shape', () => {
    const first = compiled(graphObject('one', nodes('first')));
    expect(() => withLiterals(first, graphObject('two', [{ id: 'cfg', def: { text: 7 } }]))).toThrow(TypeError);
  });
});
