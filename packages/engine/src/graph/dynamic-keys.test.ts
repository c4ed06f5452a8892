import { describe, expect, test } from 'vitest';
import { builtinSource } from '../schema/index.ts';
import { graphOf } from '../../test-support/compile-graph.ts';
import { withData, withResources } from './codes/codes-example.ts';
import { compile } from './compile.ts';
import { parseDefinitions } from './parse-definitions.ts';

const FEATURES = { dynamicKeys: true };

function problemsOf(text: string, dynamicKeys = true) {
  const { documents, diagnostics } = parseDefinitions(text);
  expect(diagnostics).toEqual([]);
  return documents.flatMap(
    (each) => compile(each, { sources: builtinSource(), features: { dynamicKeys } }).diagnostics,
  );
}

describe('a computed key', () => {
  test('and its value are two fields with the same path, and both add dependencies', () => {
    const graph = graphOf(
      `
schema: {spec: {name: string}}
resources:
  - {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {"x-\${b.metadata.name}": "\${c.metadata.name}", plain: x}}}
  - {id: b, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}}
  - {id: c, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}}
`,
      { features: FEATURES },
    );
    const node = graph.nodes.get('a');
    const path = ['data', 'x-${b.metadata.name}'];
    expect(node?.dependsOn).toEqual(['b', 'c']);
    expect(node?.template.holes).toMatchObject([
      { path, isKey: true, computedMap: ['data'], expression: { references: ['b'] } },
      { path, computedMap: ['data'], expression: { references: ['c'] } },
    ]);
  });

  test('is a plain string without the feature', () => {
    const graph = graphOf(
      'resources:\n  - {id: a, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {"${b}": x}}}',
      { features: {} },
    );
    expect(graph.nodes.get('a')?.template).toMatchObject({ skeleton: { data: { '${b}': 'x' } }, holes: [] });
  });

  test.each<[string, string, readonly string[]]>([
    ['of a string', '"${schema.spec.name}": x', []],
    ['of an optional string', '"${schema.spec.?name}": x', []],
    ['of text and expressions', '"a-${schema.spec.name}": x', []],
    ['of null', '"${null}": x', []],
    ['of a number', '"${schema.spec.count}": x', ['graph/dynamic-key a key needs a string; this is int']],
    ['of an unknown field', '"${schema.spec.nam}": x', ["cel/unknown-field undefined field 'nam'"]],
    ['of an unknown name', '"${nobody.x}": x', ['graph/unknown-identifier nothing here is named nobody']],
    ['that is not closed', '"${schema.spec.name": x', ['graph/unclosed-expression this ${ has no end']],
    [
      'with a value of a wrong type',
      '"${schema.spec.name}": 8',
      ['graph/literal-type this field takes a string, not an integer'],
    ],
    [
      'with an expression of a wrong type',
      '"${schema.spec.name}": "${schema.spec.count}"',
      ['graph/type-mismatch the expression returns int, but the field takes string'],
    ],
  ])('%s', (_title, member, expected) => {
    const found = problemsOf(withData(member));
    expect(found.map(({ code, message }) => `${code} ${message}`)).toEqual(expected);
  });

  test('is reported with its position in the file', () => {
    const [found] = problemsOf(withData('"${schema.spec.count}": x'));
    expect(found?.source?.line).toBeGreaterThan(1);
    expect(found?.path).toBe('spec.resources[0].template.data["${schema.spec.count}"]');
  });

  test('is refused in an object whose fields are fixed', () => {
    const text = withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, "${schema.spec.name}": x}}',
    );
    const [found] = problemsOf(text);
    expect([found?.code, found?.hint]).toEqual([
      'graph/unknown-field',
      'only a map with free keys, such as labels, annotations or data, can have a computed key',
    ]);
  });
});
