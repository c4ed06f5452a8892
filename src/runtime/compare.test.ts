import { expect, test } from 'vitest';
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

test('a quantity in a list that is owned as a whole is the same amount, written differently', () => {
  expect(compareApplied(limits('0.5'), live('500m'))).toEqual([]);
  expect(compareApplied(limits('0.5'), live('600m'))).toHaveLength(1);
});
