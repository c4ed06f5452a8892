import { expect, it } from 'vitest';
import { budget } from '../support/budget.ts';
import { runDays } from './days.ts';

it.each([1, 2])(
  'a story of hours ends as one without faults, with %i processes',
  async (processes) => {
    const hours: number[] = [];
    const onHour = async (hour: number) => void hours.push(Math.floor(hour));
    const wanted = budget('simulatedHours');
    const { problems, actions } = await runDays({ seed: processes, hours: wanted, processes, onHour });
    expect(problems).toEqual([]);
    expect(hours.at(-1)).toBeGreaterThanOrEqual(wanted);
    expect(actions).toBeGreaterThan(wanted * 5);
  },
  120_000,
);
