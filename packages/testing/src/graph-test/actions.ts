import { TypeKroError } from '@typekro/kit/core';
import type { GraphWorld } from './graph-world.ts';
import type { GivenState, TestPath, TestStep } from './steps.ts';
import { goParseDurationMs } from '@typekro/kit/golang';

/** An action of a step, and its path in the test. */
export interface Action {
  readonly at: TestPath;
  readonly run: () => Promise<void>;
}

/** The actions that create the initial objects of a test. */
export function startActions(world: GraphWorld, given: GivenState): Action[] {
  return [
    { at: given.objects === undefined ? [] : ['given', 'objects'], run: () => world.prepare() },
    { at: ['given'], run: () => world.create(given) },
  ];
}

/** The actions of a step, in order. */
export function stepActions(world: GraphWorld, step: TestStep, at: TestPath): Action[] {
  const { apply, patch = {}, delete: gone = [], restart, advance } = step;
  return [
    ...(apply === undefined ? [] : [{ at: [...at, 'apply'], run: () => world.apply(apply) }]),
    ...Object.entries(patch).map(([target, change]) => ({
      at: [...at, 'patch', target],
      run: () => world.patch(target, change),
    })),
    ...gone.map((target, index) => ({ at: [...at, 'delete', index], run: () => world.delete(target) })),
    ...(restart === true ? [{ at: [...at, 'restart'], run: () => world.restart() }] : []),
    ...(advance === undefined
      ? []
      : [{ at: [...at, 'advance'], run: () => world.advance(checkedDurationMs(advance)) }]),
  ];
}

/**
 * Converts a duration of a test to milliseconds.
 *
 * @throws TypeKroError `testing/bad-duration` for a string that is not a duration, and for a negative duration.
 */
function checkedDurationMs(duration: string | number): number {
  const milliseconds = durationMs(duration);
  if (milliseconds !== undefined) return milliseconds;
  throw new TypeKroError(`"${duration}" is not a duration`, {
    code: 'testing/bad-duration',
    remedy: 'write e.g. 90s or 5m',
  });
}

/**
 * Converts a duration of a test (a number of seconds, or a string such as `90s`) to milliseconds. `undefined` for any
 * other string and for negative durations.
 */
export function durationMs(duration: string | number): number | undefined {
  const text = String(duration);
  const milliseconds = goParseDurationMs(/^\d{1,9}(\.\d+)?$/.test(text) ? `${text}s` : text);
  return milliseconds !== undefined && milliseconds >= 0 ? milliseconds : undefined;
}
