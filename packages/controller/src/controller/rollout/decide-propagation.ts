import { listed } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { KubeObject } from '@typekro/kit/core';
import { type ConditionContent, heldInstances, RecordedStatus } from '@typekro/engine/runtime';
import { type RevisionOutcome, rank } from './canary.ts';
import { compareText } from '@typekro/kit/golang';

/** An instance that may get a new revision, with the outcome of its last pass in this process. */
export interface PropagationCandidate {
  readonly id: string;
  readonly object: KubeObject;
  readonly outcome?: RevisionOutcome;
}

/** The instances that get a revision by `spec.propagateWhen`, and the others. */
export interface Propagation {
  readonly members: ReadonlySet<string>;
  /**
   * The reason for each instance that keeps its present revision, by instance id. The entries are in the order in which
   * the instances get the new revision.
   */
  readonly held: ReadonlyMap<string, string>;
  /** The time of the next decision, if a condition calls `now()`. */
  readonly retryAt?: number;
}

/**
 * Decides which instances get a revision. The decision uses the outcome of an instance's last pass in this process.
 * After a restart, it uses the status of the instance. The instances get the revision in the same order as in a canary.
 * This order depends only on the UIDs and the ids.
 */
export function decidePropagation(
  propagation: NonNullable<Graph['propagateWhen']>,
  revision: number,
  candidates: readonly PropagationCandidate[],
  context: { readonly now: number; readonly budget?: number },
): Propagation {
  const ordered = candidates
    .map((each) => ({ ...each, rank: rank(each.object.metadata.uid ?? '') }))
    .toSorted((a, b) => compareText(a.rank, b.rank) || compareText(a.id, b.id));
  const { held, ...again } = heldInstances(
    propagation,
    ordered.map((each) => progressOf(each, revision)),
    context,
  );
  return { members: new Set(ordered.map(({ id }) => id).filter((id) => !held.has(id))), held, ...again };
}

function progressOf({ id, object, outcome }: PropagationCandidate, revision: number) {
  const followed = outcome?.revision ?? RecordedStatus.revision(object);
  const ready = outcome === undefined ? object.status?.['state'] === 'ACTIVE' : outcome.state === 'ready';
  return { id, object, updated: followed === revision, ready };
}

/** The maximum number of instances that the condition names. */
const MAX_NAMED_INSTANCES = 3;

/** The condition `Propagated` of the definition, as in the proposal for kro. */
export function propagatedCondition(
  revision: number,
  { members, held }: Propagation,
  nameOf: (id: string) => string,
): ConditionContent {
  if (held.size === 0) {
    return { status: 'True', reason: 'Propagated', message: `revision ${revision} goes to all instances` };
  }
  const named = [...held].map(([id, text]) => `${nameOf(id)}: ${text}`);
  const all = held.size + members.size;
  const message = `revision ${revision} is held back from ${held.size} of ${all} instances by propagateWhen: ${listed(named, MAX_NAMED_INSTANCES, '; ', '; ')}`;
  return { status: 'False', reason: 'Held', message };
}
