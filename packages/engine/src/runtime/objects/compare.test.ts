import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { compareApplied, lastWriter } from './compare.ts';
import { CHILD_MANAGER } from './keys.ts';

const limits = (cpu: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'l' },
  spec: { limits: [{ type: 'Container', default: { cpu } }] },
});
const live = (cpu: string): KubeObject => ({
  ...limits(cpu),
  metadata: {
    name: 'l',
    managedFields: [
      {
        manager: CHILD_MANAGER,
        operation: 'Apply',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:limits': {} } },
      },
    ],
  },
});

describe('a field that differs from the desired value, and that another manager may have taken from the controller', () => {
  const map = (text: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'm' },
    data: { text },
  });
  const entry = (manager: string, operation: string, second: number, fields: readonly string[]) => ({
    manager,
    operation,
    time: `2026-01-01T00:00:0${second}Z`,
    fieldsV1: Object.fromEntries(fields.map((field) => [`f:${field}`, { 'f:text': {} }])),
  });
  const ownEntry = (...fields: string[]) => entry(CHILD_MANAGER, 'Apply', 3, ['binaryData', ...fields]);
  const otherEntry = (operation: string, second: number) => entry('other', operation, second, ['data']);

  test.each([
    ['taken by an edit after the apply', [ownEntry(), otherEntry('Update', 4)], true],
    ['not taken while the controller owns the field and desires another value', [ownEntry('data')], undefined],
    ['not taken when both managers own the field', [ownEntry('data'), otherEntry('Apply', 4)], undefined],
    ['not taken by a write before the apply', [ownEntry(), otherEntry('Update', 2)], undefined],
    ['not taken by a write in the same second', [ownEntry(), otherEntry('Update', 3)], undefined],
    ['not taken when no manager owns the field', [ownEntry()], undefined],
    ['not taken without an apply', [otherEntry('Update', 4)], undefined],
    [
      'taken by the later of two entries of one manager',
      [ownEntry(), otherEntry('Update', 4), otherEntry('Apply', 2)],
      true,
    ],
    [
      'taken even if the controller wrote the status later',
      [
        ownEntry(),
        otherEntry('Update', 4),
        { ...entry(CHILD_MANAGER, 'Update', 5, ['status']), subresource: 'status' },
      ],
      true,
    ],
  ])('is %s', (_, managedFields, taken) => {
    const found = compareApplied(map('wanted'), { ...map('found'), metadata: { name: 'm', managedFields } });
    expect(found.map((difference) => difference.taken)).toEqual([taken]);
  });

  test.each([
    ['the first', [{ 'f:data': {} }, { 'f:data': { 'f:text': {} } }]],
    ['the last', [{ 'f:data': { 'f:text': {} } }, { 'f:data': {} }]],
  ])('a manager owns a field atomically if %s of its two entries in managedFields owns it atomically', (_, sets) => {
    const managedFields = [
      { ...ownEntry(), fieldsV1: { 'f:data': {} } },
      ...sets.map((fieldsV1, index) => ({ ...entry('other', ['Apply', 'Update'][index] ?? '', 2, []), fieldsV1 })),
    ];
    const live = { ...map('found'), metadata: { name: 'm', managedFields } };
    const found = compareApplied({ ...map(''), data: {} }, live);
    expect(found.map(({ path, kind, managers }) => [path, kind, managers])).toEqual([['data', 'differs', ['other']]]);
  });

  // The server never returns `stringData`, but it records owners of `stringData` in addition to owners of `data`.
  const secret = (data: object): KubeObject => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...data });
  const differences = (type: object, managedFields: readonly object[]) =>
    compareApplied({ ...secret({ stringData: { text: 'wanted' } }), ...type }, {
      ...secret({ data: { text: 'Zm91bmQ=' } }),
      ...type,
      metadata: { name: 's', managedFields },
    } as KubeObject).map(({ path, kind, taken }) => [path, kind, taken]);

  test.each([
    ['taken by an edit of data after the apply', [ownEntry('stringData'), otherEntry('Update', 4)], true],
    [
      'not taken when the controller also owns data',
      [ownEntry('stringData', 'data'), otherEntry('Update', 4)],
      undefined,
    ],
    ['not taken by an edit before the apply', [ownEntry('stringData'), otherEntry('Update', 2)], undefined],
    ['not taken when no other manager owns the field', [ownEntry('stringData')], undefined],
  ])('stringData of a Secret is %s', (_, managedFields, taken) => {
    expect(differences({}, managedFields)).toEqual([['data.text', 'differs', taken]]);
  });

  test('stringData of a custom resource is a field like any other', () => {
    const custom = { apiVersion: 'vaults.test/v1' };
    expect(differences(custom, [ownEntry('stringData'), otherEntry('Update', 4)])).toEqual([
      ['stringData', 'missing', undefined],
    ]);
  });
});

test('a quantity in an atomically owned list may have another notation of the same amount', () => {
  expect(compareApplied(limits('0.5'), live('500m'))).toEqual([]);
  expect(compareApplied(limits('0.5'), live('600m'))).toHaveLength(1);
});

describe('the differences that an apply would remove', () => {
  const map = (data: Readonly<Record<string, string>>, owned: readonly string[]): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'm',
      managedFields: [
        {
          manager: CHILD_MANAGER,
          operation: 'Apply',
          fieldsV1: { 'f:data': Object.fromEntries(owned.map((key) => [`f:${key}`, {}])) },
        },
      ],
    },
    data,
  });

  test.each<[string, Readonly<Record<string, string>>, KubeObject, [string, string][]]>([
    ['nothing', { a: '1' }, map({ a: '1', b: '2' }, ['a']), []],
    ['another value', { a: '2' }, map({ a: '1' }, ['a']), [['data.a', 'differs']]],
    ['a missing value', { a: '1', b: '2' }, map({ a: '1' }, ['a', 'b']), [['data.b', 'missing']]],
    [
      'an equal value that the controller does not own',
      { a: '1', b: '2' },
      map({ a: '1', b: '2' }, ['a']),
      [['data.b', 'unowned']],
    ],
    ['an owned value that is not desired', { a: '1' }, map({ a: '1', b: '2' }, ['a', 'b']), [['data.b', 'release']]],
    [
      'a field with the name of a member of Object',
      { toString: 'x' },
      map({}, ['toString']),
      [['data.toString', 'missing']],
    ],
  ])('%s', (_name, data, live, expected) => {
    const wanted: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data };
    expect(compareApplied(wanted, live).map(({ path, kind }) => [path, kind])).toEqual(expected);
  });
});

test('the last writer is the other manager with the latest write to the main resource', () => {
  const entry = (manager: string, second: number, more: object = {}) => ({
    manager,
    operation: 'Update',
    time: `2026-01-01T00:00:0${second}Z`,
    fieldsV1: {},
    ...more,
  });
  const managedFields = [
    entry('late', 4),
    entry('early', 2),
    entry(CHILD_MANAGER, 6),
    entry('kubelet', 5, { subresource: 'status' }),
  ];
  expect(lastWriter({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', managedFields } })).toBe('late');
  expect(lastWriter({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } })).toBeUndefined();
});

describe('an item of a list whose live index differs, because another manager inserted an item before it', () => {
  const item = (name: string): string => `k:{"name":"${name}"}`;
  const pod = (image: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [{ name: 'app', image }] },
  });
  const entry = (manager: string, second: number, name: string, fields: readonly string[]) => ({
    manager,
    operation: manager === CHILD_MANAGER ? 'Apply' : 'Update',
    time: `2026-01-01T00:00:0${second}Z`,
    fieldsV1: {
      'f:spec': {
        'f:containers': { [item(name)]: Object.fromEntries(['name', ...fields].map((field) => [`f:${field}`, {}])) },
      },
    },
  });
  const injected = (image: string, managedFields: JsonValue[], more: JsonObject = {}): KubeObject => ({
    ...pod(image),
    metadata: { name: 'p', managedFields },
    spec: {
      containers: [
        { name: 'sidecar', image: 's' },
        { name: 'app', image, ...more },
      ],
    },
  });

  test('a change by another manager is taken by that manager', () => {
    const fields = [
      entry(CHILD_MANAGER, 3, 'app', []),
      entry('editor', 4, 'app', ['image']),
      entry('injector', 5, 'sidecar', ['image']),
    ];
    expect(compareApplied(pod('a'), injected('b', fields))).toEqual([
      { path: 'spec.containers[0].image', kind: 'differs', wanted: 'a', found: 'b', managers: ['editor'], taken: true },
    ]);
  });

  test('another desired value is not taken by the manager of the inserted item', () => {
    const fields = [entry(CHILD_MANAGER, 3, 'app', ['image']), entry('injector', 5, 'sidecar', ['image'])];
    expect(compareApplied(pod('a'), injected('b', fields))).toEqual([
      { path: 'spec.containers[0].image', kind: 'differs', wanted: 'a', found: 'b', managers: [] },
    ]);
  });

  test('a field that is released is compared with the owners of its own item', () => {
    const fields = [
      entry(CHILD_MANAGER, 3, 'app', ['image', 'tty']),
      entry('injector', 5, 'sidecar', ['image', 'tty']),
    ];
    expect(compareApplied(pod('a'), injected('a', fields, { tty: true }))).toEqual([
      { path: 'spec.containers[0].tty', kind: 'release', found: true, managers: [] },
    ]);
  });
});
