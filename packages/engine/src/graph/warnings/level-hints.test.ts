import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonValue } from '@typekro/kit/core';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import type { KroCompatibility } from '../kro-compatibility.ts';
import { dependsOnLevel } from './level-hints.ts';

const definition = (id: string, text: string): JsonValue =>
  parse(`
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: app}
spec:
  schema: {apiVersion: v1, kind: App, spec: {name: string}}
  resources:
    - id: ${id}
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {text: ${JSON.stringify(text)}}}
`) as JsonValue;

const hints = (input: JsonValue, kroCompatibility: KroCompatibility): string[] => {
  const { diagnostics } = compile(input, { sources: builtinSource(), target: 'stock', kroCompatibility });
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ hint = '' }) => hint);
};

test.each<[string, string, string, KroCompatibility, KroCompatibility]>([
  ['an unterminated expression', 'a', '${schema.spec.name', '0.10', '0.9'],
  ['a word that kro 0.10 reserves', 'graphengine', 'plain', '0.10', '0.9'],
  ['a brace in single quotes', 'a', "${schema.spec.name + '}'}", '0.9', '0.10'],
])('%s is refused at only one level, and the error names the other level', (_, id, text, level, other) => {
  const input = definition(id, text);
  expect(hints(input, level).every((hint) => hint.includes(`kro ${other} accepts this`))).toBe(true);
  expect(hints(input, level)).not.toEqual([]);
  expect(hints(input, other)).toEqual([]);
});

test.each<KroCompatibility>(['0.9', '0.10'])(
  'an error that both levels report names no other level (at %s)',
  (level) => {
    const found = hints(definition('a', '${schema.spec.nam}'), level);
    expect(found).toHaveLength(1);
    expect(found[0]).not.toContain('accepts this');
  },
);

test.each<[string, string, KroCompatibility]>([
  ['0.10', "${schema.spec.nam + '}'}", '0.9'],
  ['0.9', "${schema.spec.nam + '}'}", '0.10'],
])(
  'kro %s does not count as accepting a string that both levels refuse for different reasons: %s',
  (_, text, level) => {
    const found = hints(definition('a', text), level);
    expect(found).not.toEqual([]);
    expect(found.join()).not.toContain('accepts this');
  },
);

test.each<[string, JsonValue, boolean]>([
  ['no expression', definition('a', 'plain'), false],
  ['an expression that both levels parse alike', definition('a', "${schema.spec.name + 'x'}"), false],
  ['an expression nested in another one', definition('a', '${a ${b} }'), false],
  ['an unterminated expression', definition('a', 'a: ${schema.spec.name'), true],
  ['an unterminated expression after a closed one', definition('a', '${schema.spec.name}${'), true],
  ['a brace in single quotes', definition('a', "${schema.spec.name + '}'}"), true],
  ['an expression inside single quotes', definition('a', "${'${b}'}"), true],
  ['a brace in single quotes in a key', { "${'}'}": 'a' }, true],
  ['a brace in single quotes in a list', [['a'], ["${'}'}"]], true],
  ['a word that one level reserves, as an id', definition('graphengine', 'plain'), true],
  ['a word that both levels reserve', definition('schema', 'plain'), false],
  ['values that are not strings', { a: [1, true, null, {}] }, false],
])('dependsOnLevel() says whether the errors of a definition can depend on the level: %s', (_, value, depends) => {
  expect(dependsOnLevel(value)).toBe(depends);
});

test.each<[string, string, KroCompatibility, readonly string[]]>([
  ['a boolean that may be missing', '${schema.spec.?on}', '0.10', ['warning append .orValue(false)']],
  ['a boolean that may be missing', '${schema.spec.?on}', '0.9', []],
  ['a boolean', '${schema.spec.on}', '0.10', []],
  [
    'a number that may be missing',
    '${schema.spec.?count}',
    '0.10',
    ['error take the value out with .orValue(…) and compare it'],
  ],
])('a condition has one problem at most: %s, %s at %s', (_, condition, kroCompatibility, expected) => {
  const input = parse(`
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: app}
spec:
  schema: {apiVersion: v1, kind: App, spec: {count: integer, on: boolean}}
  resources:
    - id: a
      includeWhen: ["${condition}"]
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
`) as JsonValue;
  const { diagnostics } = compile(input, { sources: builtinSource(), target: 'stock', kroCompatibility });
  const found = diagnostics.filter(({ code }) => code === 'graph/condition-type');
  expect(found.map(({ severity, hint = '' }) => `${severity} ${hint}`)).toEqual(expected);
});

test('a definition whose errors cannot depend on the level has the same errors at both levels', () => {
  const input = definition('a', '${schema.spec.nam}');
  expect(dependsOnLevel(input)).toBe(false);
  expect(hints(input, '0.9')).toEqual(hints(input, '0.10'));
});
