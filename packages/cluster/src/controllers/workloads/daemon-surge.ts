import { type KubeObject, grouped } from '@typekro/kit/core';

/** The state of a DaemonSet's pods and nodes, for a rolling update with `maxSurge`. */
export interface SurgeState {
  /** The names of the nodes that should have a pod. */
  readonly nodes: readonly string[];
  /** The names of the nodes that keep an existing pod and get no new one. */
  readonly keep: readonly string[];
  /** The pods that run and are not being deleted, in the order of `compareBoundThenAge`. */
  readonly pods: readonly KubeObject[];
  /** The `maxSurge` of the update strategy, as a number of nodes. */
  readonly maxSurge: number;
  readonly nodeOf: (pod: KubeObject) => string;
  /** Returns true when the pod has the present revision. */
  readonly isNew: (pod: KubeObject) => boolean;
  readonly isReady: (pod: KubeObject) => boolean;
  readonly isAvailable: (pod: KubeObject) => boolean;
}

/** The pods to remove, and the nodes on which to create a pod. */
export interface SurgePlan {
  readonly remove: readonly KubeObject[];
  readonly create: readonly string[];
}

/**
 * Returns the next step of a rolling update that creates new pods next to old ones, by the rules of the DaemonSet
 * controller. An old pod that is ready is kept until its successor is available. The successor of an old pod that is
 * not available is created immediately, even when the surge is used up. A node in `keep` gets no new pod. Its old pod
 * is removed when the pod is not available, or when the available pods outnumber `nodes`.
 */
export function surgePlan(state: SurgeState): SurgePlan {
  const { nodes, keep, pods, nodeOf, isNew, isReady, isAvailable } = state;
  const byNode = grouped(pods, nodeOf);
  const remove: KubeObject[] = [];
  const empty: string[] = [];
  const broken: string[] = [];
  const candidates: string[] = [];
  const leaving: KubeObject[] = [];
  const run = new Set(nodes);
  const known = [...nodes, ...keep];
  let [surging, available] = [0, 0];
  for (const node of known) {
    const onNode = byNode.get(node) ?? [];
    const [next, ...laterNew] = onNode.filter(isNew);
    const [old, ...laterOld] = onNode.filter((pod) => !isNew(pod));
    remove.push(...laterNew, ...laterOld);
    const counted = old ?? next;
    if (counted !== undefined && isAvailable(counted)) available += 1;
    if (old === undefined) {
      if (next === undefined && run.has(node)) empty.push(node);
    } else if (next !== undefined) {
      if (isAvailable(next) || !isReady(old)) remove.push(old);
      else surging += 1;
    } else if (run.has(node)) (isAvailable(old) ? candidates : broken).push(node);
    else (isAvailable(old) ? leaving : remove).push(old);
  }
  const hosts = new Set(known);
  remove.push(...pods.filter((pod) => !hosts.has(nodeOf(pod))));
  remove.push(...leaving.slice(0, Math.max(0, available - nodes.length)));
  const room = Math.max(0, state.maxSurge - surging);
  return { remove, create: [...empty, ...broken, ...candidates.slice(0, room)] };
}
