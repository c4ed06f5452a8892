import { expect, test } from 'vitest';
import { builtinSource } from '../schema/index.ts';
import { compile } from './compile.ts';

const definition = (text: string) => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'texts' },
  spec: {
    schema: {
      apiVersion: 'v1',
      kind: 'Text',
      spec: { name: 'string', count: 'integer', tags: '[]string' },
      status: { made: '${b.metadata.name}' },
    },
    resources: [
      { id: 'a', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: 'y' } } },
      { id: 'b', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' }, data: { text } } },
    ],
  },
});

/**
 * Compiles a string, and removes `§` from the result. A string with `§` is compiled as a whole, because it is not
 * ASCII.
 */
function made(text: string) {
  const { graph, diagnostics } = compile(definition(text), { sources: builtinSource(), target: 'typekro' });
  // The character `§` shifts the columns and the carets of errors.
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value ?? null).replaceAll(/§|:1:\d+:|\\n \| [.．]*\^/g, ''));
  const node = graph?.nodes.get('b');
  const [hole] = node?.template.holes ?? [];
  const inputs = { schema: { spec: { name: 'n', count: 2, tags: ['p', 'q'] } }, a: { data: { x: 'seen' } } };
  return plain({
    diagnostics,
    dependsOn: node?.dependsOn,
    type: hole?.expression.type,
    references: hole?.expression.references,
    reads: [...(graph?.reads ?? [])],
    value: hole?.expression.program.evaluate(inputs),
  });
}

test('a string of valid parts that is too long for CEL is refused', () => {
  expect(JSON.stringify(made(`${'x'.repeat(120_000)}\${schema.spec.name}`))).toMatch(/exceeds limit: size: 120\d+/);
});

test.each([
  '${schema.spec.name}-1',
  'a${schema.spec.name}b${a.data.x}c',
  '${a.data.x}${schema.spec.name}',
  '${schema.spec.count}-1',
  '${string(schema.spec.count)}-1',
  '${schema.spec.name + "}"} {}',
  '${schema.spec.name // the name}-1',
  '${schema.spec.name // the name\n}-1',
  '${"//" + schema.spec.name}-1',
  '${nothing.x}-${schema.spec.name}',
  '${schema.spec.name}-${absent(1)}',
  '${schema.spec.nome}-1',
  '${schema.spec.name +}-1',
  '${}-1',
  '${ }-${schema.spec.name}',
  '${schema.spec.tags.map(schema, schema).join(",")}-1',
  '${schema.spec.tags.map(a, a + "!").join(",")}-${a.data.x}',
  '${a.data.?x.orValue("z")}-1',
  '${schema.spec.count > 1 ? "many" : "few"} of ${schema.spec.name}',
  '${schema.spec.name.matches("(")}-1',
  '${b.data.text}-1',
  '${runtime.x}-1',
])('%s compiles to the same result part by part and as a whole', (text) => {
  expect(made(`${text} `)).toEqual(made(`${text} §`));
});
