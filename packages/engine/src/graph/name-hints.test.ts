import { describe, expect, test } from 'vitest';
import { builtinSource } from '../schema/index.ts';
import { compile } from './compile.ts';
import { withConfigMap, withResources } from './codes/codes-example.ts';
import { parseDefinitions } from './parse-definitions.ts';

/**
 * The problems that the compiler reports for a definition (without the parser's problems), each with its message and
 * its hint.
 */
function problemsOf(text: string): string[] {
  return parseDefinitions(text)
    .documents.flatMap((document) => compile(document, { sources: builtinSource() }).diagnostics)
    .map(({ message, hint }) => `${message}; ${hint ?? 'no hint'}`);
}

const map = (id: string, name: string): string =>
  `- id: ${id}\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${name}"}}\n`;

describe('an invalid id causes only one problem', () => {
  test.each(['self', 'metadata', 'item', 'kro'])('even when an expression reads the resource: %s', (id) =>
    expect(problemsOf(withResources(map(id, 'a') + map('b', `b-\${${id}.metadata.name}`)))).toEqual([
      `the id "${id}" is a reserved word; choose another id`,
    ]),
  );

  test.each(['schema', 'each', 'in', 'namespace'])('and the reserved word keeps its meaning in expressions: %s', (id) =>
    expect(problemsOf(withResources(map(id, 'a') + map('b', '${schema.spec.name}')))).toEqual([
      `the id "${id}" is a reserved word; choose another id`,
    ]),
  );

  test.each<[string, string]>([
    ['reserved', map('schema', 'x')],
    ['used twice', map('a', 'x')],
  ])('and a hint with the known names omits the internal name that replaces an id that is %s', (_, wrong) => {
    const problems = problemsOf(withResources(map('a', 'a') + wrong + map('b', '${zzzzzzz.x}')));
    expect(problems).toHaveLength(2);
    expect(problems[1]).toBe('nothing here is named zzzzzzz; known names: schema, a, b');
  });

  test('and the internal name that replaces a reserved id is never suggested', () => {
    const problems = problemsOf(withResources(map('each', 'a') + map('b', '${eachs.x}')));
    expect(problems[1]).toBe('nothing here is named eachs; known names: schema, b');
  });
});

const SETTINGS = `data:
    count: \${string(schema.spec.count)}
    name: \${schema.spec.name}
    text: a-\${schema.spec.name}
    my-name: \${schema.metadata.name}
readyWhen:
  - `;

describe('if readyWhen reads more than its own resource, the hint depends on the template:', () => {
  test.each<[string, string, string]>([
    [
      'a field of the template has exactly the value that the condition reads',
      '${config.data.text == schema.spec.name}',
      'read config.metadata.name, which the template sets to schema.spec.name',
    ],
    [
      'a field of the template has the value, and the condition calls a function with it',
      '${config.data.text == schema.spec.name.lowerAscii()}',
      'read config.metadata.name, which the template sets to schema.spec.name',
    ],
    [
      'the template uses the value only in a computation',
      '${config.data.count == string(schema.spec.count)}',
      'compare config with a constant, or set a field of the template to schema.spec.count and read that field',
    ],
    [
      'no field of the template has the value',
      '${config.data.text == schema.metadata.namespace}',
      'compare config with a constant, or set a field of the template to schema.metadata.namespace and read that field',
    ],
    [
      'only a field whose name cannot follow a dot has the value',
      '${config.data.text == schema.metadata.name}',
      'compare config with a constant, or set a field of the template to schema.metadata.name and read that field',
    ],
  ])('%s', (_, condition, hint) =>
    expect(problemsOf(withConfigMap(`  ${SETTINGS}${condition}`))).toEqual([
      `readyWhen can read only its own resource, "config", not "schema"; ${hint}`,
    ]),
  );

  test('in a collection, the hint recommends a field of the variable "each"', () => {
    const problems = problemsOf(
      withConfigMap(
        '  data: {true: "${schema.spec.name}", null: "${schema.spec.name}", text: "${schema.spec.name}"}\nforEach:\n  - tag: ${schema.spec.tags}\nreadyWhen:\n  - ${each.data.a == schema.spec.name}',
      ).replace('name: ${schema.spec.name}\n', 'name: ${tag}\n'),
    );
    expect(problems.join('\n')).toContain('read each.data.text, which the template sets to schema.spec.name');
  });

  test('if readyWhen reads another resource, the hint recommends to read that resource in the template', () => {
    const other = map('other', 'o');
    const text = withConfigMap('readyWhen:\n  - ${other.metadata.name == "o"}');
    expect(problemsOf(text + other.replaceAll(/^/gm, '    '))).toEqual([
      'readyWhen can read only its own resource, "config", not "other"; write a condition on "config"; to wait for "other", read one of its fields in the template',
    ]);
  });
});
