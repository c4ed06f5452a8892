import { type ConditionContent, awaiting } from '../conditions.ts';
import { isOfOtherWriter } from '../node-texts-0.10.ts';
import type { NodeResult } from '../step-context.ts';

/** Did the node fail? kro calls such a failure a hard error. False for a node that only waits. */
export function isFailed({ state }: NodeResult): boolean {
  return state === 'failed';
}

/**
 * The condition ResourcesConverged of a Graph. The first of these cases that applies decides: failures (all of them,
 * one line each), failed deletions, a conflict with another field manager, a reason to wait (the first one), an unread
 * object (the condition is Unknown), nodes that are not ready, failed releases.
 *
 * @param problem the reason why nothing may be written
 */
export function convergedCondition(
  results: readonly NodeResult[],
  pruneProblems: readonly string[],
  releaseProblems: readonly string[],
  problem: string | undefined,
): ConditionContent {
  if (problem !== undefined) return notConverged('ApplyFailed', problem);
  const failed = results.filter(isFailed).flatMap(({ message }) => message ?? []);
  if (failed.length > 0) return notConverged('ApplyFailed', failed.join('\n'));
  if (pruneProblems.length > 0) return notConverged('PruneFailed', pruneProblems.join('\n'));
  const open = results.filter(({ state }) => state !== 'ready' && state !== 'skipped');
  const first = open.find(isOfOtherWriter) ?? open.find(({ message }) => message !== undefined);
  if (first?.message !== undefined) return notConverged(waitingReason(first), first.message);
  // While an object is unread, the state of the Graph is unknown.
  if (open.some(({ because }) => because.kind === 'unread')) return awaiting('ResourcesConverged');
  if (open.length > 0)
    return notConverged('WaitingForReadiness', `waiting for ${open.map(({ node }) => node.id).join(', ')}`);
  if (releaseProblems.length > 0) return notConverged('ReleaseFailed', releaseProblems.join('\n'));
  return { status: 'True', reason: 'Applied', message: 'all nodes applied and ready' };
}

function waitingReason(result: NodeResult): string {
  if (isOfOtherWriter(result)) return 'FieldManagerConflict';
  return result.because.kind === 'missing-data' ? 'DataPending' : 'WaitingForReadiness';
}

function notConverged(reason: string, message: string): ConditionContent {
  return { status: 'False', reason, message };
}
