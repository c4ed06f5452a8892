import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { builtinSource } from '../schema/index.ts';
import { compile } from './compile.ts';

const SOURCES = builtinSource();

/** A definition that reads ConfigMaps. Its schema has a field of each type that can be part of a selector. */
function definition(metadata: JsonValue, status: JsonObject = {}): JsonObject {
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'maps' },
    spec: {
      schema: {
        apiVersion: 'v1',
        kind: 'Maps',
        spec: { text: 'string', number: 'integer', any: 'object', labels: 'map[string]string', texts: '[]string' },
        status,
      },
      resources: [{ id: 'maps', externalRef: { apiVersion: 'v1', kind: 'ConfigMap', metadata } }],
    },
  };
}

const errorsOf = (metadata: JsonValue) => {
  const { graph, diagnostics } = compile(definition(metadata), { sources: SOURCES });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  expect(graph === undefined).toBe(errors.length > 0);
  return errors.map(({ code, path, kroMessage }) => ({ code, path, kro: kroMessage ?? '' }));
};

describe('this selector of an external reference is accepted:', () => {
  test.each<[string, JsonValue]>([
    ['an empty selector, which selects all objects', {}],
    ['labels', { matchLabels: { app: 'web' } }],
    ['labels that are null', { matchLabels: null, matchExpressions: [{ key: 'a', operator: 'Exists' }] }],
    ['requirements', { matchExpressions: [{ key: 'a.b/c', operator: 'In', values: ['x', ''] }] }],
    ['one expression for the whole selector', '${schema.spec.any}'],
    ['one expression of the right type', '${{"matchLabels": {"app": schema.spec.text}}}'],
    ['an expression as labels', { matchLabels: '${schema.spec.labels}' }],
    ['an expression as a label value', { matchLabels: { app: '${schema.spec.text}' } }],
    ['an expression inside a label value', { matchLabels: { app: 'x-${schema.spec.text}' } }],
    ['an expression as requirements', { matchExpressions: '${schema.spec.texts}' }],
    ['an expression as an operator', { matchExpressions: [{ key: 'a', operator: '${schema.spec.text}' }] }],
    ['an expression as values', { matchExpressions: [{ key: 'a', operator: 'In', values: '${schema.spec.texts}' }] }],
    ['an invalid key whose value is an expression', { matchLabels: { 'not a key': '${schema.spec.text}' } }],
  ])('%s', (_what, selector) => {
    expect(errorsOf({ selector })).toEqual([]);
    const { graph } = compile(definition({ selector }, { count: '${size(maps)}' }), { sources: SOURCES });
    expect(graph?.nodes.get('maps')?.nodeType).toBe('externalCollection');
  });
});

describe('an external reference is refused with kro’s message:', () => {
  const at = 'spec.resources[0].externalRef.metadata.selector';
  test.each<[string, JsonValue, string, string]>([
    [
      'labels as text',
      { matchLabels: 'team=a' },
      `${at}.matchLabels`,
      'expected object type for path metadata.selector.matchLabels, got string',
    ],
    [
      'labels as a list',
      { matchLabels: ['a'] },
      `${at}.matchLabels`,
      'expected object type for path metadata.selector.matchLabels, got array',
    ],
    [
      'an unterminated expression as labels',
      { matchLabels: '${schema.spec.any' },
      `${at}.matchLabels`,
      'unterminated expression starting at offset 0',
    ],
    [
      'an escaped expression as labels',
      { matchLabels: '\\${schema.spec.any}' },
      `${at}.matchLabels`,
      'expected object type for path metadata.selector.matchLabels, got string',
    ],
    [
      'a number as a label',
      { matchLabels: { a: 1 } },
      `${at}.matchLabels.a`,
      'expected string type for path metadata.selector.matchLabels.a, got integer',
    ],
    [
      'requirements as an object',
      { matchExpressions: {} },
      `${at}.matchExpressions`,
      'expected array type for path metadata.selector.matchExpressions, got object',
    ],
    [
      'an unknown field',
      { matchLabels: { a: 'b' }, bogusField: 'x' },
      `${at}.bogusField`,
      'schema not found for field bogusField',
    ],
    ['a label outside matchLabels', { app: 'web' }, `${at}.app`, 'schema not found for field app'],
    [
      'an unknown field of a requirement',
      { matchExpressions: [{ key: 'a', operator: 'Exists', value: 'x' }] },
      `${at}.matchExpressions[0].value`,
      'schema not found for field value',
    ],
    [
      'an unknown operator',
      { matchExpressions: [{ key: 'a', operator: 'Near' }] },
      `${at}.matchExpressions[0].operator`,
      'invalid label selector: [metadata.selector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
    ],
    [
      'In without values',
      { matchExpressions: [{ key: 'a', operator: 'In' }] },
      `${at}.matchExpressions[0].values`,
      'invalid label selector',
    ],
    [
      'Exists with values',
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] },
      `${at}.matchExpressions[0].values`,
      'invalid label selector',
    ],
    ['an invalid key', { matchLabels: { 'not a key': 'x' } }, `${at}.matchLabels`, 'invalid label selector'],
    ['an invalid label', { matchLabels: { a: 'not a label' } }, `${at}.matchLabels.a`, 'invalid label selector'],
    [
      'plain text',
      'app=web',
      at,
      'selector must be a Kubernetes LabelSelector object or a CEL expression that resolves to one',
    ],
    ['an unterminated expression', '${schema.spec.any', at, 'unterminated expression starting at offset 0'],
    ['text around an expression', 'x${schema.spec.any}', at, 'selector must be a Kubernetes LabelSelector object'],
    ['a list', [], at, 'selector must be a Kubernetes LabelSelector object'],
    ['a number', 5, at, 'selector must be a Kubernetes LabelSelector object'],
    ['an expression of another type', '${schema.spec.text}', at, 'type mismatch'],
    [
      'an expression of another type as labels',
      { matchLabels: '${schema.spec.text}' },
      `${at}.matchLabels`,
      'type mismatch',
    ],
    [
      'an expression of another type as requirements',
      { matchExpressions: '${schema.spec.text}' },
      `${at}.matchExpressions`,
      'type mismatch',
    ],
    [
      'an expression of another type as a label value',
      { matchLabels: { a: '${schema.spec.number}' } },
      `${at}.matchLabels.a`,
      'type mismatch',
    ],
    [
      'an expression that reads an undefined field',
      { matchLabels: { a: '${schema.spec.none}' } },
      `${at}.matchLabels.a`,
      "undefined field 'none'",
    ],
  ])('selector: %s', (_what, selector, path, text) => {
    const errors = errorsOf({ selector });
    expect(errors.map((error) => error.path)).toEqual([path]);
    expect(errors[0]?.kro).toContain(text);
  });

  test.each<[string, JsonValue]>([
    ['both a name and a selector', { name: 'a', selector: {} }],
    ['neither a name nor a selector', { namespace: 'a' }],
    ['an empty name', { name: '' }],
    ['a name of blanks', { name: ' ' }],
    ['a selector of null', { selector: null }],
  ])('metadata: %s', (_what, metadata) => {
    const [error, ...more] = errorsOf(metadata);
    expect(more).toEqual([]);
    expect(error?.kro).toBe(
      'failed to build resource "maps": invalid external ref metadata for resource maps: exactly one of name or selector must be provided',
    );
  });
});
