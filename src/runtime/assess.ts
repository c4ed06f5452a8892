import type { KubeObject, ObjectRef } from '../core/index.ts';
import type { CollectionNode, ResourceNode } from '../graph/index.ts';
import { failureText } from './failure.ts';
import { namespacedName } from './identity.ts';
import type { ApiFailure, ApplyAction, ObjectTarget } from './model.ts';
import { refOfTarget } from './model.ts';
import { needsApply, refusalOf } from './need.ts';
import { desiredDigest } from './owned-fields.ts';
import { dataOf, itemsReady, listData, objectReady } from './ready.ts';
import type { Because, ObjectReport, Terminating } from './report.ts';
import type { NodeResult, Walk, WantedObject } from './walk.ts';

/** Where one wanted object stands. */
interface Assessed {
  readonly report: ObjectReport;
  readonly live?: KubeObject;
  readonly apply?: ApplyAction;
  readonly unread?: true;
  readonly terminating?: Terminating;
  readonly problem?: { readonly because: Because; readonly message: string; readonly retryAt?: number };
}

/**
 * Compares the objects that a node wants with what is known of the cluster: what has to be read or
 * written, what is in the way, and, when nothing is, whether the node is ready. Each object is looked at on
 * its own: one that fails does not hold up the others.
 */
export function assess(walk: Walk, node: ResourceNode | CollectionNode, wanted: readonly WantedObject[]): NodeResult {
  const items = wanted.map((object) => assessObject(walk, node, object));
  const live = items.flatMap((item) => (item.live === undefined ? [] : [item.live]));
  const apply = items.flatMap((item) => (item.apply === undefined ? [] : [item.apply]));
  const problems = items.flatMap((item) => (item.problem === undefined ? [] : [item.problem]));
  const retries = problems.flatMap(({ retryAt }) => (retryAt === undefined ? [] : [retryAt]));
  const only = live[0];
  const data = node.nodeType === 'collection' ? listData(live) : only === undefined ? undefined : dataOf(only);
  return {
    node,
    wanted,
    apply,
    written: items.every(isWritten),
    objects: items.map(({ report }) => report),
    ...(data === undefined ? {} : { data }),
    ...(retries.length === 0 ? {} : { retryAt: Math.min(...retries) }),
    ...stateOf(walk, node, items, live),
  };
}

function isWritten(item: Assessed): boolean {
  const { live, apply, unread, problem, terminating } = item;
  return live !== undefined && [apply, unread, problem, terminating].every((value) => value === undefined);
}

/** The node's state: problems first, then what is in the way, then what is unknown or due, then readiness. */
function stateOf(
  walk: Walk,
  node: ResourceNode | CollectionNode,
  items: readonly Assessed[],
  live: readonly KubeObject[],
): Pick<NodeResult, 'state' | 'because' | 'message'> {
  const problems = items.flatMap((item) => (item.problem === undefined ? [] : [item.problem]));
  const [problem] = problems;
  if (problem !== undefined) {
    return { state: 'failed', because: problem.because, message: problems.map(({ message }) => message).join('\n') };
  }
  const terminating = items.flatMap((item) => (item.terminating === undefined ? [] : [item.terminating]));
  if (terminating.length > 0) {
    return {
      state: 'blocked',
      because: { kind: 'being-deleted', objects: terminating },
      message: terminating.map((entry) => terminatingText(node.id, entry)).join('\n'),
    };
  }
  const unread = items.find((item) => item.unread === true);
  if (unread !== undefined) return { state: 'pending', because: { kind: 'unread', object: unread.report.object } };
  const [first, ...others] = items.flatMap((item) => (item.apply === undefined ? [] : [item.apply]));
  if (first !== undefined) {
    return { state: 'applying', because: { kind: 'write', action: first.why, count: others.length + 1 } };
  }
  if (node.nodeType === 'collection') {
    return items.length === 0
      ? { state: 'ready', because: { kind: 'no-items', dimension: emptyDimension(node) } }
      : itemsReady(walk, node, live);
  }
  const [object] = live;
  return object === undefined
    ? { state: 'waiting', because: { kind: 'items-missing', present: 0, wanted: 1 } }
    : objectReady(walk, node, object);
}

function assessObject(walk: Walk, node: ResourceNode | CollectionNode, wanted: WantedObject): Assessed {
  const { target, desired } = wanted;
  const object = refOfTarget(target);
  walk.watches.push({ kind: 'object', nodeId: node.id, target });
  const observation = walk.observed.object(target);
  if (observation.state === 'unknown') {
    walk.reads.push({ kind: 'object', nodeId: node.id, target, why: 'unknown' });
    return { report: { object, state: 'unknown' }, unread: true };
  }
  if (observation.state === 'failed') {
    return { report: { object, state: 'failed' }, problem: readProblem(object, observation.failure) };
  }
  if (observation.state === 'absent') {
    return { report: { object, state: 'absent' }, ...write(walk, node, wanted, desiredDigest(desired), 'create') };
  }

  const { live } = observation;
  const { uid, finalizers = [], deletionTimestamp } = live.object.metadata;
  const identity = { object, ...(uid === undefined ? {} : { uid }) };
  if (deletionTimestamp !== undefined) {
    const report: ObjectReport = { ...identity, state: 'deleting', finalizers, deletingSince: deletionTimestamp };
    return { report, live: live.object, terminating: { object, finalizers, since: deletionTimestamp } };
  }
  const report: ObjectReport = { ...identity, state: 'present' };
  const policy = walk.options.nodeAdoption?.get(node.id) ?? walk.options.adoption ?? 'adopt';
  const refusal = refusalOf(live.object, walk.instance, walk.applySet, policy);
  if (refusal !== undefined) return { report, live: live.object, problem: ownerProblem(walk, target, refusal.owner) };

  const digest = desiredDigest(desired);
  const need = needsApply(desired, digest, live);
  const known = { report, live: live.object };
  if (need.kind === 'read') {
    walk.reads.push({ kind: 'whole-object', nodeId: node.id, target, why: 'unsettled' });
    return { ...known, unread: true };
  }
  if (need.kind === 'apply') return { ...known, ...write(walk, node, wanted, digest, need.why, uid) };
  if (need.kind === 'settled') walk.settled.push({ target, pair: need.pair });
  return known;
}

/** The write that is due, or the failure of the last attempt while it is too early for another. */
function write(
  walk: Walk,
  node: ResourceNode | CollectionNode,
  { target, desired }: WantedObject,
  digest: string,
  why: ApplyAction['why'],
  uid?: string,
): Pick<Assessed, 'apply' | 'problem'> {
  const failed = walk.observed.failedWrite(target);
  if (failed !== undefined && failed.digest === digest && failed.retryAt > walk.options.now) {
    const { failure, retryAt } = failed;
    const because: Because = { kind: 'write-failed', object: refOfTarget(target), failure, retryAt };
    return { problem: { because, message: failureText(failure), retryAt } };
  }
  return { apply: { nodeId: node.id, target, desired, digest, why, ...(uid === undefined ? {} : { uid }) } };
}

/** kro's text for an object that is being deleted, and who holds it. */
function terminatingText(nodeId: string, { object, finalizers, since }: Terminating): string {
  const held = finalizers.length === 0 ? '' : `; held by finalizers ${finalizers.join(', ')}`;
  return (
    `resource "${namespacedName(object)}" for node "${nodeId}" is currently being deleted; waiting for deletion to ` +
    `complete before continuing reconciliation (since ${since}${held})`
  );
}

function readProblem(object: ObjectRef, failure: ApiFailure) {
  const because: Because = { kind: 'read-failed', object, failure };
  return { because, message: failureText(failure) };
}

function ownerProblem(walk: Walk, target: ObjectTarget, owner: string | undefined) {
  const object = refOfTarget(target);
  const because: Because = { kind: 'other-owner', object, ...(owner === undefined ? {} : { owner }) };
  const { group, version, kind } = target.type;
  const gvk = `${group}/${version}, Kind=${kind}`;
  const message =
    owner === undefined
      ? `resource exists and is not managed: ${namespacedName(target)} (${gvk}) may not be adopted`
      : `resource belongs to a different ApplySet: ${namespacedName(target)} (${gvk}) belongs to ApplySet "${owner}", cannot reassign to "${walk.applySet}"`;
  return { because, message };
}

function emptyDimension(node: CollectionNode): string {
  return node.forEach.map(({ name }) => name).join(', ');
}
