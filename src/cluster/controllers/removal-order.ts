import type { KubeObject } from '../../core/index.ts';
import { conditionOf, numberAt, objectsAt, textAt } from '../../kubernetes/index.ts';
import { isReady } from './pods.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** The phases from the least to the most valuable. */
const PHASES = ['Pending', 'Unknown', 'Running'];

/**
 * Sorts pods so that the pods whose removal matters least are first. The first criterion in which two pods differ
 * decides: no node, an early phase, not ready, a low deletion cost, a node with many of the pods, a short time of
 * readiness, many restarts, a young pod.
 */
export function removalOrder(pods: readonly KubeObject[]): KubeObject[] {
  const perNode = new Map<string, number>();
  for (const pod of pods) perNode.set(nodeOf(pod), (perNode.get(nodeOf(pod)) ?? 0) + 1);
  const ranked = pods.map((pod) => ({ pod, rank: rankOf(pod, perNode.get(nodeOf(pod)) ?? 0) }));
  return ranked.toSorted((a, b) => compareRanks(a.rank, b.rank)).map(({ pod }) => pod);
}

const nodeOf = (pod: KubeObject): string => textAt(pod.spec, 'nodeName');

/** The criteria of a pod as numbers. The pod with the smaller number is removed first. */
function rankOf(pod: KubeObject, neighbours: number): readonly number[] {
  const ready = isReady(pod);
  const restarts = objectsAt(pod.status, 'containerStatuses').map((entry) => numberAt(entry, 'restartCount') ?? 0);
  return [
    nodeOf(pod) === '' ? 0 : 1,
    PHASES.indexOf(textAt(pod.status, 'phase')),
    ready ? 1 : 0,
    costOf(pod),
    -neighbours,
    ready ? -timeOf(conditionOf(pod, 'Ready')?.['lastTransitionTime']) : 0,
    -Math.max(0, ...restarts),
    -timeOf(pod.metadata.creationTimestamp),
  ];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value - other;
  }
  return 0;
}

const timeOf = (value: unknown): number => Date.parse(String(value)) || 0;

/** The deletion cost in the annotation of a pod: a 32-bit integer, otherwise 0. */
function costOf(pod: KubeObject): number {
  const text = pod.metadata.annotations?.[DELETION_COST] ?? '';
  const cost = /^(?:0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
  return cost === (cost | 0) ? cost : 0;
}
