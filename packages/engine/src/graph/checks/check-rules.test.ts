import { describe, expect, test } from 'vitest';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import { parseDefinitions } from '../parse-definitions.ts';

/** Compiles a definition with these lines in `spec.schema`. The first of them is line 10 of the file. */
function compileSchema(lines: readonly string[], strict = false) {
  const text = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata:
  name: example
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
    group: example.com
${lines.map((line) => `    ${line}`).join('\n')}
  resources: []
`;
  const [document] = parseDefinitions(text, 'x.yaml').documents;
  if (document === undefined) throw new Error('the test’s definition is not YAML');
  const { graph, diagnostics } = compile(document, { sources: builtinSource(), strict });
  const found = diagnostics.map(({ code, message, source, hint }) => ({
    code,
    message: message.replace('the API server will refuse this validation rule: ', ''),
    // The first four characters at the reported position.
    at: text.split('\n')[(source?.line ?? 0) - 1]?.slice((source?.column ?? 0) - 1, (source?.column ?? 0) + 3),
    hint,
  }));
  return { graph, diagnostics, found };
}

const field = (type: string) => ['spec:', `  value: ${type}`];

describe('no problem is reported for a rule that an API server accepts', () => {
  test.each([
    ['a comparison', `string | validation="self.startsWith('a')"`],
    ['a comparison with the stored value', 'integer | validation="self >= oldSelf"'],
    ['the marker immutable', 'string | immutable=true'],
    ['members of a map', 'map[string]string | validation="self.all(k, self[k] != k)"'],
    ['free-form objects', 'object | validation="self.anything == 1"'],
    ['libraries of Kubernetes', `string | validation="quantity(self).isGreaterThan(quantity('1Mi'))"`],
    ['a CEL library that is not declared here', `string | validation="sets.contains([self], ['a'])"`],
  ])('%s', (_name, type) => {
    expect(compileSchema(field(type), true).found).toEqual([]);
  });
});

describe('a rule that an API server refuses is reported', () => {
  const cases: [string, string, object][] = [
    [
      'a comparison of a string with a number',
      `'string | validation="self > 1"'`,
      { at: '> 1"', message: expect.stringContaining('(string, int)') },
    ],
    [
      'a result that is not a boolean',
      `string | validation="self + 'x'"`,
      { at: 'self', message: 'it returns string, not bool' },
    ],
    [
      'a syntax error',
      `string | validation="self.size("`,
      { at: '"', message: expect.stringContaining('the expression ends') },
    ],
    [
      'a function that only kro has',
      `string | validation="json.marshal(self) == ''"`,
      { hint: expect.stringContaining('kro') },
    ],
    [
      'a name other than self and oldSelf',
      `string | validation="schema.spec.a == 1"`,
      { at: 'sche', hint: expect.stringContaining('self') },
    ],
    [
      'an error after escape sequences, at its position in the file',
      String.raw`'string | validation="self == \"a\" && self > 1"'`,
      { at: '> 1"' },
    ],
    ['a rule without quotes', 'string | default=a validation=self>1', { at: '>1' }],
  ];
  test.each(cases)('%s', (_name, type, expected) => {
    expect(compileSchema(field(type)).found[0]).toMatchObject({ code: 'graph/invalid-rule', ...expected });
  });

  test('a wrong field in the rule of a custom type is reported once, although two fields have the type', () => {
    const lines = [
      'types:',
      '  Port:',
      '    number: integer | validation="self.foo"',
      '  Ports: "[]Port | validation=\\"self.all(p, p.nuber > 0)\\""',
      'spec:',
      '  a: Ports',
      '  b: Ports',
      '  c: Port | validation="self.nuber > 0"',
    ];
    expect(compileSchema(lines).found).toMatchObject([
      { message: "type 'int' does not support field selection", at: '.foo' },
      { message: "undefined field 'nuber'", at: 'nube' },
      { message: "undefined field 'nuber'", at: 'nube', hint: 'did you mean "number"?' },
    ]);
  });

  test('oldSelf is refused in the elements of a list without keys, because these elements have no stored counterpart', () => {
    const lines = ['types:', '  Port:', '    name: string | immutable=true', 'spec:', '  ports: "[]Port"'];
    expect(compileSchema(lines).found).toMatchObject([
      { code: 'graph/refused-crd', message: expect.stringContaining('oldSelf cannot be used') },
    ]);
    const keyed = lines.with(4, '  ports: "[]Port | listType=map listMapKey=name"');
    expect(compileSchema(keyed.with(2, '    name: string | required=true immutable=true')).found).toEqual([]);
  });
});

test('invalid rules are warnings because kro accepts them; with strict they are errors', () => {
  const rule = field('string | validation="self"');
  const lenient = compileSchema(rule);
  expect(lenient.graph).toBeDefined();
  expect(lenient.diagnostics.map(({ severity }) => severity)).toEqual(['warning']);
  const strict = compileSchema(rule, true);
  expect(strict.graph).toBeUndefined();
  expect(strict.diagnostics.map(({ severity }) => severity)).toEqual(['error']);
});
