import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import { crdOf } from '@typekro/kit/test-support/crd';
import { CONVERSIONS_ANNOTATION, printProgram } from './conversion-program.ts';
import { continuing, leavingVersions, metadataWithout, withoutVersions } from './leaving-versions.ts';
import { programOf } from './program-of-crd.ts';

const rule = (cel: string) => ({ fields: [{ to: ['spec', 'x'], cel }] });
const rules = (cel: string) => ({ toHub: rule(cel), fromHub: rule(cel), lossy: [['spec', 'y']] });

/** A CRD whose first version is the hub. The rules of a version have its name. */
function crd(...names: string[]): KubeObject {
  const { spec, ...rest } = crdOf('Panel', {}, { group: 'acme.test' });
  const [hub = '', ...others] = names;
  const program = { hub, versions: Object.fromEntries(others.map((name) => [name, rules(name)])) };
  const annotations = others.length === 0 ? {} : { [CONVERSIONS_ANNOTATION]: printProgram(program) };
  const versions = names.map((name) => ({ name, served: true, storage: name === hub }));
  return { ...rest, metadata: { ...rest.metadata, annotations }, spec: { ...spec, versions } };
}

const shape = (found: KubeObject): unknown => ({
  versions: objectsAt(found.spec, 'versions').map(({ name, served, storage }) => [name, served, storage]),
  rules: Object.keys(programOf(found)?.versions ?? {}),
});

test.each<[what: string, existing: KubeObject, wanted: KubeObject, leaving: string[], kept: KubeObject | JsonObject]>([
  [
    'one of two versions',
    crd('v2', 'v1', 'v1alpha1'),
    crd('v2', 'v1'),
    ['v1alpha1'],
    {
      versions: [
        ['v2', true, true],
        ['v1', true, false],
        ['v1alpha1', false, false],
      ],
      rules: ['v1', 'v1alpha1'],
    },
  ],
  [
    'the only other version',
    crd('v2', 'v1'),
    crd('v2'),
    ['v1'],
    {
      versions: [
        ['v2', true, true],
        ['v1', false, false],
      ],
      rules: ['v1'],
    },
  ],
])('the CRD keeps %s that leaves, unserved and with its rules', (_what, existing, wanted, leaving, kept) => {
  expect(leavingVersions(existing, wanted).map(({ name }) => name)).toEqual(leaving);
  const merged = continuing(existing, wanted);
  expect(shape(merged)).toEqual(kept);
  // The next pass finds the merged CRD, and changes nothing.
  expect(continuing(merged, wanted)).toEqual(merged);
});

test.each<[what: string, existing: KubeObject, wanted: KubeObject]>([
  ['without a removed version', crd('v2', 'v1'), crd('v2', 'v1')],
  ['without conversions', crd('v1'), crd('v2')],
])('a CRD %s is as it was wanted', (_what, existing, wanted) => {
  expect(continuing(existing, wanted)).toBe(wanted);
});

const entry = (manager: string, version: string, fieldsV1: JsonObject, more: JsonObject = {}): JsonObject => ({
  manager,
  operation: 'Update',
  apiVersion: `acme.test/${version}`,
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});
const panel = (managedFields: JsonObject[], kept?: string): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'Panel',
  metadata: {
    name: 'a',
    labels: { team: 'x' },
    managedFields,
    ...(kept === undefined ? {} : { annotations: { 'kro.run/kept-fields': kept } }),
  },
  spec: { width: 3, title: 'x', ports: [{ name: 'web' }] },
});
const LEAVING = new Set(['acme.test/v1alpha1']);
const later = { time: '2026-02-01T00:00:00Z' };

test.each<[what: string, before: JsonObject[], after: JsonObject[] | undefined]>([
  ['entries of other versions', [entry('a', 'v1', { 'f:spec': {} })], undefined],
  [
    'fields that the present version has',
    [
      entry('a', 'v1alpha1', {
        'f:metadata': { 'f:labels': { 'f:team': {} } },
        'f:spec': { '.': {}, 'f:size': {}, 'f:title': {} },
      }),
    ],
    [entry('a', 'v1', { 'f:metadata': { 'f:labels': { 'f:team': {} } }, 'f:spec': { '.': {}, 'f:title': {} } })],
  ],
  [
    'items of a list',
    [
      entry(
        'a',
        'v1alpha1',
        { 'f:spec': { 'f:ports': { 'k:{"name":"web"}': { '.': {}, 'f:name': {} } } } },
        { operation: 'Apply' },
      ),
    ],
    [
      entry(
        'a',
        'v1',
        { 'f:spec': { 'f:ports': { 'k:{"name":"web"}': { '.': {}, 'f:name': {} } } } },
        { operation: 'Apply' },
      ),
    ],
  ],
  [
    'two entries of a manager',
    [entry('a', 'v1alpha1', { 'f:spec': { 'f:title': {} } }), entry('a', 'v1', { 'f:spec': { 'f:width': {} } }, later)],
    [entry('a', 'v1', { 'f:spec': { 'f:title': {}, 'f:width': {} } }, later)],
  ],
  [
    'the entries of a subresource, apart',
    [
      entry('a', 'v1alpha1', { 'f:spec': { 'f:title': {} } }, { subresource: 'status' }),
      entry('a', 'v1', { 'f:spec': { 'f:width': {} } }),
    ],
    [
      entry('a', 'v1', { 'f:spec': { 'f:title': {} } }, { subresource: 'status' }),
      entry('a', 'v1', { 'f:spec': { 'f:width': {} } }),
    ],
  ],
  [
    'nothing of an entry whose fields are gone',
    [entry('a', 'v1alpha1', { 'f:spec': { 'f:size': {} } }), entry('b', 'v1', { 'f:spec': { 'f:width': {} } })],
    [entry('b', 'v1', { 'f:spec': { 'f:width': {} } })],
  ],
  ['an empty entry, which removes all', [entry('a', 'v1alpha1', { 'f:spec': { 'f:size': {} } })], [{}]],
  [
    'an entry of another group',
    [entry('a', 'v1', { 'f:spec': { 'f:width': {} } }, { apiVersion: 'other.test/v1alpha1' })],
    undefined,
  ],
])('the managed fields keep %s', (_what, before, after) => {
  expect(metadataWithout(panel(before), LEAVING)).toEqual(after === undefined ? undefined : { managedFields: after });
});

test.each([
  ['{"v1alpha1":[["spec/note","x"]]}', null],
  ['{"v1alpha1":[["spec/note","x"]],"v1":[["spec/level",1]]}', '{"v1":[["spec/level",1]]}'],
  ['{"v1":[["spec/level",1]]}', undefined],
  ['no JSON', undefined],
])('of the kept fields %s, those of the version are dropped', (kept, left) => {
  const expected = left === undefined ? undefined : { annotations: { 'kro.run/kept-fields': left } };
  expect(metadataWithout(panel([], kept), LEAVING)).toEqual(expected);
});

test.each<[what: string, live: KubeObject, expected: JsonObject]>([
  [
    'one of three versions',
    crd('v2', 'v1', 'v1alpha1'),
    {
      versions: [
        ['v2', true, true],
        ['v1', true, false],
      ],
      rules: ['v1'],
    },
  ],
  ['the only other version', crd('v2', 'v1alpha1'), { versions: [['v2', true, true]], rules: [] }],
])('a CRD loses %s, with its rules', (_what, live, expected) => {
  const without = withoutVersions(live, new Set(['v1alpha1']));
  expect(shape(without)).toEqual(expected);
  expect(CONVERSIONS_ANNOTATION in (without.metadata.annotations ?? {})).toBe(expected['rules']?.toString() !== '');
});
