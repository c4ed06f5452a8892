import { describe, expect, test } from 'vitest';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import { withConfigMap, withData, withResources, withSchema } from '../codes/codes-example.ts';
import { parseDefinitions } from '../parse-definitions.ts';

/**
 * The problems that the compiler reports for a definition (without the parser's problems), each with its message and
 * its hint.
 */
function problemsOf(text: string): string[] {
  return parseDefinitions(text)
    .documents.flatMap((document) => compile(document, { sources: builtinSource() }).diagnostics)
    .map(({ message, hint }) => `${message}; ${hint ?? 'no hint'}`);
}

const withField = (field: string, value: string): string =>
  withData(`a: ${value}`).replace('name: string', `name: string\n      ${field}`);

describe('if the cause is a word that YAML 1.1 reads as a boolean, the hint names this word', () => {
  test.each<[string, string, string[]]>([
    [
      'a spec field, read by its name',
      withField('n: integer', '${string(schema.spec.n)}'),
      [`undefined field 'n'; YAML reads the key n as false; quote it: "n"`],
    ],
    [
      'a spec field with a wrong default',
      withField('off: integer | default=x', 'x'),
      ['field false: default value must be a valid integer, got: x; YAML reads the key off as false; quote it: "off"'],
    ],
    [
      'a spec field of a wrong type',
      withField('n: text', 'x'),
      ['field false: unknown type: text; write string; YAML reads the key n as false; quote it: "n"'],
    ],
    [
      'a field of an object',
      withField('p: {Yes: string}', '${schema.spec.p.Yes}'),
      [`undefined field 'Yes'; YAML reads the key Yes as true; quote it: "Yes"`],
    ],
    [
      'the name of a type',
      withSchema('types:\n  Y: {a: integer}\n').replace('name: string', 'name: string\n      p: Y'),
      [
        'field p: unexpected type: bool; Y is the boolean true here; quote it to make it a string: "Y"',
        'the type true is not used; use it in spec, or remove it; YAML reads the key Y as true; quote it: "Y"',
      ],
    ],
    [
      'a field of a template',
      withResources(
        '- id: a\n  template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {y: 1, ports: [{port: 80}]}}\n',
      ),
      [`the schema has no field "true" here; YAML reads the key y as true; quote it: "y"`],
    ],
    ['a value of a template', withData('a: on'), ['this field takes a string, not a boolean; quote it: "on"']],
    [
      'a boolean where no string is expected keeps the usual remedy',
      withConfigMap('includeWhen: yes'),
      ['a list is expected here; begin each entry with "- ", also when there is only one'],
    ],
    [
      'the kind',
      withData('a: x').replace('kind: App', 'kind: Yes'),
      [
        'a string is expected here; put it in quotes: "Yes"',
        'the schema has no kind; add kind: with a name such as "WebApp"',
      ],
    ],
  ])('%s', (_, text, problems) => expect(problemsOf(text)).toEqual(problems));

  test('a quoted key, and the words true and false, get no hint to quote a word of YAML 1.1', () => {
    expect(problemsOf(withField('"n": integer', '${string(schema.spec.n)}'))).toEqual([]);
    expect(problemsOf(withField('true: integer | default=x', 'x'))).toEqual([
      'field true: default value must be a valid integer, got: x; no hint',
    ]);
  });

  test('a value that does not come from a file gets no hint to quote a word of YAML 1.1', () => {
    const [document] = parseDefinitions(withField('n: integer | default=x', 'x')).documents;
    const { diagnostics } = compile(document?.value ?? null, { sources: builtinSource() });
    expect(diagnostics.map(({ hint }) => hint)).toEqual([undefined]);
  });
});

test.each<[string, string, string]>([
  ['a word that may follow a dot without backticks', 'namespace: string', 'name, namespace, count, tags'],
  ['a word that needs backticks', '"false": string', 'name, `false`, count, tags'],
])('the list of known fields has no escapes of the compiler: %s', (_, field, known) =>
  expect(problemsOf(withField(field, '${schema.spec.zzzzzzz}'))).toEqual([
    `undefined field 'zzzzzzz'; known fields: ${known}`,
  ]),
);

test.each([
  ['${schema.spec.namespace}', 'the instance has it in schema.metadata.namespace'],
  [
    '${schema.spec.name || "x"}',
    'for a default value, write .?name.orValue(…) or | default=… in the schema; for a condition, compare it: x != "" instead of x',
  ],
  ['${.spec.name}', 'write schema.spec, as an expression names the instance'],
])('the hint for %s names what the author looks for', (cel, hint) => {
  expect(problemsOf(withData(`a: '${cel}'`)).join('\n')).toContain(hint);
});

/** A definition with a Deployment that has this field. */
const withDeployment = (field: string, args = '[a]'): string =>
  withResources(`- id: d
  template:
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: x}
    spec:
      ${field}
      selector: {matchLabels: {a: b}}
      template:
        metadata: {labels: {a: b}}
        spec:
          containers:
            - name: a
              image: b
              args: ${args}
`);
const BREAK =
  'remove the blanks and line breaks after the }, which make it a string; in YAML write |- instead of |, or >- instead of >';

test.each<[title: string, text: string, first: string | undefined]>([
  [
    'an expression in a block scalar that ends with a line break',
    withDeployment('replicas: 1', '|\n                ${schema.spec.tags}'),
    `this field takes an array, not a string; ${BREAK}`,
  ],
  [
    'an expression followed by a blank',
    withDeployment('replicas: "${schema.spec.count} "'),
    `this field takes an integer, not a string; ${BREAK}`,
  ],
  [
    'an expression after a blank',
    withDeployment('replicas: " ${schema.spec.count}"'),
    'this field takes an integer, not a string; remove the blanks before the ${…}: they make it a string',
  ],
  [
    'an expression with literal text around it',
    withDeployment('replicas: "${schema.spec.count}0"'),
    'this field takes an integer, not a string; use one bare ${…} of the right type, without text around it',
  ],
  [
    'an integer beyond 64 bits',
    withDeployment('replicas: 99999999999999999999'),
    'this field takes an integer, not a number beyond 64 bits; write a number that fits into 64 bits',
  ],
  [
    'an integer for a boolean',
    withDeployment('paused: 5'),
    'this field takes a boolean, not an integer; write true or false',
  ],
  [
    'an integer beyond 32 bits',
    withDeployment('replicas: 3000000000'),
    'the API server will refuse this value: 3000000000 is outside of int32; write a number from -2147483648 to 2147483647',
  ],
  [
    'an item without a value',
    withResources('-\n'),
    'an object is expected here; write the members of the object after the "- ", or remove the "-"',
  ],
  ['a fraction', withDeployment('replicas: 1.5'), 'this field takes an integer, not a fraction; no hint'],
  [
    'a variable of a shell',
    withData('a: echo ${HOME}'),
    'nothing here is named HOME; if it is a variable of a shell, write ${"${HOME}"}: this evaluates to the string ${HOME}',
  ],
  [
    'keys of a condition in quotes',
    withSchema(`status:\n  conditions: ['\${runtime.newCondition({"type": "Ready", "status": "True"})}']\n`),
    'runtime.newCondition: keys must be bare identifiers (type, status, reason, message); quoted or computed keys are not allowed; write the keys without quotes: {type: "Ready", status: "True"}',
  ],
  [
    'a quote in a default',
    withField('f: string | default="a\\"b"', 'x'),
    'default "a\\"b" is not valid JSON for type string; inside of the default, write \\\\\\" for a quote and \\\\\\\\ for a backslash',
  ],
  [
    'a quote in a default, written as the remedy above says (no problem)',
    withField('f: string | default="a\\\\\\"b\\\\\\\\c"', 'x'),
    undefined,
  ],
  [
    'an expression in a default',
    withField('f: string | default=${schema.spec.name}', 'x'),
    'a default is not an expression: instances get this string; remove the default, and read the field in templates with .?NAME.orValue(…)',
  ],
  ['a variable of a shell in a default (no problem)', withField('f: string | default="${HOME}"', 'x'), undefined],
])('the first problem, and its remedy: %s', (_, text, first) => expect(problemsOf(text)[0]).toBe(first));

test.each(['string | nope=1', 'bool'])(
  'a field with the invalid declaration "%s" has one error, even if a condition reads it',
  (type) => {
    const text = withConfigMap('includeWhen: ["${schema.spec.f}", "${schema.spec.f && schema.spec.count > 1}"]');
    expect(problemsOf(text.replace('name: string', `name: string\n      f: ${type}`))).toHaveLength(1);
  },
);

test('a condition that is not a boolean is an error even if the schema has another error', () => {
  const text = withConfigMap('includeWhen: ["${schema.spec.count}"]');
  expect(problemsOf(text.replace('name: string', 'name: string\n      f: bool'))).toEqual([
    'field f: unknown type: bool; write boolean',
    'includeWhen needs a boolean; this is int; compare it: … > 0',
  ]);
});

const withCopy = (data: string): string =>
  withResources(
    `- id: sec\n  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: creds}}\n- id: copy\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: copy}, data: {a: "${data}"}}\n`,
  );

test.each([
  [
    'string(base64.decode(sec.data.user))',
    'the bytes are decoded already: write string(…) around them instead of base64.decode',
  ],
  ['base64.encode(schema.spec.name)', 'write base64.encode(bytes(…))'],
  ["sec.data.user + '-suffix'", 'write string(…) around the bytes'],
  ["sec.data.user == 'a' ? 'x' : 'y'", 'write string(…) around the bytes'],
  ['sec.data.user.lowerAscii()', 'write string(…) around the bytes'],
  ["sec.data.user.split(',')[0]", 'write string(…) around the bytes'],
  ['sec.data.user', 'write string(…) around the expression if the bytes are text, or base64.encode(…)'],
])('a hint about the bytes of a Secret: %s', (expression, hint) => {
  expect(problemsOf(withCopy(`\${${expression}}`)).map((problem) => problem.slice(problem.indexOf('; ') + 2))).toEqual([
    hint,
  ]);
});

const SHAPES = 'a: "[]P"\n      b: "[]Q"\n      useA: boolean\n      names: "[]string"';
const withShapes = (field: string, kind: string): string =>
  withResources(`- id: x\n  template: {apiVersion: ${kind}, metadata: {name: x}, spec: {${field}}}\n`).replace(
    'name: string',
    `name: string\n      ${SHAPES}`,
  );
const withTypes = (text: string): string =>
  text.replace('    spec:\n', '    types:\n      P: {name: string}\n      Q: {name: string}\n    spec:\n');
const POD = 'v1, kind: Pod';
const POLICY = 'networking.k8s.io/v1, kind: NetworkPolicy';

test.each([
  [
    'branches of different structures',
    'containers: [{name: c, image: i, env: "${schema.spec.useA ? schema.spec.a : schema.spec.b}"}]',
    'containers: [{name: c, image: i, env: "${schema.spec.useA ? dyn(schema.spec.a) : dyn(schema.spec.b)}"}]',
    POD,
    /dyn\(…\) around both branches/,
  ],
  [
    'a branch of null',
    'containers: [{name: c, image: "${schema.spec.useA ? \'a\' : null}"}]',
    'containers: [{name: c, image: "${schema.spec.useA ? optional.of(\'a\') : optional.none()}"}]',
    POD,
    /optional\.none\(\) in place of null/,
  ],
  [
    'branches of which one is a number',
    'containers: [{name: c, image: "${schema.spec.useA ? \'a\' : 1}"}]',
    'containers: [{name: c, image: "${schema.spec.useA ? \'a\' : string(1)}"}]',
    POD,
    /string\(…\)/,
  ],
  [
    'a list of maps',
    "podSelector: {}, ingress: [{from: \"${schema.spec.names.map(p, {'namespaceSelector': {'matchLabels': {'n': p}}})}\"}]",
    "podSelector: {}, ingress: [{from: \"${schema.spec.names.map(p, dyn({'namespaceSelector': {'matchLabels': {'n': p}}}))}\"}]",
    POLICY,
    /dyn\(\{…\}\) around each element/,
  ],
])('the hint for %s mends it', (_, wrong, right, kind, hint) => {
  const errorsOf = (field: string) =>
    problemsOf(withTypes(withShapes(field, kind))).filter((problem) => !/is not used|no value/.test(problem));
  expect(errorsOf(wrong)).toEqual([expect.stringMatching(hint)]);
  expect(errorsOf(right)).toEqual([]);
});
