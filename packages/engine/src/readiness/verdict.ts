import type { KubeObject } from '@typekro/kit/core';
import type { StatusCondition } from '@typekro/kit/kubernetes';

/**
 * The state of an object.
 *
 * - `current`: the object matches its spec and is ready.
 * - `inProgress`: the controller of the object is still working, or has not observed the object yet.
 * - `failed`: the object will not become ready without a change.
 * - `terminating`: the object is being deleted.
 */
export type ReadinessState = 'current' | 'inProgress' | 'failed' | 'terminating';

/** The readiness of an object, and its reason. */
export interface Readiness {
  /** True for `current` only. */
  readonly ready: boolean;
  /** True for `failed` only. */
  readonly failed: boolean;
  readonly state: ReadinessState;
  /**
   * One word for programs: a word that the rule defines, such as `Updating`, or a reason or phase from the object's
   * status.
   */
  readonly reason: string;
  /** One sentence for users. It may be empty if the object is ready. */
  readonly message: string;
}

/** The object is ready. */
export function current(reason = 'Ready', message = ''): Readiness {
  return { ready: true, failed: false, state: 'current', reason, message };
}

/** The object is not ready yet. */
export function inProgress(reason: string, message: string): Readiness {
  return { ready: false, failed: false, state: 'inProgress', reason, message };
}

/** The object is not ready, and will not become ready without a change. */
export function failed(reason: string, message: string): Readiness {
  return { ready: false, failed: true, state: 'failed', reason, message };
}

/** The object is being deleted. */
export function terminating(message: string): Readiness {
  return { ready: false, failed: false, state: 'terminating', reason: 'Terminating', message };
}

/** The message for a condition that keeps an object from being ready. */
export function describeCondition(type: string, { status, reason, message }: StatusCondition): string {
  const text = [reason, message].filter((part) => part !== '').join(': ');
  return `condition ${type} is ${status === '' ? 'not set' : status}${text === '' ? '' : ` (${text})`}`;
}

/**
 * Was the condition written for an earlier generation of the object? False if the object or the condition has no
 * generation.
 */
export function isOfEarlierGeneration(
  { metadata: { generation } }: KubeObject,
  { observedGeneration }: StatusCondition,
): boolean {
  return generation !== undefined && observedGeneration !== undefined && observedGeneration < generation;
}

/** The verdict for a condition of an earlier generation; `undefined` for a condition of the current generation. */
export function staleVerdict(object: KubeObject, type: string, condition: StatusCondition): Readiness | undefined {
  if (!isOfEarlierGeneration(object, condition)) return undefined;
  const [seen, newest] = [condition.observedGeneration, object.metadata.generation];
  return inProgress('NotObserved', `condition ${type} is of generation ${seen}, not ${newest}`);
}

/** A message such as `3 of 5 replicas are ready`. */
export function progress(done: number, wanted: number, what: string): string {
  return `${done} of ${wanted} ${what}`;
}
