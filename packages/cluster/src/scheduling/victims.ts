import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { labelSelectorMatcher, numberAt, objectAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { type Misfit, roomMisfitOf } from './node-fit.ts';
import type { NodeAccount } from './node-ledger.ts';
import type { NodeUsage, PodDemand } from './node-usage.ts';

/** A node on which a preemption may evict pods. */
export interface PreemptionNode {
  readonly node: KubeObject;
  readonly account: NodeAccount;
  /**
   * The waiting pods that are nominated for the node and have at least the priority of the new pod. Resources of the
   * node are reserved for them.
   */
  readonly nominated: readonly PodDemand[];
}

/** The pods of a node that a preemption evicts. */
export interface Victims {
  readonly node: string;
  /** At least one pod, the most important first. */
  readonly pods: readonly PodDemand[];
  /** The number of victims that a PodDisruptionBudget protects. */
  readonly violations: number;
}

const NO_VICTIMS: Misfit = { reasons: ['No preemption victims found for incoming pod'], isCurable: false };

/** Is this a set of victims, as opposed to the reason why a node has no victims? */
export const areVictims = (result: Victims | Misfit): result is Victims => 'violations' in result;

/**
 * The pods of a node to evict for a pod of higher priority, or the reason why no eviction suffices. The algorithm is
 * kube-scheduler's `SelectVictimsOnNode`. First, all pods of lower priority count as evicted. Then each of them that
 * fits beside the new pod is kept, from the most important pod to the least important pod. The pods that a budget
 * protects are considered before all others.
 */
export function victimsOn(
  demand: PodDemand,
  { node, account, nominated }: PreemptionNode,
  budgets: BudgetsByNamespace,
): Victims | Misfit {
  if (!hasLower(demand, account)) return NO_VICTIMS;
  const lower = lowerPods(demand, account);
  const usage = usageWithout(lower, { account, nominated });
  const misfit = roomMisfitOf(demand, node, usage);
  if (misfit !== undefined) return misfit;
  const evicted = (pods: readonly PodDemand[]) =>
    pods.filter((pod) => {
      usage.add(pod);
      if (roomMisfitOf(demand, node, usage) === undefined) return false;
      usage.remove(pod);
      return true;
    });
  const sorted = lower.toSorted(compareImportance);
  const protectedPods = protectedBy(sorted, budgets);
  const violating = evicted(sorted.filter((pod) => protectedPods.has(pod)));
  const others = evicted(sorted.filter((pod) => !protectedPods.has(pod)));
  return {
    node: node.metadata.name ?? '',
    pods: [...violating, ...others].toSorted(compareImportance),
    violations: violating.length,
  };
}

/** Would the pod fit after the eviction of all pods of lower priority? */
export function canMakeRoom(demand: PodDemand, { node, account, nominated }: PreemptionNode): boolean {
  if (!hasLower(demand, account)) return false;
  return roomMisfitOf(demand, node, usageWithout(lowerPods(demand, account), { account, nominated })) === undefined;
}

const hasLower = ({ priority }: PodDemand, { minPriority }: NodeAccount): boolean =>
  minPriority !== undefined && minPriority < priority;

const lowerPods = (demand: PodDemand, { pods }: NodeAccount): PodDemand[] =>
  [...pods.values()].filter(({ priority }) => priority < demand.priority);

/** The usage of the node after the eviction of these pods. The nominated pods count as running. */
function usageWithout(pods: readonly PodDemand[], { account, nominated }: Omit<PreemptionNode, 'node'>): NodeUsage {
  const usage = account.usage.copy();
  for (const pod of nominated) usage.add(pod);
  for (const pod of pods) usage.remove(pod);
  return usage;
}

/** Sorts pods by priority, the highest first. Among pods with equal priorities, earlier starts come first. */
function compareImportance(a: PodDemand, b: PodDemand): number {
  return b.priority - a.priority || startOf(a) - startOf(b);
}

/** The start of a pod in milliseconds since the epoch. A pod that has not started counts as started last. */
function startOf({ pod }: PodDemand): number {
  const start = Date.parse(textAt(pod.status, 'startTime'));
  return Number.isNaN(start) ? Number.MAX_SAFE_INTEGER : start;
}

/** The data of a PodDisruptionBudget that a preemption uses. */
export interface PreemptionBudget {
  /** The number of evictions that the budget allows now. */
  readonly allowed: number;
  /** The pods, by name, whose evictions `allowed` already takes into account. */
  readonly disrupted: JsonObject;
  readonly covers: (labels: Readonly<Record<string, string>>) => boolean;
}

/** The budgets of each namespace. Each selector is compiled once, for all nodes of a preemption. */
export type BudgetsByNamespace = ReadonlyMap<string, readonly PreemptionBudget[]>;

/** Groups budgets. As in kube-scheduler, a budget without a selector or with an empty selector protects no pod here. */
export function groupBudgets(budgets: readonly KubeObject[]): BudgetsByNamespace {
  const groups = new Map<string, PreemptionBudget[]>();
  for (const { metadata, spec, status } of budgets) {
    const selector = optionalAt(spec, 'selector');
    const isEmpty = Object.values(selector ?? {}).every((part) => Object.keys(part ?? {}).length === 0);
    if (selector === undefined || isEmpty) continue;
    const { namespace = '' } = metadata;
    let group = groups.get(namespace);
    if (group === undefined) groups.set(namespace, (group = []));
    const allowed = numberAt(status, 'disruptionsAllowed') ?? 0;
    group.push({ allowed, disrupted: objectAt(status, 'disruptedPods'), covers: labelSelectorMatcher(selector) });
  }
  return groups;
}

/**
 * The pods whose eviction a PodDisruptionBudget does not allow. The pods are processed in order, and each pod uses up
 * one allowed disruption of each of its budgets. Pods without labels are not protected.
 */
function protectedBy(pods: readonly PodDemand[], budgets: BudgetsByNamespace): ReadonlySet<PodDemand> {
  const found = new Set<PodDemand>();
  if (budgets.size === 0) return found;
  const used = new Map<PreemptionBudget, number>();
  for (const demand of pods) {
    const { namespace = '', name = '', labels = {} } = demand.pod.metadata;
    if (Object.keys(labels).length === 0) continue;
    for (const budget of budgets.get(namespace) ?? []) {
      if (Object.hasOwn(budget.disrupted, name) || !budget.covers(labels)) continue;
      const count = (used.get(budget) ?? 0) + 1;
      used.set(budget, count);
      if (count > budget.allowed) found.add(demand);
    }
  }
  return found;
}

/** An offset that makes every priority at least 0, so that an additional victim never decreases the sum. */
const PRIORITY_OFFSET = 2 ** 31;

/**
 * The best of several sets of victims, by the criteria of kube-scheduler in this order: the fewest victims that a
 * budget protects, the lowest maximum priority, the lowest sum of priorities, the fewest pods, the latest start. Of
 * equal sets, the first is the best.
 */
export function bestVictims(candidates: readonly Victims[]): Victims | undefined {
  const costs: ((victims: Victims) => number)[] = [
    ({ violations }) => violations,
    ({ pods }) => pods[0]?.priority ?? 0,
    ({ pods }) => pods.reduce((sum, { priority }) => sum + priority + PRIORITY_OFFSET, 0),
    ({ pods }) => pods.length,
    ({ pods }) => -Math.min(...pods.filter(({ priority }) => priority === pods[0]?.priority).map(startOf)),
  ];
  let best = candidates;
  for (const costOf of costs) {
    const lowest = Math.min(...best.map(costOf));
    best = best.filter((victims) => costOf(victims) === lowest);
  }
  return best[0];
}
