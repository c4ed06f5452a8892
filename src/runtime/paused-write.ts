import { hasNamespaceAppeared } from './missing-namespace.ts';
import type { FailedWrite, Observed } from './model.ts';
import type { ObjectTarget } from './target.ts';

/** The identity of a due write among the attempts at one target. `version` is the resourceVersion of the object. */
export interface WriteAttempt extends Pick<FailedWrite, 'digest' | 'uid'> {
  readonly version?: string;
}

/**
 * The failed attempt at the same write, if its pause has not ended at `now` (milliseconds since the epoch); undefined
 * when the write may be tried. Two attempts are the same write when their content and their object are the same. A
 * failure says nothing about another object of the same name, and nothing about the creation of an object that was
 * deleted. A conflict with other field managers says nothing about a later version of the object. A missing namespace
 * says nothing about a namespace that exists now.
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
