import type { ReadRequest, StepOptions } from '../model.ts';
import type { FailedRead, Observed } from '../observed-state.ts';
import type { ObjectTarget } from '../objects/target.ts';

/**
 * Has a read confirmed that the observed state of the object is its present state? If not, the observed state comes
 * from a watch, which may be late. Also true when `observed` records no confirmations.
 */
export function isConfirmed(observed: Pick<Observed, 'isConfirmed'>, target: ObjectTarget): boolean {
  return observed.isConfirmed?.(target) !== false;
}

/**
 * The reads that confirm the states of objects on which the record of a Graph depends. Leaves out an object during the
 * pause after its read failed.
 */
export function confirmations(
  observed: Observed,
  options: StepOptions,
  targets: readonly ObjectTarget[],
): readonly ReadRequest[] {
  return targets.flatMap((target) =>
    isPausedRead(observed.failedRead?.(target), options) ? [] : [confirmation(target)],
  );
}

/** Did a read of an object fail, and is the time of the next attempt still in the future? */
export function isPausedRead(failed: FailedRead | undefined, { now }: StepOptions): failed is FailedRead {
  return failed !== undefined && failed.retryAt > now;
}

/** The read request that confirms an object's state. */
export function confirmation(target: ObjectTarget): ReadRequest {
  return { kind: 'whole-object', nodeId: '', target, why: 'unconfirmed' };
}
