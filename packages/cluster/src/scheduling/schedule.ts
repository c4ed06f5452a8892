import type { KubeObject } from '@typekro/kit/core';
import { conditionOf, textAt } from '@typekro/kit/kubernetes';
import { affinityProblem, namedNodes } from './node-affinity.ts';
import { type Misfit, misfitOf } from './node-fit.ts';
import type { NodeAccount } from './node-ledger.ts';
import type { NodeUsage, PodDemand } from './node-usage.ts';
import type { PreemptionNode, Victims } from './victims.ts';
import { areVictims, bestVictims, canMakeRoom, groupBudgets, victimsOn } from './victims.ts';

/** The data about the pods on a node that the scheduler needs. */
export interface RoomView {
  account(node: string): NodeAccount;
  /** The waiting pods that a preemption has nominated for a node. */
  nominated(node: string): readonly PodDemand[];
}

/** The data about the cluster that the scheduler needs for a decision. */
export interface SchedulingView extends RoomView {
  /** The nodes, in a fixed order. */
  readonly nodes: readonly KubeObject[];
  /** The PodDisruptionBudgets of all namespaces. Only a preemption needs them. */
  budgets(): readonly KubeObject[];
}

/** The scheduler's decision about a pod. */
export type SchedulingDecision =
  | { readonly action: 'bind'; readonly node: string }
  /** The pod waits. `message` is kube-scheduler's message with the reason. */
  | {
      readonly action: 'wait';
      readonly message: string;
      /** The pods to evict so that the pod fits. The pod is nominated for their node. */
      readonly victims?: Victims;
      /** Does the pod lose its nomination? */
      readonly clearsNomination?: boolean;
    };

/**
 * Decides where a pod runs. If several nodes fit, the pod gets the one for which it is nominated. Without a nomination
 * for one of them, `choice`, a number that spreads pods, selects the node. If no node fits, pods of lower priority may
 * be evicted. If the pod itself has a `problem`, e.g. with its volumes, no node is checked.
 */
export function schedule(
  demand: PodDemand,
  view: SchedulingView,
  choice: number,
  problem?: string,
): SchedulingDecision {
  const { nodes } = view;
  if (nodes.length === 0) {
    return { action: 'wait', message: 'no nodes available to schedule pods', clearsNomination: true };
  }
  const available = `0/${nodes.length} nodes are available:`;
  // The scheduler checks the affinity before the volumes. If either check fails, it does not check the nodes.
  const obstacle = affinityProblem(demand.pod) ?? problem;
  // The next plugin of the scheduler misses its own state then, so that the message ends with its error.
  if (obstacle !== undefined)
    return { action: 'wait', message: `${available} ${obstacle}. not found`, clearsNomination: true };
  const names = namedNodes(demand.pod);
  const misfits = new Map<KubeObject, Misfit>();
  const fitting: string[] = [];
  let examined = 0;
  for (const node of nodes) {
    const { name = '' } = node.metadata;
    if (names !== undefined && !names.has(name)) continue;
    examined += 1;
    const misfit = misfitOf(demand, node, usageFor(demand, view, name));
    if (misfit === undefined) fitting.push(name);
    else misfits.set(node, misfit);
  }
  const wanted = nominationOf(demand.pod);
  const node = fitting.includes(wanted) ? wanted : fitting[choice % fitting.length];
  if (node !== undefined) return { action: 'bind', node };
  const reasons = [...misfits.values()].flatMap(({ reasons: all }) => all);
  const others = nodes.length - examined;
  for (let count = 0; count < others; count += 1) reasons.push("node(s) didn't satisfy plugin(s) [NodeAffinity]");
  return preempt(demand, view, misfits, `${available} ${histogram(reasons)}.`);
}

/**
 * Is a new scheduling attempt for a waiting pod worthwhile after the pods on a node have changed? This is the case when
 * the waiting pod now fits the node, or can evict pods there. `node` is `undefined` for a node that is gone. A pod
 * whose victims are still terminating waits for them. If the pod does not fit its nominated node although the victims
 * have ended, it must try again to find another node.
 */
export function isWorthTrying(demand: PodDemand, name: string, node: KubeObject | undefined, view: RoomView): boolean {
  const misfit = node === undefined ? undefined : misfitOf(demand, node, usageFor(demand, view, name));
  if (node !== undefined && misfit === undefined) return true;
  const nomination = nominationOf(demand.pod);
  if (isPolite(demand.pod) || waitsForVictims(demand, view.account(nomination))) return false;
  if (nomination === name) return true;
  return node !== undefined && misfit?.isCurable === true && canMakeRoom(demand, placeOf(demand, node, view));
}

export const nominationOf = (pod: KubeObject): string => textAt(pod.status, 'nominatedNodeName');

/**
 * The usage of a node as this pod must count it: the usage by the pods on the node and by other pods of equal or higher
 * priority that are nominated for the node.
 */
function usageFor(demand: PodDemand, view: RoomView, node: string): NodeUsage {
  const { usage } = view.account(node);
  const before = rivalsOf(demand, view, node);
  if (before.length === 0) return usage;
  const sum = usage.copy();
  for (const pod of before) sum.add(pod);
  return sum;
}

const rivalsOf = ({ pod, priority }: PodDemand, view: RoomView, node: string): readonly PodDemand[] =>
  view.nominated(node).filter((other) => other.priority >= priority && other.pod.metadata.uid !== pod.metadata.uid);

/**
 * Selects the pods to evict, so that a pod that fits no node gets room. `misfits` maps each checked node to the reasons
 * why the pod does not fit.
 */
function preempt(
  demand: PodDemand,
  view: SchedulingView,
  misfits: ReadonlyMap<KubeObject, Misfit>,
  message: string,
): SchedulingDecision {
  const obstacle = obstacleOf(demand, view, misfits);
  const refusal = `${message} no new claims to deallocate, preemption:`;
  if (obstacle !== undefined) return { action: 'wait', message: `${refusal} ${obstacle}` };
  const candidates: Victims[] = [];
  const reasons: string[] = [];
  const budgets = groupBudgets([...misfits.values()].some(({ isCurable }) => isCurable) ? view.budgets() : []);
  for (const [node, { isCurable }] of misfits) {
    if (!isCurable) continue;
    const result = victimsOn(demand, placeOf(demand, node, view), budgets);
    if (areVictims(result)) candidates.push(result);
    else reasons.push(...result.reasons);
  }
  const victims = bestVictims(candidates);
  if (victims !== undefined) return { action: 'wait', message, victims };
  const { nodes } = view;
  const curable = [...misfits.values()].filter(({ isCurable }) => isCurable).length;
  for (let count = curable; count < nodes.length; count += 1) reasons.push('Preemption is not helpful for scheduling');
  const text = `${refusal} 0/${nodes.length} nodes are available: ${histogram(reasons)}.`;
  return { action: 'wait', message: text, clearsNomination: true };
}

function placeOf(demand: PodDemand, node: KubeObject, view: RoomView): PreemptionNode {
  const { name = '' } = node.metadata;
  return { node, account: view.account(name), nominated: rivalsOf(demand, view, name) };
}

/**
 * The reason why the pod may not evict other pods now: its `preemptionPolicy`, or victims that are still terminating.
 * `undefined` when the pod may evict other pods.
 */
function obstacleOf(demand: PodDemand, view: RoomView, misfits: ReadonlyMap<KubeObject, Misfit>): string | undefined {
  if (isPolite(demand.pod)) return 'not eligible due to preemptionPolicy=Never.';
  const nomination = nominationOf(demand.pod);
  if (nomination === '') return undefined;
  const misfit = [...misfits].find(([{ metadata }]) => metadata.name === nomination)?.[1];
  if (misfit === undefined || !misfit.isCurable || !waitsForVictims(demand, view.account(nomination))) return undefined;
  return 'not eligible due to a terminating pod on the nominated node.';
}

const isPolite = (pod: KubeObject): boolean => pod.spec?.['preemptionPolicy'] === 'Never';

/** Is a pod of lower priority on the node still terminating because of a preemption? */
const waitsForVictims = ({ priority }: PodDemand, { pods }: NodeAccount): boolean =>
  [...pods.values()].some((victim) => victim.priority < priority && endsByPreemption(victim.pod));

function endsByPreemption(pod: KubeObject): boolean {
  if (pod.metadata.deletionTimestamp === undefined) return false;
  const condition = conditionOf(pod, 'DisruptionTarget');
  return condition?.['status'] === 'True' && condition['reason'] === 'PreemptionByScheduler';
}

/** Formats the reasons, each after its number of occurrences, and sorts the results as text. */
function histogram(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .toSorted()
    .join(', ');
}
