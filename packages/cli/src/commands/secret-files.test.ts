import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandRunner } from '../../test-support/run-command.ts';
import { convert } from './convert-command.ts';
import { lint } from './lint-command.ts';
import { validate } from './validate-command.ts';

const head = 'apiVersion: v1\nkind: Secret\nmetadata: { name: x }\n';

const typeOf = (kind: string) =>
  `apiVersion: kro.run/v1alpha1\nkind: ${kind}\nmetadata: { name: x, namespace: n }\nspec:`;
const oneLine = (text: string) =>
  text.replace(/(?<=^|---\n)(\w[^]*?)\n?$/, (_all, object: string) => `{ ${object.replaceAll('\n', ', ')} }`);
const [OF_MEMBER, OF_ITEM] = ['a.p', 'a[0].p'].map((at) => `stringData: { a: '\${string(schema.spec.${at})}' }`);
/** A definition with a field that feeds only a Secret. */
const inputs = (type: string, data = "stringData: { a: '${string(schema.spec.a)}' }") =>
  `${typeOf('ResourceGraphDefinition').replace(', namespace: n', '')}\n  schema:\n    apiVersion: v1alpha1\n    kind: App\n    spec:
      a: ${type}\n  resources:\n  - id: login\n    template:\n${head.replaceAll(/^(?=.)/gm, '      ')}      ${data}\n`;
const instance = (spec: string) => `---\n${typeOf('App')} { ${spec} }\n`;
const graph = (def: string) => `${typeOf('Graph')}\n  nodes:\n  - { id: cfg, def: ${def} }
  - { id: s, template: { ${head.replaceAll('\n', ', ')}stringData: { a: '\${cfg.a}', b: '\${cfg.b}' } } }\n`;
const TYPES =
  'string |;string | maxLength=2;string | pattern="^[a-z]$";string | enum="low,high";integer | minimum=1'.split(';');
const LINES = `a: @x9182;a: "x9182;a: "x"x9182;a:x9182;a: 'x'x9182;a: !x9182 1;a: *x9182;password: x9182`.split(';');
/** Types with a mistake and a default. */
const WRONG =
  'string | defualt="x9182";string | default="x9182;strin | default="x9182";integer | default="x9182";string | default=9182 pattern="("'.split(
    ';',
  );

/** Files with an error in a Secret or next to one. Each value of the Secrets contains `9182`. */
const FILES: readonly (readonly [what: string, text: string])[] = [
  ['a value that is not base64', `${head}data:\n  a: "9182!"\n`],
  ['a long value that is not base64', `${head}data:\n  a: "${'9182!'.repeat(40)}"\n`],
  ['a number', `${head}stringData:\n  a: 9182\n`],
  ['a number in another notation', `${head}stringData:\n  a: 9182.10\n`],
  ['a number with leading zeros', `${head}stringData:\n  a: 09182\n`],
  ['members instead of a string', `${head}stringData: { a: { b: x9182 } }\n`],
  ['a misspelt field', `${head}stringdata: { a: x9182 }\n`],
  ['an unclosed quote', `${head}stringData:\n  a: "x9182\n`],
  ['an annotation that is a number', `${head.replace('x }', 'x, annotations: { a: 9182 } }')}data: {}\n`],
  ['JSON in one line', '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"stringData":{"a":"x9182","b":3}}'],
  [
    'JSON',
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, data: { a: '9182!' } }, null, 2),
  ],
  ['a list', `apiVersion: v1\nkind: List\nitems:\n- ${head.replaceAll('\n', '\n  ')}data:\n    a: "9182!"\n`],
  [
    'an object in one line that is there twice',
    `{ ${head.replaceAll('\n', ', ')} data: { a: "OTE4MjkxODI=" } }\n---\n`.repeat(2),
  ],
  ['a later document', `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cm }\n---\n${head}data:\n  a: "9182!"\n`],
  ...[...TYPES, 'string | validation="self.size() < 2"'].flatMap((type): [string, string][] => [
    [
      `the value of an input: ${type}`,
      inputs(type.replace(/ \|$/, '')) + instance(type.endsWith('|') ? 'a: 9182' : 'a: x9182'),
    ],
    [`members of an input: ${type}`, inputs(type.replace(/ \|$/, '')) + instance('a: { b: x9182 }')],
    [`the default of an input: ${type}`, inputs(`${type} default="x9182" maximum="x"`)],
  ]),
  ...LINES.map((line): [string, string] => [
    `an input in a line of its own: ${line}`,
    inputs('string') + instance('').replace('{  }', `\n  ${line}`),
  ]),
  ...WRONG.flatMap((type): [string, string][] => [
    [`a wrong schema: ${type}`, inputs(`'${type}'`)],
    [`a wrong custom type: ${type}`, inputs(`C\n    types: { C: { p: '${type}' } }`, OF_MEMBER)],
  ]),
  ['a tag in a Secret', `${head}stringData:\n  a: !x9182\n`],
  ['an alias in a Secret', `${head}stringData:\n  a: *x9182\n`],
  ['a quote in a Secret', `${head}stringData:\n  a: "x9182"x9182"\n`],
  ['a string as a def', graph('x9182')],
  ['an instance in one line without metadata', '{ apiVersion: kro.run/v1alpha1, kind: App, spec: { a: x9182 } }'],
  ['a misspelt input', inputs('string') + instance('aa: x9182')],
  ['a default in a definition that does not compile', inputs('string | default="x9182" maxLength=2\n      b: strin')],
  ['an expression in a template', inputs('string', `stringData: { a: '\${"x9182" + 1}' }`)],
  ['an expression without end in a template', inputs('string', `stringData: { a: '\${"x9182"' }`)],
  ['a literal in a template', inputs('string', 'data: { a: "9182!" }')],
  ['a literal next to an error', inputs('string', "stringData: { b: x9182, a: '${schema.spec.nope}' }")],
  ['an error of YAML in a template', inputs('string', 'stringData: { a: "x9182 }')],
  ['a value in the notation of YAML 1.1', inputs('string', 'stringData: { a: 0191829 }')],
  ['braces of Helm in a template', inputs('string', 'data: { a: "{{ .x }} 9182" }')],
  ['a def of a Graph', graph('{ a: x9182, b: "${cfg.nope}" }')],
  ['an expression of a def', graph(`{ a: "\${'x9182' + 1}", b: b }`)],
  ['a number of a def', graph('{ a: 9182, b: b }')],
  ['a key of a def that is there twice', graph('{ a: x9181, a: x9182, b: b }')],
  ['a boolean of YAML 1.1 beside a def', graph('{ a: x9182, on: b, b: b }')],
  ['a def of a Graph of another group', graph('{ a: x9181, a: x9182 }').replace('kro.run', 'experimental.kro.run')],
  ['a Secret in one line with a misspelt name', oneLine(`${head}stringData: { a: x9182 }`).replace('name:', 'nam:')],
  ['a Secret in one line without an apiVersion', '{ kind: Secret, metadata: { name: x }, stringData: { a: x9182 } }'],
  [
    'an instance in one line with a misspelt name',
    inputs('string') + oneLine(instance('a: x9182')).replace('name:', 'nam:'),
  ],
  [
    'an instance in one line without a kind',
    inputs('string') + oneLine(instance('a: x9182')).replace('kind: App, ', ''),
  ],
  [
    'a SecretList',
    `apiVersion: v1\nkind: SecretList\nitems:\n- { ${head.replaceAll('\n', ', ')}stringData: { a: x9182, b: yes } }`,
  ],
  ['a misspelt spec', inputs('string') + instance('a: x9182').replace('spec:', 'spe:')],
  ['an input beside the spec', `${inputs('string')}${instance('')}a: x9182\n`],
  ['a string as the spec', inputs('string') + instance('').replace('{  }', 'x9182')],
  ['a list as the spec', inputs('string') + instance('').replace('{  }', '[x9182]')],
  [
    'a default of a custom type',
    inputs(`C\n    types: { C: { p: 'string | default="x9182" pattern="^a"' } }`, OF_MEMBER),
  ],
  ['a default in the notation of OpenAPI', inputs('{ default: x9182, type: yes }')],
  ['another member of a map', inputs('map[string]string', OF_MEMBER) + instance('a: { k: [x9182] }')],
  ['a wrong value of a map', inputs('map[string]integer', OF_MEMBER) + instance('a: { k: x9182 }')],
  [
    'a wrong element of a list of objects',
    inputs("'[]C'\n    types: { C: { p: string } }", OF_ITEM) + instance('a: [x9182]'),
  ],
];

const COMMANDS = ['lint', 'lint -o github', 'lint -o json', 'lint -o sarif', 'validate', 'convert'];

// `convert` reads plain objects.
const cases = FILES.flatMap(([what, text]) =>
  COMMANDS.filter((each) => each !== 'convert' || !text.includes('kro.run')).map((each) => [what, each, text] as const),
);

test.each(cases)('no problem quotes a value of a Secret or its line: %s, %s', async (_what, command, text) => {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-secret-files-'));
  writeFileSync(join(cwd, 'a.yaml'), text);
  const { out, err } = await commandRunner([lint, validate, convert], cwd)(`${command} a.yaml`);
  const problems = command === 'convert' ? err : `${out}${err}`;
  expect(problems).toContain('a.yaml');
  expect(problems).not.toMatch(/9182|OTE4/);
});

test('the name of a type is no value of a Secret', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'typekro-secret-files-'));
  writeFileSync(join(cwd, 'a.yaml'), inputs('"string"') + instance('a: [x9182]'));
  const { err } = await commandRunner([validate], cwd)('validate a.yaml');
  expect(err).toContain('a list is written where a string is expected');
  expect(err).toContain('hint: write a string\n');
});
