import { describe, expect, it } from 'vitest';
import { type Condition, type ConditionContent, readConditions } from '@typekro/engine/runtime';
import { type ConditionSubject, conditionsToJson, setConditions } from './set-conditions.ts';

const T0 = '2026-01-01T00:00:00Z';
const T1 = '2026-01-01T00:00:01Z';
const T2 = '2026-01-01T00:00:02Z';
const subject = (generation: number): ConditionSubject => ({ types: ['A', 'B'], generation, creationTimestamp: T0 });
const yes: ConditionContent = { status: 'True', reason: 'Fine', message: '' };
const no: ConditionContent = { status: 'False', reason: 'Bad', message: 'broken' };

/** Applies changes one after another. Returns each condition in a short notation. */
function run(steps: readonly [number, Record<string, ConditionContent>, string][]): string[] {
  let conditions: Condition[] = [];
  for (const [generation, changes, now] of steps) {
    conditions = setConditions(subject(generation), conditions, new Map(Object.entries(changes)), now);
  }
  return conditions.map(
    ({ type, status, reason, lastTransitionTime, observedGeneration }) =>
      `${type} ${status} ${reason} ${lastTransitionTime?.slice(17, 19)} g${observedGeneration ?? '-'}`,
  );
}

describe('setConditions', () => {
  it.each<{ title: string; steps: [number, Record<string, ConditionContent>, string][]; result: string[] }>([
    {
      title: 'begins with Unknown, with the creation time of the object as transition time',
      steps: [[1, {}, T1]],
      result: [
        'A Unknown AwaitingReconciliation 00 g1',
        'B Unknown AwaitingReconciliation 00 g1',
        'Ready Unknown AwaitingReconciliation 00 g1',
      ],
    },
    {
      title: 'sets Ready to True when all conditions are True at the current generation',
      steps: [[1, { A: yes, B: yes }, T1]],
      result: ['A True Fine 01 g1', 'B True Fine 01 g1', 'Ready True Ready 01 g1'],
    },
    {
      title: 'keeps the transition time while the status stays the same, and updates the generation',
      steps: [
        [1, { A: yes, B: yes }, T1],
        [2, { A: yes, B: yes }, T2],
      ],
      result: ['A True Fine 01 g2', 'B True Fine 01 g2', 'Ready True Ready 01 g2'],
    },
    {
      title: 'copies the False condition with the latest transition time into Ready',
      steps: [
        [1, { A: no }, T1],
        [1, { B: { ...no, reason: 'Worse' } }, T2],
      ],
      result: ['A False Bad 01 g1', 'B False Worse 02 g1', 'Ready False Worse 01 g1'],
    },
    {
      title: 'keeps the earlier generation in Ready while one of the other conditions still has this generation',
      steps: [
        [1, { A: yes, B: yes }, T1],
        [2, { A: yes }, T2],
      ],
      result: ['A True Fine 01 g2', 'B True Fine 01 g1', 'Ready True Ready 01 g1'],
    },
    {
      title: 'orders by transition time, with Ready last',
      steps: [
        [1, { B: yes }, T1],
        [1, { A: yes }, T2],
      ],
      result: ['B True Fine 01 g1', 'A True Fine 02 g1', 'Ready True Ready 02 g1'],
    },
  ])('$title', ({ steps, result }) => {
    expect(run(steps)).toEqual(result);
  });

  it('drops obsolete types, and returns equal JSON if nothing has changed', () => {
    const status = {
      conditions: conditionsToJson([
        { type: 'Obsolete', status: 'True', reason: 'X', message: 'y', lastTransitionTime: T0 },
        ...setConditions(
          subject(1),
          [],
          new Map([
            ['A', yes],
            ['B', no],
          ]),
          T1,
        ),
      ]),
    };
    const again = setConditions(
      subject(1),
      readConditions(status.conditions),
      new Map([
        ['A', yes],
        ['B', no],
      ]),
      T2,
    );
    expect(conditionsToJson(again)).toEqual(status.conditions.slice(1));
  });
});
