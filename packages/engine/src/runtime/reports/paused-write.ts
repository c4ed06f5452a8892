import type { WatchRequest } from '../model.ts';
import type { FailedWrite, Observed } from '../observed-state.ts';
import type { ObjectTarget, ObjectType } from '../objects/target.ts';
import type { ApiFailure } from '../report.ts';

/** Identifies a write among the attempts at one target. `version` is the resourceVersion of the object. */
export interface WriteAttempt extends Pick<FailedWrite, 'digest' | 'uid'> {
  readonly version?: string;
}

/** A release has no desired object, so a failed release is recorded under this constant instead of a digest. */
export const RELEASE = 'release';

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

/** The kind Namespace. */
export const NAMESPACE_TYPE: ObjectType = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

/** kube-apiserver's messages for a namespace that does not exist and for a namespace that is being deleted. */
const MISSING = /^namespaces "[^"]*" not found$/;
const TERMINATING = /unable to create new content in namespace \S+ because it is being terminated/;

/** Did a write fail because the namespace of its object does not exist, or is being deleted? */
export function isNamespaceMissing({ code, message }: ApiFailure): boolean {
  return (code === 404 && MISSING.test(message)) || (code === 403 && TERMINATING.test(message));
}

/**
 * Has the missing namespace of a failed write appeared since the failure? False if this namespace was already observed,
 * with the same UID, when the write failed; the write then waits until its pause ends.
 */
function hasNamespaceAppeared(
  observed: Pick<Observed, 'namespaceUid'>,
  { namespace }: ObjectTarget,
  { failure, namespaceUid }: Pick<FailedWrite, 'failure' | 'namespaceUid'>,
): boolean {
  if (namespace === undefined || !isNamespaceMissing(failure)) return false;
  const uid = observed.namespaceUid?.(namespace);
  return uid !== undefined && uid !== namespaceUid;
}

/** The watches that report when the named namespaces appear. */
export function namespaceWatches(names: Iterable<string>): WatchRequest[] {
  return [...names].map((name) => ({ kind: 'object', nodeId: '', target: { type: NAMESPACE_TYPE, name } }));
}

/** Which failed write pauses another, and until when. */
export const WriteAttempt = { lacksNamespace: isNamespaceMissing, isSame: isSameWrite, NAMESPACE_TYPE, RELEASE };
