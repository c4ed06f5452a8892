import { expect, it } from 'vitest';
import { share } from '@typekro/kit/test-support/budget';
import { runDays } from './days.ts';

const { first, count: wanted } = share('simulatedHours');

it.each([1, 2])(
  'with %i processes, a story of many hours with faults ends in the same state as the story without faults',
  async (processes) => {
    const hours: number[] = [];
    const onHour = async (hour: number) => void hours.push(Math.floor(hour));
    const { problems, actions, rotations, refused } = await runDays({
      seed: processes + first,
      hours: wanted,
      processes,
      onHour,
    });
    expect(problems).toEqual([]);
    expect(hours.at(-1)).toBeGreaterThanOrEqual(wanted);
    expect(actions).toBeGreaterThan(wanted * 5);
    expect(rotations).toBeGreaterThanOrEqual(wanted);
    expect(refused).toBeGreaterThan(0);
  },
  120_000,
);
