import { expect, test } from 'vitest';
import type { KubeObject } from '../../core/index.ts';
import type { InstancePlan, ObjectPlan, Plan } from './plan.ts';
import { LiveSource } from './live-source.ts';
import { movedSince, parseSavedPlan, savedPlan, savedPlanText } from './saved-plan.ts';

const LARGEST = 9223372036854775807n;
const ref = { apiVersion: 'example.dev/v1', kind: 'Any', name: 'x', namespace: 'default' };

function planTo(to: bigint): Plan {
  const write = {
    node: 'a',
    object: ref,
    wave: 1,
    action: 'change',
    fields: [{ path: 'spec.max', to }],
    checked: 'none',
  };
  const instance = { instance: ref, definition: 'anys', action: 'none', fields: [], state: 'changed', writes: [write] };
  return {
    schemaVersion: 1,
    operation: 'apply',
    definitions: [],
    objects: [write as unknown as ObjectPlan],
    instances: [instance as unknown as InstancePlan],
  } as unknown as Plan;
}

test('a plan with integers beyond 2^53 is saved, read and compared', () => {
  const source = new LiveSource({ api: {} as never, signal: new AbortController().signal, fallback: 'default' });
  const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, spec: { max: LARGEST } };
  const { name, text } = savedPlanText(savedPlan(planTo(LARGEST), [object], source, { namespace: 'default' }));
  expect(name).toMatch(/^plan-.{8}\.json$/);
  expect(text).toContain('"max": 9223372036854775807');
  const saved = parseSavedPlan(text, 'x.json');
  if (saved === undefined) throw new Error('the text is a saved plan');
  expect(saved.objects).toEqual([object]);
  expect(movedSince(saved, planTo(LARGEST), source)).toBeUndefined();
  expect(movedSince(saved, planTo(LARGEST - 1n), source)).toContain('something else would happen now');
});
