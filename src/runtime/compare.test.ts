import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../core/index.ts';
import { compareApplied } from './compare.ts';
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

describe('whether a field was taken from us', () => {
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
  const ours = (...fields: string[]) => entry(CHILD_MANAGER, 'Apply', 3, ['binaryData', ...fields]);
  const theirs = (operation: string, second: number) => entry('other', operation, second, ['data']);

  test.each([
    ['by an edit after our apply', [ours(), theirs('Update', 4)], true],
    ['not where it is still ours: we want something else now', [ours('data')], undefined],
    ['not where it is ours, too', [ours('data'), theirs('Apply', 4)], undefined],
    ['not by who had it before our apply', [ours(), theirs('Update', 2)], undefined],
    ['not where the second is the same', [ours(), theirs('Update', 3)], undefined],
    ['not where nobody owns it', [ours()], undefined],
    ['not where we never applied', [theirs('Update', 4)], undefined],
  ])('%s', (_, managedFields, taken) => {
    const found = compareApplied(map('wanted'), { ...map('found'), metadata: { name: 'm', managedFields } });
    expect(found.map((difference) => difference.taken)).toEqual([taken]);
  });
});

test('a quantity in a list that is owned as a whole is the same amount, written differently', () => {
  expect(compareApplied(limits('0.5'), live('500m'))).toEqual([]);
  expect(compareApplied(limits('0.5'), live('600m'))).toHaveLength(1);
});
