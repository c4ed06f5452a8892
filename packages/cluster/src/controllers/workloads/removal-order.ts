import type { KubeObject } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { conditionOf, numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { isReady } from '../pods/pod-state.ts';

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** The phases in the order of removal. */
const PHASES = ['Pending', 'Unknown', 'Running'];

/**
 * Sorts pods in the order in which Kubernetes removes them (`ActivePodsWithRanks`). The first criterion in which two
 * pods differ decides. A pod is removed earlier if it has no node, has an early phase, is not ready, has a low deletion
 * cost, shares its node with many related pods, became ready recently, has many restarts, or is young. Ages are
 * compared by their power of two. If two ages differ within the same power of two, the pod with the smaller UID is
 * first.
 *
 * @param related the pods that are counted per node
 * @param now the present time, in milliseconds since the epoch
 */
export function removalOrder(
  pods: readonly KubeObject[],
  related: readonly KubeObject[],
  now: number,
): readonly KubeObject[] {
  const perNode = new Map<string, number>();
  for (const pod of related) perNode.set(nodeOf(pod), (perNode.get(nodeOf(pod)) ?? 0) + 1);
  const ranked = pods.map((pod) => rankOf(pod, perNode.get(nodeOf(pod)) ?? 0));
  return ranked.toSorted((a, b) => compareRanks(a, b, now)).map(({ pod }) => pod);
}

const nodeOf = (pod: KubeObject): string => textAt(pod.spec, 'nodeName');

/**
 * The criteria of a pod. In `first` and `restarts`, the pod with the smaller number at the first difference is removed
 * first. `compareTimes` compares the times.
 */
interface RankedPod {
  readonly pod: KubeObject;
  /** The criteria that precede the time of readiness. */
  readonly first: readonly number[];
  /** The time when the pod became ready, or 0 when it is not ready or the time is not known. */
  readonly readyAt: number;
  readonly restarts: readonly number[];
  readonly createdAt: number;
}

function rankOf(pod: KubeObject, neighbours: number): RankedPod {
  const ready = isReady(pod);
  return {
    pod,
    first: [
      nodeOf(pod) === '' ? 0 : 1,
      PHASES.indexOf(textAt(pod.status, 'phase')),
      ready ? 1 : 0,
      costOf(pod),
      -neighbours,
    ],
    readyAt: ready ? timeOf(conditionOf(pod, 'Ready')?.['lastTransitionTime']) : 0,
    restarts: [-maxRestarts(pod, 'containerStatuses'), -maxRestarts(pod, 'initContainerStatuses', sidecarsOf(pod))],
    createdAt: timeOf(pod.metadata.creationTimestamp),
  };
}

function compareRanks(a: RankedPod, b: RankedPod, now: number): number {
  return (
    compareNumbers(a.first, b.first) ||
    compareTimes(a, b, 'readyAt', now) ||
    compareNumbers(a.restarts, b.restarts) ||
    compareTimes(a, b, 'createdAt', now)
  );
}

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    if (value !== other) return value - other;
  }
  return 0;
}

/** A pod without a time is first. Of two pods with times, the younger one is first, as described at `removalOrder`. */
function compareTimes(a: RankedPod, b: RankedPod, member: 'readyAt' | 'createdAt', now: number): number {
  const [time, other] = [a[member], b[member]];
  if (time === other) return 0;
  if (time === 0 || other === 0) return time - other;
  return powerOfAge(now - time) - powerOfAge(now - other) || compareText(uidOf(a.pod), uidOf(b.pod));
}

const NANOSECONDS_PER_MS = 1e6;

/** Returns the binary logarithm of an age in nanoseconds, or -1 for a time in the future. */
const powerOfAge = (milliseconds: number): number =>
  milliseconds > 0 ? Math.floor(Math.log2(milliseconds * NANOSECONDS_PER_MS)) : -1;

const uidOf = ({ metadata: { uid = '' } }: KubeObject): string => uid;

/** Returns the maximum number of restarts among the containers of a pod, or among the containers with these names. */
function maxRestarts(pod: KubeObject, statuses: string, names?: ReadonlySet<string>): number {
  const counted = objectsAt(pod.status, statuses).filter((entry) => names?.has(textAt(entry, 'name')) !== false);
  return Math.max(0, ...counted.map((entry) => numberAt(entry, 'restartCount') ?? 0));
}

/** Returns the names of the sidecars: init containers that run together with the other containers. */
const sidecarsOf = ({ spec }: KubeObject): ReadonlySet<string> =>
  new Set(
    objectsAt(spec, 'initContainers').flatMap((entry) =>
      entry['restartPolicy'] === 'Always' ? [textAt(entry, 'name')] : [],
    ),
  );

const timeOf = (value: unknown): number => Date.parse(String(value)) || 0;

/** Returns the deletion cost in the annotation of a pod, or 0 if it is not a 32-bit integer. */
function costOf(pod: KubeObject): number {
  const text = pod.metadata.annotations?.[DELETION_COST] ?? '';
  const cost = /^(?:0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
  return cost === (cost | 0) ? cost : 0;
}
