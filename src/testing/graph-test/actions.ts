import { TypeKroError } from '../../core/index.ts';
import { goParseDurationMs } from '../../golang/index.ts';
import type { GraphWorld } from './graph-world.ts';
import type { GivenState, TestPath, TestStep } from './model.ts';

/** An action of a step, and its path in the test. */
export interface Action {
  readonly at: TestPath;
  readonly run: () => Promise<void>;
}

/** The creation of the initial objects of a test. */
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
    ...(advance === undefined ? [] : [{ at: [...at, 'advance'], run: () => world.advance(durationMs(advance)) }]),
  ];
}

/**
 * Converts a duration to milliseconds. The duration is a number of seconds, or a text such as `90s`.
 *
 * @throws TypeKroError `testing/bad-duration` for any other text and for negative durations.
 */
function durationMs(duration: string | number): number {
  const text = String(duration);
  const milliseconds = goParseDurationMs(/^\d{1,9}(\.\d+)?$/.test(text) ? `${text}s` : text);
  if (milliseconds !== undefined && milliseconds >= 0) return milliseconds;
  throw new TypeKroError(`"${text}" is not a duration`, {
    code: 'testing/bad-duration',
    remedy: 'write e.g. 90s or 5m',
  });
}
