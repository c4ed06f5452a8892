import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { ApplyAction, Condition, Decision, StepOptions } from '@typekro/engine/runtime';
import {
  FieldManager,
  FieldWriter,
  Fingerprint,
  keys,
  Member,
  ObjectKey,
  ObjectTarget,
  readConditions,
  step,
  Tracking,
  WriteRules,
} from '@typekro/engine/runtime';
import type { FakeCluster, ViewOptions } from './fake-cluster.ts';

/** The result of a loop of decisions that has reached its end. */
export interface Settled {
  readonly decision: Decision;
  /** The number of decisions that were carried out. A quiet decision is not counted. */
  readonly rounds: number;
  readonly instance: KubeObject | undefined;
}

export interface LoopOptions extends ViewOptions {
  readonly step?: Partial<StepOptions>;
  /** Called with every decision before it is carried out. */
  readonly onDecision?: (decision: Decision) => void;
  /**
   * The number of rounds after which the loop counts as endless. One more round is carried out before the error.
   * Default: 40.
   */
  readonly maxRounds?: number;
}

/**
 * Decides for an instance in a fake cluster and carries out the decisions, until a decision is quiet or the instance is
 * gone.
 */
export function settle(graph: Graph, key: string, cluster: FakeCluster, options: LoopOptions = {}): Settled {
  const { maxRounds = 40, onDecision } = options;
  for (let rounds = 0; rounds <= maxRounds; rounds += 1) {
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
  throw new Error(`not quiet after ${maxRounds} rounds`);
}

/** Decides one step. */
export function decide(graph: Graph, instance: KubeObject, cluster: FakeCluster, options: LoopOptions = {}): Decision {
  const now = Date.parse('2026-11-01T00:00:00Z');
  const { kinds, ...others } = options.step ?? {};
  const decision = step(graph, instance, cluster.view(graph, options), {
    now,
    definitionUid: 'rgd',
    ...others,
    kinds(type, nodeId) {
      const found = kinds?.(type);
      if (found !== undefined && nodeId !== undefined) cluster.keepComputedKind(graph, nodeId, type);
      return found;
    },
  });
  for (const { target, pair, writer } of decision.equivalences) cluster.setEquivalence(target, pair, writer);
  return decision;
}

/** Carries out one decision. The effects have the order that decisions require. */
export function carryOut(key: string, decision: Decision, cluster: FakeCluster, options: LoopOptions = {}): void {
  const now = options.step?.now ?? Date.parse('2026-11-01T00:00:00Z');
  for (const [object, manager] of [
    [decision.parent.labels, keys.LABEL_MANAGER],
    [decision.parent.inventory, keys.INVENTORY_MANAGER],
  ] as const) {
    if (object !== undefined) cluster.apply(object, manager);
  }
  const { addFinalizer, tracking, account } = decision.parent;
  if (addFinalizer === true) cluster.edit(key, ({ metadata }) => void (metadata.finalizers = [keys.GRAPH_FINALIZER]));
  if (tracking !== undefined) {
    const members = {
      ...Tracking.status(tracking),
      ...(account === undefined ? {} : { appliedServiceAccount: account }),
    };
    cluster.edit(key, (object) => void (object.status = { ...object.status, ...structuredClone(members) }));
  }
  for (const action of decision.apply) applyChild(action, cluster, now);
  for (const { target, uid, patch } of decision.orphan ?? []) {
    const key = ObjectKey.ofTarget(target);
    const failure = cluster.refuse.get(key);
    if (failure !== undefined) cluster.fail(target, { digest: Member.ORPHAN, uid, failure, retryAt: now + 1000 });
    else if (cluster.get(key)?.metadata.uid === uid) cluster.edit(key, (object) => removeNulls(object, patch));
  }
  for (const action of decision.delete) {
    const failure = cluster.refuse.get(ObjectKey.ofTarget(action.target));
    if (failure === undefined) cluster.delete(action.target, action.uid);
    else cluster.fail(action.target, { digest: '', uid: action.uid, failure, retryAt: now + 1000 });
  }
  for (const { target, manager, subresource, keepsFields = false } of decision.release ?? []) {
    if (keepsFields) {
      cluster.disown(ObjectKey.ofTarget(target), FieldWriter.nameOf(FieldWriter.of(manager, subresource)));
      continue;
    }
    const { apiVersion, kind, ...metadata } = ObjectTarget.refOf(target);
    const options = { force: false, ...(subresource === undefined ? {} : { subresource }) };
    cluster.apply({ apiVersion, kind, metadata }, manager, options);
  }
  for (const request of decision.read) cluster.read(request);
  if (decision.parent.removeFinalizer === true) {
    cluster.release(key, keys.FINALIZER);
    cluster.release(key, keys.GRAPH_FINALIZER);
  }
}

/** Removes the members of an object that a merge patch sets to null. */
function removeNulls(object: object, patch: JsonObject): void {
  for (const [name, value] of Object.entries(patch)) {
    const member: unknown = Reflect.get(object, name);
    if (value === null) Reflect.deleteProperty(object, name);
    else if (isJsonObject(value) && typeof member === 'object' && member !== null) removeNulls(member, value);
  }
}

/** Applies an object. After a conflict, applies it again with force if the action allows this. */
function applyChild(action: ApplyAction, cluster: FakeCluster, now: number): void {
  const { target, desired, fingerprint, uid, version, manager = keys.CHILD_MANAGER, subresource, force } = action;
  const part = subresource === undefined ? {} : { subresource };
  const first = cluster.apply(desired, manager, { force: (force ?? 'always') === 'always', ...part });
  const isForced = !('kind' in first) && WriteRules.mayForce(action, first.conflicts ?? []);
  const result = isForced ? cluster.apply(desired, manager, part) : first;
  const isChild = action.manager === undefined;
  const writer = FieldWriter.nameOf(FieldWriter.of(manager, subresource));
  const failures = isChild || FieldManager.isOfTemplate(manager) ? undefined : writer;
  if ('kind' in result) {
    cluster.fail(target, undefined, failures);
    const owned = FieldWriter.fingerprint(result, FieldWriter.of(manager, subresource));
    cluster.setEquivalence(target, { desired: fingerprint, owned }, isChild ? undefined : writer);
    return;
  }
  const conflictVersion = result.conflicts === undefined || version === undefined ? {} : { conflictVersion: version };
  const failed = {
    digest: Fingerprint.ofText(fingerprint),
    uid,
    failure: result,
    retryAt: now + 1000,
    ...conflictVersion,
  };
  cluster.fail(target, failed, failures);
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
  return ObjectKey.of(stored);
}

/** The state and the reason of each node by its id, as `state: reason`. */
export function statesOf(decision: Decision): Record<string, string> {
  return Object.fromEntries(decision.nodes.map(({ id, state, because }) => [id, `${state}: ${because.kind}`]));
}

/** Returns the condition of this type from the status of an instance. */
export function conditionOf(instance: KubeObject | undefined, type: string): Condition | undefined {
  return readConditions(instance?.status?.['conditions']).find((entry) => entry.type === type);
}
