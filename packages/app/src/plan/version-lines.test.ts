import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { crdOf } from '@typekro/kit/test-support/crd';
import { conversionLines, keptLines, versionNotes } from './version-lines.ts';

const spec = (version: JsonObject): JsonObject => ({ schema: { versions: [{ name: 'v1alpha1', ...version }] } });

test.each<[what: string, before: JsonObject, after: JsonObject, lines: string[]]>([
  [
    'a rule',
    { convertTo: { 'spec.x': '${1}' } },
    { convertTo: { 'spec.x': '${2}' } },
    ['convertTo spec.x: "${1}" → "${2}"'],
  ],
  ['a new rule', { convertFrom: {} }, { convertFrom: { 'spec.x': 1 } }, ['convertFrom spec.x: none → 1']],
  [
    'the rule of the whole object',
    { convertTo: '${{}}' },
    { convertTo: { 'spec.x': 1 } },
    ['convertTo: "${{}}" → {"spec.x":1}'],
  ],
  ['kept fields', { lossy: ['spec.x'] }, { lossy: ['spec.x', 'spec.y'] }, ['lossy: ["spec.x"] → ["spec.x","spec.y"]']],
  ['a new version', { name: 'v1beta1' }, { convertTo: { 'spec.x': 1 } }, []],
  ['nothing', { convertTo: { 'spec.x': 1 } }, { convertTo: { 'spec.x': 1 } }, []],
])('a change of %s has a line', (_what, before, after, lines) => {
  const found = conversionLines(spec(before), spec(after));
  expect(found.map(({ description }) => description)).toEqual(lines);
  expect(found.every(({ field, breaking }) => field === 'version.v1alpha1' && !breaking)).toBe(true);
});

test.each([
  ['v1alpha1', true],
  ['v1', false],
])('a changed rule breaks its version if an instance has a problem in it: %s', (version, breaking) => {
  const effects = new Map([['default/a', { change: 'would no longer be the same', versions: [version] }]]);
  const [line] = conversionLines(spec({ convertTo: '${1}' }), spec({ convertTo: '${2}' }), effects);
  expect(line?.breaking).toBe(breaking);
});

const crd = (...versions: JsonObject[]): KubeObject => {
  const { spec: own, ...rest } = crdOf('Panel', {}, { group: 'acme.test' });
  return { ...rest, spec: { ...own, versions: [{ name: 'v1', served: true }, ...versions] } };
};
const alpha = (fields: JsonObject = {}): JsonObject => ({ name: 'v1alpha1', served: true, ...fields });
const entry = (manager: string, time: string, version = 'v1alpha1') => ({
  manager,
  operation: 'Update',
  apiVersion: `acme.test/${version}`,
  time: `${time}T10:00:00Z`,
});
const instance = (name: string, managedFields: JsonObject[], kept?: string): KubeObject => ({
  apiVersion: 'acme.test/v1',
  kind: 'Panel',
  metadata: {
    name,
    namespace: 'default',
    managedFields,
    ...(kept === undefined ? {} : { annotations: { 'kro.run/kept-fields': kept } }),
  },
});
const instances = [
  instance('a', [entry('kubectl', '2026-11-01'), entry('kro', '2026-11-02'), entry('helm', '2026-11-03', 'v1')]),
  instance('b', [entry('kubectl', '2026-11-30'), entry('argo', '2026-10-01')], '{"v1alpha1":[["spec/note","x"]]}'),
];
const WRITERS = 'written in it by: kubectl (2 instances, last 2026-11-30), argo (1 instance, last 2026-10-01)';

test.each<[what: string, before: JsonObject, after: JsonObject[], given: KubeObject[], notes: string[]]>([
  ['deprecated', alpha(), [alpha({ deprecated: true })], instances, [`v1alpha1 becomes deprecated; ${WRITERS}`]],
  ['unserved', alpha(), [alpha({ served: false })], instances, [`v1alpha1 is no longer served; ${WRITERS}`]],
  [
    'removed',
    alpha({ served: false }),
    [],
    instances,
    [`v1alpha1 is removed; ${WRITERS}`, 'values that are kept for v1alpha1 are lost in default/b (spec.note)'],
  ],
  [
    'removed, and keeps only that a field was absent',
    alpha(),
    [],
    [instance('c', [], '{"v1alpha1":[["spec/tls"]]}')],
    ['v1alpha1 is removed; no instance has been written in it'],
  ],
  ['removed without a use', alpha(), [], [], ['v1alpha1 is removed; no instance has been written in it']],
  ['unchanged', alpha({ deprecated: true }), [alpha({ deprecated: true })], instances, []],
])('a version that is %s has notes about its writers', (_what, before, after, given, notes) => {
  expect(versionNotes(crd(before), crd(...after), given)).toEqual(notes);
});

const NOTE = '{"v1alpha1":[["spec/note","x"],["spec/gone"]]}';
test.each<[what: string, kept: string | undefined, after: JsonObject, lines: unknown[]]>([
  ['drops the values', undefined, {}, [{ path: 'spec.note', from: 'x' }]],
  ['keeps them', NOTE, {}, []],
  ['keeps one for another version', '{"v1beta1":[["spec/note","y"]]}', {}, []],
  ['gives the field a place', undefined, { note: 'z' }, []],
])('a write that %s has lines for the dropped ones', (_what, kept, after, lines) => {
  const next = { ...instance('b', [], kept), spec: after };
  expect(keptLines(instance('b', [], NOTE), next)).toEqual(lines);
  expect(keptLines(undefined, next)).toEqual([]);
});
