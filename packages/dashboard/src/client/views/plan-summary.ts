import type { InstancePlan, ObjectPlan, Plan } from '@typekro/controller/inspect';
import type { Tone } from '../graph/states.ts';

/** A number of the summary. */
export interface SummaryPart {
  readonly label: string;
  readonly count: number;
  readonly tone: Tone;
}

/**
 * The numbers of a plan that are not zero; if all are zero, only the number of writes, 0. Refusals and destructive
 * actions come first. The summary of a plan does not count refused definitions, so their number is added here.
 */
export function summaryParts({ summary, definitions }: Pick<Plan, 'summary' | 'definitions'>): SummaryPart[] {
  const refused = definitions.filter(({ refusal }) => refusal !== undefined).length;
  const parts: readonly SummaryPart[] = [
    { label: 'refused', count: summary.refused + refused, tone: 'failed' },
    { label: 'replaced', count: summary.replace, tone: 'failed' },
    { label: 'removed', count: summary.delete + summary.prune, tone: 'failed' },
    { label: 'changed', count: summary.change, tone: 'busy' },
    { label: 'created', count: summary.create, tone: 'ready' },
    { label: 'kept without an owner', count: summary.orphan, tone: 'idle' },
    { label: 'with changed labels only', count: summary.labels, tone: 'idle' },
    { label: 'known later', count: summary.later, tone: 'waiting' },
  ];
  const present = parts.filter(({ count }) => count > 0);
  return present.length === 0 ? [{ label: 'writes', count: 0, tone: 'ready' }] : present;
}

/** The number of writes of an instance per action. Actions that delete come first. */
export function writeCounts({ meanwhile, writes, recreated = [] }: InstancePlan): SummaryPart[] {
  const counts = new Map<string, number>(recreated.length === 0 ? [] : [['replaced', recreated.length]]);
  for (const { action } of [...(meanwhile?.writes ?? []), ...writes]) {
    const label = WORDS[action];
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const parts = [...counts].map(([label, count]): SummaryPart => ({
    label,
    count,
    tone: label === 'removed' || label === 'replaced' ? 'failed' : 'idle',
  }));
  return parts.toSorted((a, b) => (a.tone === b.tone ? 0 : a.tone === 'failed' ? -1 : 1));
}

const WORDS: Readonly<Record<ObjectPlan['action'], string>> = {
  create: 'created',
  change: 'changed',
  adopt: 'taken over',
  restore: 'put back',
  replace: 'replaced',
  prune: 'removed',
  delete: 'removed',
  orphan: 'left behind',
  labels: 'with changed labels',
  none: 'unchanged',
};

const ORDER: readonly InstancePlan['state'][] = ['blocked', 'changed', 'deferred', 'unchanged'];

/**
 * Sorts the instances of a plan by state: blocked, changed, deferred, unchanged. Within a state, the instances with the
 * most writes come first.
 */
export function worstFirst(instances: readonly InstancePlan[]): InstancePlan[] {
  return instances.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || b.writes.length - a.writes.length,
  );
}
