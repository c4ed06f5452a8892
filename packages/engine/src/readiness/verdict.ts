import type { KubeObject } from '@typekro/kit/core';
import type { StatusCondition } from '@typekro/kit/kubernetes';
import type { Readiness } from './model.ts';

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
