import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { CONVERSIONS_ANNOTATION } from './conversion-program.ts';
import { type Converter, converterOf } from './converter.ts';
import { KEPT_FIELDS_ANNOTATION } from './kept-fields.ts';

const text = { type: 'string' };
const listOf = (properties: JsonObject): JsonObject => ({ type: 'array', items: { type: 'object', properties } });

/**
 * The converter of a kind with the hub v1, whose versions copy all fields that both have.
 *
 * @param cel the CEL texts of fields in the hub and in the other versions
 */
function converter(
  specs: Readonly<Record<string, JsonObject>>,
  lossy: readonly string[],
  cel: { readonly toHub?: Record<string, string>; readonly fromHub?: Record<string, string> } = {},
): Converter {
  const direction = (texts: Record<string, string> = {}) => ({
    fields: Object.entries(texts).map(([path, each]) => ({ to: path.split('.'), cel: each })),
  });
  const fields = lossy.map((path) => path.split('.'));
  const rules = { toHub: direction(cel.toHub), fromHub: direction(cel.fromHub), lossy: fields };
  const others = Object.keys(specs).filter((name) => name !== 'v1');
  const program = { hub: 'v1', versions: Object.fromEntries(others.map((name) => [name, rules])) };
  const versions = Object.entries(specs).map(([name, properties]) => ({
    name,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } } },
  }));
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'notes.acme.test', annotations: { [CONVERSIONS_ANNOTATION]: JSON.stringify(program) } },
    spec: { group: 'acme.test', names: { kind: 'Note' }, versions },
  };
  return converterOf(crd) as Converter;
}

const at = (version: string, spec: JsonObject): KubeObject => ({
  apiVersion: `acme.test/${version}`,
  kind: 'Note',
  metadata: { name: 'n' },
  spec,
});
const to = (made: Converter, object: KubeObject, version: string): KubeObject =>
  made.convert(object, `acme.test/${version}`);
/** The object after a client of a version has written this spec. */
function written(made: Converter, stored: KubeObject, version: string, spec: JsonObject): KubeObject {
  return to(made, { ...to(made, stored, version), spec }, 'v1');
}

describe('a field that two former versions have and the hub lacks', () => {
  const made = converter(
    { v1: { a: text, b: text }, v1beta1: { a: text, b: text, notes: text }, v1alpha1: { a: text, notes: text } },
    ['spec.b', 'spec.notes'],
  );
  const stored = to(made, at('v1beta1', { a: '1', b: '2', notes: 'precious' }), 'v1');

  test('is read in both, in whichever it was written', () => {
    expect(to(made, stored, 'v1alpha1')['spec']).toEqual({ a: '1', notes: 'precious' });
    expect(to(made, stored, 'v1beta1')['spec']).toEqual({ a: '1', b: '2', notes: 'precious' });
  });

  test.each<[what: string, sent: JsonObject, seen: JsonObject]>([
    ['changed', { a: '1', notes: 'new' }, { a: '1', b: '2', notes: 'new' }],
    ['removed', { a: '1' }, { a: '1', b: '2' }],
    ['left as it was', { a: '3', notes: 'precious' }, { a: '3', b: '2', notes: 'precious' }],
  ])('is %s in both by a client of one', (_what, sent, seen) => {
    const next = written(made, stored, 'v1alpha1', sent);
    expect(to(made, next, 'v1alpha1')['spec']).toEqual(sent);
    expect(to(made, next, 'v1beta1')['spec']).toEqual(seen);
  });
});

describe('a list of which the other version lacks a field of the elements', () => {
  const made = converter({ v1: { l: listOf({ x: text, y: text }) }, v1alpha1: { l: listOf({ x: text }) } }, ['spec.l']);
  const stored = at('v1', {
    l: [
      { x: 'a', y: '1' },
      { x: 'b', y: '2' },
      { x: 'a', y: '3' },
    ],
  });

  test.each<[what: string, sent: readonly string[], kept: readonly JsonObject[]]>([
    ['adds an element', ['a', 'b', 'a', 'c'], [{ x: 'a', y: '1' }, { x: 'b', y: '2' }, { x: 'a', y: '3' }, { x: 'c' }]],
    ['adds one in front', ['c', 'b'], [{ x: 'c' }, { x: 'b', y: '2' }]],
    [
      'removes one',
      ['b', 'a'],
      [
        { x: 'b', y: '2' },
        { x: 'a', y: '1' },
      ],
    ],
    ['changes one', ['a', 'B', 'a'], [{ x: 'a', y: '1' }, { x: 'B' }, { x: 'a', y: '3' }]],
    ['removes all', [], []],
  ])('keeps the other elements of a client that %s', (_what, sent, kept) => {
    const next = written(made, stored, 'v1alpha1', { l: sent.map((x) => ({ x })) });
    expect(next['spec']).toEqual({ l: kept });
  });
});

test.each<[what: string, sent: JsonObject, limits: JsonObject | undefined]>([
  ['changes', { cpu: '2' }, { cpu: '2', mem: '1Gi' }],
  ['removes', {}, { mem: '1Gi' }],
])('an object keeps the members that a client does not see when it %s the others', (_what, sent, limits) => {
  const made = converter(
    { v1: { lim: { type: 'object', properties: { cpu: text, mem: text } } }, v1alpha1: { cpu: text } },
    ['spec.lim'],
    { toHub: { 'spec.lim.cpu': 'self.spec.?cpu' }, fromHub: { 'spec.cpu': 'self.spec.?lim.?cpu' } },
  );
  const stored = at('v1', { lim: { cpu: '1', mem: '1Gi' } });
  expect(written(made, stored, 'v1alpha1', sent)['spec']).toEqual({ lim: limits });
  const seen = at('v1', { lim: { cpu: '1' } });
  expect(written(made, seen, 'v1alpha1', {})['spec']).toEqual({});
});

test('a map and an object keep what the client has not changed, or cannot see', () => {
  const entry = (properties: JsonObject): JsonObject => ({
    type: 'object',
    additionalProperties: { type: 'object', properties },
  });
  const made = converter(
    {
      v1: { m: entry({ x: text, y: text }), o: { type: 'object', properties: { x: text, y: text } } },
      v1alpha1: { m: entry({ x: text }), o: { type: 'object', properties: { x: text } } },
    },
    ['spec.m', 'spec.o'],
  );
  const stored = at('v1', { m: { a: { x: '1', y: '2' }, __proto: { x: '3', y: '4' } }, o: { x: '5', y: '6' } });
  const sent = { m: { a: { x: '1' }, b: { x: '7' }, __proto: { x: '8' } }, o: { x: '9' } };
  expect(written(made, stored, 'v1alpha1', sent)['spec']).toEqual({
    m: { a: { x: '1', y: '2' }, b: { x: '7' }, __proto: { x: '8', y: '4' } },
    o: { x: '9', y: '6' },
  });
});

describe('a value that is too large for an annotation', () => {
  const made = converter({ v1: { a: text, b: text }, v1alpha1: { a: text, c: text } }, ['spec.b', 'spec.c']);
  const large = 'x'.repeat(300_000);

  test('is not lost: the object can be read in a version without the field, and not written', () => {
    const read = to(made, at('v1', { a: '1', b: large }), 'v1alpha1');
    expect(read['spec']).toEqual({ a: '1' });
    expect(JSON.stringify(read.metadata).length).toBeLessThan(1000);
    expect(() => to(made, read, 'v1')).toThrow(
      'spec.b has no place in v1alpha1, and its value is too large to be kept (at most 248 KiB with all other annotations); make the value smaller, or write the object in v1',
    );
  });

  test('cannot be stored in a hub without the field', () => {
    expect(() => to(made, at('v1alpha1', { a: '1', c: large }), 'v1')).toThrow(
      'spec.c has no place in v1, and its value is too large to be kept',
    );
  });

  test('a client that writes such an entry itself breaks no read', () => {
    const kept = JSON.stringify({ v1alpha1: [['spec/c', null, 'too large']] });
    const object = at('v1', { a: '1' });
    const edited = { ...object, metadata: { ...object.metadata, annotations: { [KEPT_FIELDS_ANNOTATION]: kept } } };
    expect(to(made, edited, 'v1alpha1')['spec']).toEqual({ a: '1' });
  });
});
