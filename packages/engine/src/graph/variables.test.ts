import { describe, expect, test } from 'vitest';
import { builtinSource } from '../schema/index.ts';
import { compile } from './compile.ts';
import type { CompileOptions, CompileResult } from './options.ts';
import { parseDefinitions } from './parse-definitions.ts';

function compileResources(resources: string, options: Partial<CompileOptions> = {}): CompileResult {
  const text = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: x}
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
    spec: {name: string, tags: "[]string"}
  resources:
${resources}`;
  const [document] = parseDefinitions(text, 'x.yaml').documents;
  if (document === undefined) throw new Error('the text holds no document');
  return compile(document, { sources: builtinSource(), features: { variables: true }, ...options });
}

const READER = (text: string) => `    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${text}"}}`;
const NAMES = '    - {id: names, variable: {app: "${schema.spec.name}", team: red}}';

describe('a resource with a variable', () => {
  test('becomes a def node that other nodes read', () => {
    const { graph, diagnostics } = compileResources(`${READER('${names.app}-${names.team}')}\n${NAMES}`);
    expect(diagnostics).toEqual([]);
    expect(graph?.order).toEqual(['names', 'map']);
    expect(graph?.nodes.get('names')).toMatchObject({ nodeType: 'def', dependsOn: [] });
    expect(graph?.nodes.get('names')?.type).toBeUndefined();
    expect(graph?.nodes.get('map')?.dependsOn).toEqual(['names']);
  });

  test('does not count in the deletion waves at the level of kro 0.10', () => {
    const resources = `${NAMES}\n${READER('${names.app}')}`;
    const waveAt = (kroCompatibility: '0.9' | '0.10') =>
      compileResources(resources, { kroCompatibility }).graph?.applyOrder.get('map');
    expect([waveAt('0.9'), waveAt('0.10')]).toEqual([2, 1]);
  });

  test('that has forEach is a list, and its readyWhen reads each item under the name "each"', () => {
    const { graph, diagnostics } = compileResources(`    - id: names
      forEach: [{tag: "\${schema.spec.tags}"}]
      readyWhen: ["\${each.name != ''}"]
      variable: {name: "\${tag}"}
${READER('${names[0].name}')}`);
    expect(diagnostics).toEqual([]);
    expect(graph?.nodes.get('names')).toMatchObject({ nodeType: 'def', forEach: [{ name: 'tag' }] });
  });

  test('can provide values of unknown type to conditions and lists', () => {
    const { diagnostics } =
      compileResources(`    - {id: names, variable: {isOn: "\${schema.spec.name == 'a'}", all: "\${schema.spec.tags}"}}
    - id: map
      includeWhen: ["\${names.isOn}"]
      forEach: [{tag: "\${names.all}"}]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${tag}"}}`);
    expect(diagnostics).toEqual([]);
  });

  test.each([
    ['the gate is off', NAMES, { features: {} }, 'graph/feature-gate', 'variable requires the Variables feature gate'],
    [
      'the value is a string',
      '    - {id: names, variable: "${schema.spec.name}"}',
      {},
      'graph/invalid-variable',
      'must be an object',
    ],
    [
      'a key of the variable equals the id of the resource',
      '    - {id: names, variable: {names: a}}',
      {},
      'graph/invalid-variable',
      'a key of the same name',
    ],
    [
      'the resource also has a template',
      '    - {id: names, variable: {a: b}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}',
      {},
      'graph/invalid-variable',
      'cannot have template',
    ],
    [
      'another resource reads a key that the variable does not have',
      `${NAMES}\n${READER('${names.ap}')}`,
      {},
      'cel/unknown-field',
      "undefined field 'ap'",
    ],
    [
      'it reads itself',
      '    - {id: names, variable: {app: "${names.team}", team: a}}',
      {},
      'graph/self-reference',
      'reads itself',
    ],
    [
      'it reads an unknown name',
      '    - {id: names, variable: {app: "${other.a}"}}',
      {},
      'graph/unknown-identifier',
      'other',
    ],
  ])('is refused when %s', (_case, resources, options, code, message) => {
    const { graph, diagnostics } = compileResources(resources, options);
    expect(graph).toBeUndefined();
    expect(diagnostics.map((each) => each.code)).toEqual([code]);
    expect(diagnostics[0]?.message).toContain(message);
  });

  test('and a template is an ordinary resource without the gate, as in kro', () => {
    const both = '    - {id: map, variable: {a: b}, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}}';
    const { graph, diagnostics } = compileResources(both, { features: {} });
    expect(diagnostics).toEqual([]);
    expect(graph?.nodes.get('map')?.nodeType).toBe('resource');
  });

  test('counts in the hash of the revision', () => {
    const hash = (value: string) => compileResources(`    - {id: names, variable: {a: ${value}}}`).graph?.hash;
    expect(hash('b')).not.toBe(hash('c'));
    expect(hash('b')).toBe(hash('b'));
  });
});
