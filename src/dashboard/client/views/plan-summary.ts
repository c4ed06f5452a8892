import type { InstancePlan, PlanSummary } from '../../../inspect/index.ts';
import type { Tone } from '../graph/states.ts';

/** A number of the summary. */
export interface SummaryPart {
  readonly label: string;
  readonly count: number;
  readonly tone: Tone;
}

/** The numbers of a plan that are not zero. Refusals and destructive actions come first. */
export function summaryParts(summary: PlanSummary): SummaryPart[] {
  const parts: readonly SummaryPart[] = [
    { label: 'refused', count: summary.refused, tone: 'failed' },
    { label: 'replaced', count: summary.replace, tone: 'failed' },
    { label: 'deleted', count: summary.delete + summary.prune, tone: 'failed' },
    { label: 'changed', count: summary.change, tone: 'busy' },
    { label: 'created', count: summary.create, tone: 'ready' },
    { label: 'kept without an owner', count: summary.orphan, tone: 'idle' },
    { label: 'with other labels only', count: summary.labels, tone: 'idle' },
    { label: 'known later', count: summary.later, tone: 'waiting' },
  ];
  const present = parts.filter(({ count }) => count > 0);
  return present.length === 0 ? [{ label: 'writes', count: 0, tone: 'ready' }] : present;
}

const ORDER: readonly InstancePlan['state'][] = ['blocked', 'changed', 'deferred', 'unchanged'];

/** The instances of a plan: blocked ones come first. In each state, those with the most writes come first. */
export function worstFirst(instances: readonly InstancePlan[]): InstancePlan[] {
  return instances.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.writes.length - a.writes.length,
  );
}
