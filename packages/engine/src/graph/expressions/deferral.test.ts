import { describe, expect, test } from 'vitest';
import { builtinSource } from '../../schema/index.ts';
import { graphOf } from '../../../test-support/compile-graph.ts';
import { withResources } from '../codes/codes-example.ts';
import { compile } from '../compile.ts';
import { preferredOrder } from '../dag.ts';
import { parseDefinitions } from '../parse-definitions.ts';

const map = (id: string, field: string) =>
  `  - {id: ${id}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: ${id}}, data: {v: '${field}'}}}`;
const graphWith = (...fields: readonly (readonly [string, string])[]) =>
  graphOf(`schema: {spec: {on: boolean}}\nresources:\n${fields.map(([id, field]) => map(id, field)).join('\n')}`);

describe('a deferred field', () => {
  test.each([
    ['${defer(b.data.v)}', 'null', 'b.data.v'],
    ['${ defer( b.data.v ) }', 'null', ' b.data.v '],
    ['${defer((b.data.v))}', 'null', '(b.data.v)'],
    ['${defer(b.data.v).omitWhen(null)}', 'omit', 'b.data.v'],
    ['${defer(b.data.v + ")")}', 'null', 'b.data.v + ")"'],
  ])('the field %s is deferred as %s and evaluates the expression %s', (field, deferred, cel) => {
    const node = graphWith(['a', field], ['b', 'x']).nodes.get('a');
    expect(node?.template.holes).toMatchObject([{ deferred, expression: { cel, references: ['b'] } }]);
    expect([node?.dependsOn, node?.readsDeferred]).toEqual([[], ['b']]);
  });

  test('adds no dependency on the node that it reads, but an ordinary read in another field does', () => {
    const graph = graphOf(`
schema: {spec: {}}
resources:
  - {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {one: "\${defer(b.data.v)}", two: "\${b.data.v}"}}}
${map('b', 'x')}`);
    expect(graph.nodes.get('a')).toMatchObject({ dependsOn: ['b'] });
    expect(graph.nodes.get('a')).not.toHaveProperty('readsDeferred');
  });

  test('may close a cycle of reads, because the deletion waves ignore the deferred read', () => {
    const graph = graphWith(['a', '${defer(b.data.v)}'], ['b', '${a.data.v}']);
    expect(graph.order).toEqual(['a', 'b']);
    expect(Object.fromEntries(graph.applyOrder)).toEqual({ a: 1, b: 2 });
  });

  test('puts its node after the nodes that it reads, if the dependencies allow this order', () => {
    expect(graphWith(['a', '${defer(b.data.v)}'], ['b', 'x']).order).toEqual(['b', 'a']);
  });
});

test.each<[string, Record<string, string[]>, Record<string, string[]>, string]>([
  ['no preference', { a: ['b'], b: [] }, {}, 'b a'],
  ['a preference', { a: [], b: [], c: ['a'] }, { a: ['b'] }, 'b a c'],
  ['a preference for itself', { a: [], b: [] }, { a: ['a', 'b'] }, 'b a'],
  ['preferences in a cycle', { a: [], b: [] }, { a: ['b'], b: ['a'] }, 'a b'],
  ['a preference against a dependency', { a: [], b: ['a'] }, { a: ['b'] }, 'a b'],
])('preferredOrder follows preferences only where dependencies allow this: %s', (_title, hard, soft, order) => {
  expect(preferredOrder(new Map(Object.entries(hard)), new Map(Object.entries(soft))).join(' ')).toBe(order);
});

const FORM =
  'defer(…) takes one expression, and is the whole value of a field of a template: ${defer(…)} or ${defer(…).omitWhen(null)}';

test.each([
  ['inside of a text', 'v: "x-${defer(b.data.v)}"', true, 'graph/unknown-function', FORM],
  ['inside of an expression', 'v: ${defer(b.data.v) + "x"}', true, 'graph/unknown-function', FORM],
  ['with two arguments', 'v: ${defer(b.data.v, 1)}', true, 'graph/unknown-function', FORM],
  ['with another value to omit', 'v: ${defer(b.data.v).omitWhen("")}', true, 'graph/unknown-function', FORM],
  ['of an unknown name', 'v: ${defer(c.data.v)}', true, 'graph/unknown-identifier', 'did you mean "a"?'],
  ['of another type', 'v: ${defer(b.metadata.labels)}', true, 'graph/type-mismatch', undefined],
  [
    'without the feature',
    'v: ${defer(b.data.v)}',
    false,
    'graph/unknown-function',
    'defer() needs the feature gate CELDeferFunction',
  ],
])('a deferral %s is refused', (_title, data, defer, code, hint) => {
  const text = withResources(
    `- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {}}\n- id: b\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n`.replace(
      'data: {}',
      `data: {${data.replace(/v: (\$.*)$/, "v: '$1'")}}`,
    ),
  );
  const { documents, diagnostics } = parseDefinitions(text);
  expect(diagnostics).toEqual([]);
  const found = compile(documents[0] as never, { sources: builtinSource(), features: { defer } }).diagnostics;
  const errors = found.filter(({ severity }) => severity === 'error');
  expect(errors.map((each) => each.code)).toEqual([code]);
  if (hint !== undefined) expect(errors[0]?.hint).toBe(hint);
});
