import { hasNamespaceAppeared } from '../missing-namespace.ts';
import type { FailedWrite, Observed } from '../model.ts';
import type { ObjectTarget } from '../objects/target.ts';

/** Identifies a write among the attempts at one target. `version` is the resourceVersion of the object. */
export interface WriteAttempt extends Pick<FailedWrite, 'digest' | 'uid'> {
  readonly version?: string;
}

/**
 * The failed attempt at the same write, if its pause has not ended at `now` (milliseconds since the epoch); undefined
 * if the write may be tried. Two attempts are the same write if they have the same content and the same object. A
 * failure therefore does not pause the write of another object of the same name or the creation of a deleted object.
 * After a conflict with other field managers, the pause ends as soon as the object has another version. The pause after
 * a failure because of a missing namespace ends as soon as the namespace exists.
 */
export function pausedWrite(
  observed: Pick<Observed, 'failedWrite' | 'namespaceUid'>,
  target: ObjectTarget,
  attempt: WriteAttempt,
  now: number,
  writer?: string,
): FailedWrite | undefined {
  const failed = observed.failedWrite(target, writer);
  if (failed === undefined || !isSameWrite(failed, attempt) || failed.retryAt <= now) return undefined;
  if (hasNamespaceAppeared(observed, target, failed)) return undefined;
  const { conflictVersion } = failed;
  return conflictVersion === undefined || conflictVersion === attempt.version ? failed : undefined;
}

/** Are both attempts the same write? */
export function isSameWrite(one: WriteAttempt, other: WriteAttempt): boolean {
  return one.digest === other.digest && one.uid === other.uid;
}
