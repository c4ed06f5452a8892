import type { FailedRead, Observed, ReadRequest, StepOptions } from './model.ts';
import type { ObjectTarget } from './target.ts';

/** Does the view have the present state of an object, even if its watch is late? */
export function isConfirmed(observed: Pick<Observed, 'isConfirmed'>, target: ObjectTarget): boolean {
  return observed.isConfirmed?.(target) !== false;
}

/** The reads of objects on whose state the record of a Graph depends, except during the pause after a failed read. */
export function confirmations(
  observed: Observed,
  options: StepOptions,
  targets: readonly ObjectTarget[],
): readonly ReadRequest[] {
  return targets.flatMap((target) =>
    isPausedRead(observed.failedRead?.(target), options) ? [] : [confirmation(target)],
  );
}

/** Did a read of an object fail, and is its next attempt yet to come? */
export function isPausedRead(failed: FailedRead | undefined, { now }: StepOptions): failed is FailedRead {
  return failed !== undefined && failed.retryAt > now;
}

/** The read that confirms the state of an object. */
export function confirmation(target: ObjectTarget): ReadRequest {
  return { kind: 'whole-object', nodeId: '', target, why: 'unconfirmed' };
}
