import type { ApiFailure } from './report.ts';
import type { FailedWrite, Observed, WatchRequest } from './model.ts';
import type { ObjectTarget, ObjectType } from './objects/target.ts';

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
export function hasNamespaceAppeared(
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
