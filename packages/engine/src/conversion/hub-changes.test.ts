import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { conversionEffect } from './conversion-problem.ts';
import { CONVERSIONS_ANNOTATION } from './conversion-program.ts';
import { type Converter, converterOf } from './converter.ts';
import { continuing, metadataWithout } from './leaving-versions.ts';

const text = { type: 'string' };
const enumOf = (...words: readonly string[]): JsonObject => ({ type: 'string', enum: [...words] });
const users = (...names: readonly string[]): JsonObject => ({
  type: 'array',
  items: { type: 'object', properties: Object.fromEntries(names.map((name) => [name, text])) },
});

/** A version: its fields, the CEL texts of fields in the hub and in the version, and its lossy fields. */
interface Version {
  readonly fields: JsonObject;
  readonly toHub?: Readonly<Record<string, string>>;
  readonly fromHub?: Readonly<Record<string, string>>;
  readonly lossy?: readonly string[];
}

/** A CRD whose first version is the hub. */
function crdOf(versions: Readonly<Record<string, Version>>): KubeObject {
  const [[hub] = [''], ...others] = Object.entries(versions);
  const direction = (rules: Readonly<Record<string, string>> = {}) => ({
    fields: Object.entries(rules).map(([field, cel]) => ({ to: ['spec', field], cel })),
  });
  const rules = others.map(([name, { toHub, fromHub, lossy = [] }]) => [
    name,
    { toHub: direction(toHub), fromHub: direction(fromHub), lossy: lossy.map((field) => ['spec', field]) },
  ]);
  const program = { hub, versions: Object.fromEntries(rules) as JsonObject };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: 'notes.acme.test',
      annotations: others.length === 0 ? {} : { [CONVERSIONS_ANNOTATION]: JSON.stringify(program) },
    },
    spec: {
      group: 'acme.test',
      names: { kind: 'Note' },
      versions: Object.entries(versions).map(([name, { fields }]) => ({
        name,
        served: true,
        storage: name === hub,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: fields } } } },
      })),
    },
    status: { storedVersions: [hub] },
  };
}

const at = (version: string, spec: JsonObject): KubeObject => ({
  apiVersion: `acme.test/${version}`,
  kind: 'Note',
  metadata: { name: 'n' },
  spec,
});
const converter = (crd: KubeObject): Converter => converterOf(crd) as Converter;
const to = (crd: KubeObject, object: KubeObject, version: string): KubeObject =>
  converterOf(crd)?.convert(object, `acme.test/${version}`) ?? object;
/** The object after a client of a version has written this spec. */
const written = (crd: KubeObject, hub: string, stored: KubeObject, version: string, spec: JsonObject): KubeObject =>
  to(crd, { ...to(crd, stored, version), spec }, hub);

const OWNER = {
  fields: { h: text, owner: text },
  toHub: { team: 'self.spec.?owner' },
  fromHub: { owner: 'self.spec.?team' },
};
const SIZES = {
  toHub: { size: "{'small': 'S', 'large': 'L'}[?self.spec.?size.orValue('')]" },
  fromHub: { size: "{'S': 'small', 'L': 'large'}[?self.spec.?size.orValue('')]" },
};
const WORDS = enumOf('small', 'large');
const LETTERS = enumOf('S', 'L');

describe('a change of the hub', () => {
  test.each<
    [
      what: string,
      before: KubeObject,
      after: KubeObject,
      written: [string, JsonObject],
      shown: Record<string, JsonObject>,
    ]
  >([
    [
      'drops a field that a former change had renamed',
      crdOf({ v2: { fields: { h: text, team: text } }, v1: OWNER }),
      crdOf({
        v3: { fields: { h: text } },
        v2: { fields: { h: text, team: text }, lossy: ['team'] },
        v1: { fields: OWNER.fields, lossy: ['owner'] },
      }),
      ['v1', { h: 'h', owner: 'keep me' }],
      { v1: { h: 'h', owner: 'keep me' }, v2: { h: 'h', team: 'keep me' }, v3: { h: 'h' } },
    ],
    [
      'drops an enum that a former change had given other words',
      crdOf({ v2: { fields: { size: LETTERS } }, v1: { fields: { size: WORDS }, ...SIZES } }),
      crdOf({
        v3: { fields: { h: text } },
        v2: { fields: { size: LETTERS }, lossy: ['size', 'h'] },
        v1: { fields: { size: WORDS }, lossy: ['size', 'h'] },
      }),
      ['v1', { size: 'large' }],
      { v1: { size: 'large' }, v2: { size: 'L' }, v3: {} },
    ],
    [
      'brings a field back',
      crdOf({ v2: { fields: { h: text } }, v1: { fields: { h: text, notes: text }, lossy: ['notes'] } }),
      crdOf({
        v3: { fields: { h: text, notes: text } },
        v2: { fields: { h: text }, lossy: ['notes'] },
        v1: { fields: { h: text, notes: text } },
      }),
      ['v1', { h: 'h', notes: 'keep me' }],
      { v1: { h: 'h', notes: 'keep me' }, v2: { h: 'h' }, v3: { h: 'h', notes: 'keep me' } },
    ],
    [
      'brings a field of elements back',
      crdOf({ v2: { fields: { l: users('name') } }, v1: { fields: { l: users('name', 'note') }, lossy: ['l'] } }),
      crdOf({
        v3: { fields: { l: users('name', 'note') } },
        v2: { fields: { l: users('name') }, lossy: ['l'] },
        v1: { fields: { l: users('name', 'note') } },
      }),
      [
        'v1',
        {
          l: [
            { name: 'a', note: '1' },
            { name: 'b', note: '2' },
          ],
        },
      ],
      {
        v1: {
          l: [
            { name: 'a', note: '1' },
            { name: 'b', note: '2' },
          ],
        },
        v2: { l: [{ name: 'a' }, { name: 'b' }] },
        v3: {
          l: [
            { name: 'a', note: '1' },
            { name: 'b', note: '2' },
          ],
        },
      },
    ],
    [
      'brings one of two fields of elements back',
      crdOf({
        v2: { fields: { l: users('name') } },
        v1: { fields: { l: users('name', 'note', 'more') }, lossy: ['l'] },
      }),
      crdOf({
        v3: { fields: { l: users('name', 'note') } },
        v2: { fields: { l: users('name') }, lossy: ['l'] },
        v1: { fields: { l: users('name', 'note', 'more') }, lossy: ['l'] },
      }),
      ['v1', { l: [{ name: 'a', note: '1', more: '2' }, { name: 'b' }] }],
      {
        v1: { l: [{ name: 'a', note: '1', more: '2' }, { name: 'b' }] },
        v2: { l: [{ name: 'a' }, { name: 'b' }] },
        v3: { l: [{ name: 'a', note: '1' }, { name: 'b' }] },
      },
    ],
  ])('that %s loses nothing in any version', (_what, before, after, [version, spec], shown) => {
    const [hubBefore, hubAfter] = [converter(before).program.hub, converter(after).program.hub];
    const stored = to(before, at(version, spec), hubBefore);
    const changing = continuing(before, after);
    expect(conversionEffect(before, changing, stored)).toEqual({ versions: [] });
    for (const [each, expected] of Object.entries(shown)) expect(to(changing, stored, each).spec).toEqual(expected);
    // The migration stores the object in the new hub. The rules of the former one are then no longer needed.
    const migrated = to(changing, stored, hubAfter);
    for (const [each, expected] of Object.entries(shown)) expect(to(after, migrated, each).spec).toEqual(expected);
    expect(continuing({ ...changing, status: { storedVersions: [hubAfter] } }, after)).toEqual(after);
    expect(continuing({ ...changing, status: { storedVersions: [hubBefore, hubAfter] } }, after)).toEqual(changing);
  });

  const v1 = { ...OWNER, fields: { ...OWNER.fields, a: text, b: text, l: users('name') } };
  const v2 = { fields: { h: text, team: text, a: text, b: text, l: users('name') } };
  test.each<[what: string, changed: Record<string, Version>, change: string | undefined]>([
    ['another rule', { v2, v1: { ...v1, fromHub: { owner: 'self.spec.?h' } } }, 'spec.owner: "me" → "h"'],
    [
      'a value where none was',
      { v2, v1: { ...v1, fromHub: { ...v1.fromHub, b: 'self.spec.h' } } },
      'spec.b: none → "h"',
    ],
    [
      'another element',
      { v2, v1: { ...v1, fromHub: { ...v1.fromHub, l: "[{'name': 'x'}, {'name': 'z'}]" } } },
      'spec.l[1].name: "y" → "z"',
    ],
    [
      'many fields',
      { v2, v1: { ...v1, fromHub: { owner: '"1"', a: '"2"', b: '"3"', l: '[]' } } },
      'spec.owner: "me" → "1", spec.a: "a" → "2", spec.l: [{"name":"x"},{"name":"y"}] → [], and 1 more field',
    ],
    [
      'a default for an absent field',
      { v2, v1: { ...v1, fields: { ...v1.fields, b: { ...text, default: 'd' } } } },
      undefined,
    ],
    [
      'a new field with a default',
      {
        v2: { fields: { ...v2.fields, d: { ...text, default: 'd' } } },
        v1: { ...v1, fields: { ...v1.fields, d: { ...text, default: 'd' } } },
      },
      undefined,
    ],
    [
      'a new field',
      { v2, v1: { ...v1, fields: { ...v1.fields, c: text }, fromHub: { ...v1.fromHub, c: 'self.spec.h' } } },
      undefined,
    ],
  ])('with %s is named as far as a version shows something else', (_what, changed, change) => {
    const before = crdOf({ v2, v1 });
    const stored = to(before, at('v1', { h: 'h', owner: 'me', a: 'a', l: [{ name: 'x' }, { name: 'y' }] }), 'v2');
    const text =
      change === undefined
        ? { versions: [] }
        : { change: `would no longer be the same in v1: ${change}`, versions: ['v1'] };
    expect(conversionEffect(before, crdOf(changed), stored)).toEqual(text);
  });
});

describe('versions that share a field which the hub lacks, beside one with another type of it', () => {
  const crd = crdOf({
    v4: { fields: { h: text } },
    v3: { fields: { h: text, q: LETTERS }, lossy: ['q'] },
    v2: { fields: { h: text, q: WORDS }, lossy: ['q'] },
    v1: { fields: { h: text, q: WORDS }, lossy: ['q'] },
  });
  const first = to(crd, at('v1', { h: 'h', q: 'small' }), 'v4');
  const stored = written(crd, 'v4', first, 'v3', { h: 'h', q: 'S' });
  const shown = (object: KubeObject) => ['v1', 'v2', 'v3'].map((version) => to(crd, object, version).spec?.['q']);

  test.each<[version: string, q: string, after: string[]]>([
    ['v1', 'small', ['small', 'small', 'S']],
    ['v2', 'small', ['small', 'small', 'S']],
    ['v2', 'large', ['large', 'large', 'S']],
    ['v3', 'L', ['small', 'small', 'L']],
  ])('a client of %s writes %s', (version, q, after) => {
    expect(shown(stored)).toEqual(['small', 'small', 'S']);
    const next = written(crd, 'v4', stored, version, { h: 'i', q });
    expect(shown(next)).toEqual(after);
    expect(shown(written(crd, 'v4', next, version, { h: 'j', q }))).toEqual(after);
  });

  test('a version that is removed leaves its value to another one that may have it', () => {
    const without = crdOf({
      v4: { fields: { h: text } },
      v3: { fields: { h: text, q: LETTERS }, lossy: ['q'] },
      v2: { fields: { h: text, q: WORDS }, lossy: ['q'] },
    });
    const { annotations } = metadataWithout(stored, new Set(['acme.test/v1']), converter(without)) ?? {};
    const left = { ...stored, metadata: { ...stored.metadata, annotations } } as KubeObject;
    expect(['v2', 'v3'].map((version) => to(without, left, version).spec?.['q'])).toEqual(['small', 'S']);
  });
});

test('a client of a former hub writes before the migration, and versions with a part of the field keep theirs', () => {
  const entries = (...names: readonly string[]): JsonObject => {
    const { items } = users(...names) as { readonly items: JsonObject };
    return { m: { type: 'object', additionalProperties: items } };
  };
  const [v1, v2] = [entries('p', 'q'), entries('p', 'q', 'r')].map((fields) => ({ fields, lossy: ['m'] }));
  const first = crdOf({ v1: { fields: entries('p', 'q') } });
  const second = continuing(first, crdOf({ v2: { fields: entries('p', 'q', 'r') }, v1: v1 as Version }));
  const wanted = crdOf({ v3: { fields: entries('q', 'r') }, v2: v2 as Version, v1: v1 as Version });
  const crd = continuing({ ...second, status: { storedVersions: ['v1', 'v2'] } }, wanted);
  const before = { m: { a: { p: '1', q: '2' }, b: { p: '3', q: '4' } } };
  const sent = { m: { a: { p: '1', q: '2', r: 'x' }, b: { p: '3', q: '4' } } };
  const stored = at('v1', before);
  expect(to(crd, stored, 'v2')).toMatchObject({
    spec: before,
    metadata: { annotations: { 'kro.run/kept-fields': '{"v3":[]}' } },
  });
  const next = written(crd, 'v3', stored, 'v2', sent);
  expect(['v1', 'v2', 'v3'].map((version) => to(crd, next, version).spec)).toEqual([
    before,
    sent,
    { m: { a: { q: '2', r: 'x' }, b: { q: '4' } } },
  ]);
});
