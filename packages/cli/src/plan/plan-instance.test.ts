import { expect, test } from 'vitest';
import { pot } from '@typekro/testing/test-support/virtual-world';
import { refOf } from '@typekro/kit/core';
import { planWithoutWrites } from './plan-instance.ts';
import type { PlanContext } from './plan-context.ts';
import type { FileObject } from './plan-objects.ts';

test('an instance that is suspended in the cluster stays suspended, even if its apply was not checked', () => {
  const desired = pot('rose', { text: 'new' });
  const live = pot('rose', { text: 'old' }, { 'kro.run/reconcile': 'suspended' });
  const file: FileObject = { input: { object: desired, file: 'app.yaml' }, desired, live, answer: { checked: 'none' } };
  const head = { instance: refOf(desired), definition: 'pots', action: 'change', fields: [] } as const;
  const context = { operation: 'apply' } as PlanContext;
  expect(planWithoutWrites(context, file, head)).toMatchObject({ state: 'deferred', because: 'it is suspended' });
});
