import type { JsonObject, KubeObject } from '../../src/core/index.ts';
import type { Graph } from '../../src/graph/index.ts';
import type { Condition, Decision, StepOptions } from '../../src/runtime/index.ts';
import {
  digestText,
  keys,
  objectKey,
  ownedFingerprintOf,
  readConditions,
  step,
  targetKey,
} from '../../src/runtime/index.ts';
import type { FakeCluster, ViewOptions } from './fake-cluster.ts';

/** The result of carrying decisions out until nothing is left to do. */
export interface Settled {
  readonly decision: Decision;
  /** Number of steps that wrote something. The last step, which writes nothing, is not counted. */
  readonly rounds: number;
  readonly instance: KubeObject | undefined;
}

export interface LoopOptions extends ViewOptions {
  readonly step?: Partial<StepOptions>;
  /** Called with every decision before it is carried out. */
  readonly onDecision?: (decision: Decision) => void;
  /** The loop counts as endless after this many rounds. Default 40. */
  readonly mostRounds?: number;
}

/** Decides and carries out for an instance in a fake cluster, until a decision writes nothing. */
export function settle(graph: Graph, key: string, cluster: FakeCluster, options: LoopOptions = {}): Settled {
  const { mostRounds = 40, onDecision } = options;
  for (let rounds = 0; rounds <= mostRounds; rounds += 1) {
    const instance = cluster.get(key);
    if (instance === undefined) throw new Error(`no instance ${key}`);
    const decision = decide(graph, instance, cluster, options);
    onDecision?.(decision);
    if (decision.quiet) {
      if (decision.statusChanged)
        cluster.edit(key, (object) => void (object.status = structuredClone(decision.status)));
      return { decision, rounds, instance: cluster.get(key) };
    }
    carryOut(key, decision, cluster, options);
    if (cluster.get(key) === undefined) return { decision, rounds: rounds + 1, instance: undefined };
  }
  throw new Error(`not quiet after ${mostRounds} rounds`);
}

/** Decides one step. */
export function decide(graph: Graph, instance: KubeObject, cluster: FakeCluster, options: LoopOptions = {}): Decision {
  const now = Date.parse('2026-11-01T00:00:00Z');
  const decision = step(graph, instance, cluster.view(graph, options), { now, definitionUid: 'rgd', ...options.step });
  for (const { target, pair } of decision.equivalences) cluster.setEquivalence(target, pair);
  return decision;
}

/** Carries out one decision, in the order that decisions require. */
export function carryOut(key: string, decision: Decision, cluster: FakeCluster, options: LoopOptions = {}): void {
  const now = options.step?.now ?? Date.parse('2026-11-01T00:00:00Z');
  for (const [object, manager] of [
    [decision.parent.labels, keys.LABEL_MANAGER],
    [decision.parent.inventory, keys.INVENTORY_MANAGER],
  ] as const) {
    if (object !== undefined) cluster.apply(object, manager);
  }
  for (const action of decision.apply) {
    const result = cluster.apply(action.desired, keys.CHILD_MANAGER);
    if ('kind' in result) {
      cluster.fail(action.target, undefined);
      cluster.setEquivalence(action.target, {
        desired: action.fingerprint,
        owned: ownedFingerprintOf({ object: result }),
      });
    } else {
      const attempt = { digest: digestText(action.fingerprint), uid: action.uid };
      cluster.fail(action.target, { ...attempt, failure: result, retryAt: now + 1000 });
    }
  }
  for (const action of decision.delete) {
    const failure = cluster.refuse.get(targetKey(action.target));
    if (failure === undefined) cluster.delete(action.target, action.uid);
    else cluster.fail(action.target, { digest: '', uid: action.uid, failure, retryAt: now + 1000 });
  }
  for (const request of decision.read) cluster.read(request);
  if (decision.parent.removeFinalizer === true) cluster.release(key, keys.FINALIZER);
}

/** Stores an instance in the cluster and returns its key. */
export function putInstance(
  graph: Graph,
  cluster: FakeCluster,
  name: string,
  spec: JsonObject,
  namespace = 'ns',
): string {
  const { group, version, kind, namespaced } = graph.instance;
  const metadata = { name, ...(namespaced ? { namespace } : {}), creationTimestamp: '2026-10-31T00:00:00Z' };
  const object: KubeObject = { apiVersion: `${group}/${version}`, kind, metadata, spec };
  const stored = cluster.put(object);
  return objectKey(stored);
}

/** `state: reason` by node id. */
export function statesOf(decision: Decision): Record<string, string> {
  return Object.fromEntries(decision.nodes.map(({ id, state, because }) => [id, `${state}: ${because.kind}`]));
}

/** Returns the condition of this type from the status of an instance. */
export function conditionOf(instance: KubeObject | undefined, type: string): Condition | undefined {
  return readConditions(instance?.status?.['conditions']).find((entry) => entry.type === type);
}
