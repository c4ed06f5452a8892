import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { goalText, isReached, parseGoal } from './wait-goal.ts';

const instance = (state: string, conditions: object[], generation = 2): KubeObject =>
  ({
    apiVersion: 'acme.test/v1',
    kind: 'Pot',
    metadata: { name: 'a', generation },
    status: { state, conditions },
  }) as unknown as KubeObject;
const synced = (observedGeneration: number) => ({ type: 'Synced', status: 'True', observedGeneration });
const deleting = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});
const ready = (status: string, observedGeneration?: number) => ({ type: 'Ready', status, observedGeneration });

test.each([
  ['active', 'ACTIVE'],
  ['deleted', 'deleted'],
  ['condition=Ready', 'Ready=True'],
  ['condition=Ready=False', 'Ready=False'],
])('--for %s waits for %s', (text, goal) => {
  expect(goalText(parseGoal(text))).toBe(goal);
});

test.each(['', 'ready', 'condition', 'condition=', 'condition=Ready=', 'condition=Ready=True=1', 'Active'])(
  '--for %j is refused',
  (text) => {
    expect(() => parseGoal(text)).toThrow(/^--for cannot wait for /);
  },
);

test.each<[string, string, KubeObject | undefined, boolean]>([
  ['it is gone', 'deleted', undefined, true],
  ['it is there', 'deleted', instance('ACTIVE', [ready('True', 2)]), false],
  ['it is gone', 'active', undefined, false],
  ['state and condition are about the current generation', 'active', instance('ACTIVE', [ready('True', 2)]), true],
  ['the condition is about the previous generation', 'active', instance('ACTIVE', [ready('True', 1)]), false],
  ['the condition names no generation', 'active', instance('ACTIVE', [ready('True')]), true],
  ['there is no condition Ready', 'active', instance('ACTIVE', []), true],
  ['only another condition exists, about the current generation', 'active', instance('ACTIVE', [synced(2)]), true],
  ['only another condition exists, about the previous generation', 'active', instance('ACTIVE', [synced(1)]), false],
  ['it is being deleted', 'active', deleting(instance('ACTIVE', [])), false],
  ['the state is not ACTIVE', 'active', instance('IN_PROGRESS', [ready('True', 2)]), false],
  ['the condition is True', 'condition=Ready', instance('ERROR', [ready('True', 2)]), true],
  ['the condition is about the previous generation', 'condition=Ready', instance('ACTIVE', [ready('True', 1)]), false],
  ['the condition is not there', 'condition=Ready=False', instance('ACTIVE', []), false],
  ['the status differs only in case', 'condition=Ready=false', instance('ERROR', [ready('False', 2)]), true],
])('isReached: %s, and the goal is %s', (_what, goal, object, reached) => {
  expect(isReached(parseGoal(goal), object)).toBe(reached);
});
