import { type KubeObject, type ObjectRef, namespacedName, isJsonObject } from '@typekro/kit/core';
import type { GraphNode } from '../../graph/index.ts';
import type { CollectionNode, ResourceNode } from '../../graph/model.ts';
import { withoutExternal } from '../objects/compare.ts';
import { conditionFailureText } from '../reports/failure.ts';
import { type Fingerprint, digestText } from '../objects/fingerprint.ts';
import type { ForeignItem } from '../objects/foreign-items.ts';
import { CHILD_MANAGER, owningInstance } from '../objects/keys.ts';
import type { ApplyAction } from '../model.ts';
import type { Contest, FailedWrite, LiveObject } from '../observed-state.ts';
import { applying } from '../node-texts-0.10.ts';
import type { ObjectProblem } from '../node-texts.ts';
import { type FieldWriter, desiredFingerprint, writerName, writerOf, ownedFields } from '../objects/owned-fields.ts';
import { isNamespaceMissing, pausedWrite } from '../reports/paused-write.ts';
import { refusedItems } from '../reports/refusal-remedies.ts';
import type { ApiFailure, Because, Contested, ObjectReport, Terminating } from '../report.ts';
import type { WantedObject } from '../resolved.ts';
import type { StepContext } from '../step-context.ts';
import { type ObjectTarget, refOfTarget } from '../objects/target.ts';
import { type WriteDecision, OWNER_FIELD, wholeOf } from '../reports/write-decision.ts';

/** The state of one wanted object. */
export interface Assessed {
  readonly report: ObjectReport;
  readonly live?: KubeObject;
  readonly apply?: ApplyAction;
  readonly unread?: true;
  readonly terminating?: Terminating;
  readonly problem?: ObjectProblem & { readonly retryAt?: number };
  readonly contest?: Contest;
  /** Does the object need a write that is paused because of a contest? */
  readonly isPaused?: true;
  /** When a write that the server changed is repeated (`EquivalentDigests`). */
  readonly repeatAt?: number;
  /** Does the object need a write that a `propagateWhen` condition holds back? */
  readonly isHeld?: true;
}

/** The times at which an object must be assessed again without an event. */
export function retryTimesOf({ problem, contest, isPaused, repeatAt }: Assessed): number[] {
  const contestAt = isPaused === true ? contest?.retryAt : contest?.endsAt;
  return [problem?.retryAt, contestAt, repeatAt].filter((time) => time !== undefined);
}

/** An object with a contest, for the report of its node. */
export function contestedObject(object: ObjectRef, { fields, managers, retryAt, isOwn }: Contest): Contested {
  return { object, fields, managers, retryAt, ...(isOwn === undefined ? {} : { isOwn }) };
}

/** Compares an object that a node wants with the observed cluster. */
export function assessObject(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  wanted: WantedObject,
): Assessed {
  const writing = context.rules.applyOptions(context);
  const { target, desired } = wanted;
  const observed = observeTarget(context, node, target);
  if (observed.state === 'assessed') return observed.assessed;
  if (observed.state === 'absent') {
    const { report } = observed;
    const contest = context.observed.contest?.(target);
    if (contest?.isOwn === true && contest.retryAt > context.options.now) return { report, contest, isPaused: true };
    return { report, ...write(context, node, wanted, fingerprintOf(context, desired), { why: 'create' }, writing) };
  }

  const { live, report } = observed;
  const refusal = context.rules.refusal(context, node, target, live);
  if (refusal !== undefined) return { report, live: live.object, problem: refusal };

  const { externalFields, isScaled = false } = node;
  const whole = wholeOf(live);
  const isKept = isScaled && whole !== undefined;
  const wantedNow = isKept ? withKeptReplicas(desired, whole, writing.manager ?? CHILD_MANAGER) : desired;
  const fingerprint = fingerprintOf(context, wantedNow);
  const isFree = externalFields === undefined || whole === undefined;
  const sent = isFree ? wantedNow : withoutExternal(wantedNow, whole, externalFields);
  const decided = context.rules.decideWrite(context, sent, fingerprint, live);
  // Only the managed fields of the whole object show which of these fields another manager has written.
  const dependsOnManagers = externalFields !== undefined || isScaled;
  const isUnclear = decided.kind === 'apply' && dependsOnManagers && whole === undefined;
  const decision = isUnclear ? ({ kind: 'read' } as const) : decided;
  return assessLive(context, node, { ...wanted, desired: sent }, { live, decision, fingerprint, writing, report });
}

/**
 * The observed state of a target. An absent or present target may be written. For any other target, `assessed` is
 * already the final result.
 */
type ObservedTarget =
  | { readonly state: 'assessed'; readonly assessed: Assessed }
  | { readonly state: 'absent'; readonly report: ObjectReport }
  | { readonly state: 'present'; readonly live: LiveObject; readonly report: ObjectReport };

/**
 * Observes and watches a target. A target that is unknown, unreadable or being deleted is not compared with the wanted
 * object.
 */
export function observeTarget(context: StepContext, node: GraphNode, target: ObjectTarget): ObservedTarget {
  const object = refOfTarget(target);
  context.watches.push({ kind: 'object', nodeId: node.id, target });
  const observation = context.observed.object(target);
  if (observation.state === 'unknown') {
    context.reads.push({ kind: 'object', nodeId: node.id, target, why: 'unknown' });
    return { state: 'assessed', assessed: { report: { object, state: 'unknown' }, unread: true } };
  }
  if (observation.state === 'failed') {
    const problem = readProblem(context, target, observation);
    return { state: 'assessed', assessed: { report: { object, state: 'failed' }, problem } };
  }
  if (observation.state === 'absent') return { state: 'absent', report: { object, state: 'absent' } };
  const { live } = observation;
  const { uid, finalizers = [], deletionTimestamp } = live.object.metadata;
  const identity = { object, ...(uid === undefined ? {} : { uid }) };
  if (deletionTimestamp !== undefined) {
    const report: ObjectReport = { ...identity, state: 'deleting', finalizers, deletingSince: deletionTimestamp };
    const terminating = { object, finalizers, since: deletionTimestamp };
    return { state: 'assessed', assessed: { report, live: live.object, terminating } };
  }
  return { state: 'present', live, report: { ...identity, state: 'present' } };
}

/** The options of a write: field manager, subresource and force rule. */
export type Writing = Pick<ApplyAction, 'manager' | 'subresource' | 'force'>;

/** A live object, and the decision whether to write it. */
interface Compared {
  readonly live: LiveObject;
  readonly decision: WriteDecision;
  readonly fingerprint: Fingerprint;
  readonly writing: Writing;
  readonly report: ObjectReport;
}

/** Assesses an object that exists and may be written. */
export function assessLive(
  context: StepContext,
  node: GraphNode,
  wanted: WantedObject,
  { live, decision, fingerprint, writing, report }: Compared,
): Assessed {
  const { target } = wanted;
  const known = { report, live: live.object };
  if (decision.kind === 'read') {
    const failed = context.observed.failedRead?.(target);
    if (failed !== undefined && failed.retryAt > context.options.now) {
      return { ...known, problem: readProblem(context, target, failed) };
    }
    context.reads.push({ kind: 'whole-object', nodeId: node.id, target, why: 'no-equivalence' });
    return { ...known, unread: true };
  }
  const contest = context.observed.contest?.(target);
  const contested = contest === undefined ? {} : { contest };
  if (decision.kind === 'apply') {
    if (contest !== undefined && isPaused(context, contest, decision)) return { ...known, contest, isPaused: true };
    const { kind: _kind, ...change } = decision;
    return { ...known, ...contested, ...write(context, node, wanted, fingerprint, change, writing, live) };
  }
  if (decision.kind === 'equivalent') {
    const { manager, subresource } = writing;
    const writer = manager === undefined ? {} : { writer: writerName(writerOf(manager, subresource)) };
    context.equivalences.push({ target, pair: decision.pair, ...writer });
  } else if (decision.repeatAt !== undefined) return { ...known, ...contested, repeatAt: decision.repeatAt };
  return { ...known, ...contested };
}

/** The fingerprint of a desired object. */
export function fingerprintOf(context: StepContext, desired: KubeObject): Fingerprint {
  return context.options.memory?.fingerprint(desired) ?? desiredFingerprint(desired);
}

/**
 * Is the write of an object paused? True during the pause of a contest if only contested fields differ: the controller
 * corrects every other field at once. If the controller's own writes cause the contest, every write is paused.
 */
function isPaused(context: StepContext, contest: Contest, decision: WriteDecision & { kind: 'apply' }): boolean {
  const { why, differences, formerOwner } = decision;
  if (contest.retryAt <= context.options.now) return false;
  // Two instances may take an object from each other in turn. The contest then lists `OWNER_FIELD`, and the write is
  // paused.
  if (formerOwner !== undefined) return contest.fields.includes(OWNER_FIELD);
  if (contest.isOwn === true) return true;
  // An observer with a recorded contest (without an end) does not know what the controller wrote.
  if (why !== 'drift' && contest.endsAt !== Infinity) return false;
  return differences !== undefined && differences.every(({ path }) => contest.fields.includes(path));
}

/**
 * The result for an object that must be written: the write, or, during the pause after a failure, the failure of the
 * same write (`pausedWrite`).
 */
function write(
  context: StepContext,
  node: GraphNode,
  { target, desired }: WantedObject,
  fingerprint: Fingerprint,
  change: Omit<WriteDecision & { kind: 'apply' }, 'kind'>,
  writing: Writing,
  live?: LiveObject,
): Pick<Assessed, 'apply' | 'problem'> {
  const { uid, resourceVersion: version } = live?.object.metadata ?? {};
  const attempt = { digest: digestText(fingerprint), uid, ...(version === undefined ? {} : { version }) };
  const writer =
    node.nodeType === 'patch' ? writerName(writerOf(writing.manager ?? '', writing.subresource)) : undefined;
  const failed = pausedWrite(context.observed, target, attempt, context.options.now, writer);
  if (failed !== undefined) {
    // If namespaces are not watched, no event reports the creation of the missing namespace. The write is then repeated
    // only after the pause.
    if (
      target.namespace !== undefined &&
      context.observed.namespaceUid !== undefined &&
      isNamespaceMissing(failed.failure)
    )
      context.missingNamespaces.add(target.namespace);
    return { problem: writeProblem(context, node, target, failed, change.foreign, live) };
  }
  return {
    apply: {
      nodeId: node.id,
      target,
      desired,
      fingerprint,
      ...change,
      ...(uid === undefined ? {} : { uid }),
      ...writing,
      ...(version === undefined || writing.force === undefined ? {} : { version }),
    },
  };
}

/** The problem of a failed write. A conflict with other field managers has its own reason, `field-conflict`. */
function writeProblem(
  { graph }: StepContext,
  node: GraphNode,
  target: ObjectTarget,
  { failure, retryAt }: FailedWrite,
  items?: readonly ForeignItem[],
  live?: LiveObject,
): ObjectProblem & { readonly retryAt: number } {
  const object = refOfTarget(target);
  const foreign = refusedItems(graph, node.id, object, failure, items);
  const owner = live && owningInstance(live.object);
  const conflicts = failure.conflicts?.map((name) => (name === CHILD_MANAGER ? (owner ?? name) : name));
  const managers = conflicts ?? (node.nodeType === 'patch' && failure.code === 409 ? [] : undefined);
  const because: Because =
    managers === undefined
      ? { kind: 'write-failed', object, failure, retryAt, ...(foreign.length === 0 ? {} : { foreign }) }
      : { kind: 'field-conflict', object, failure, managers, retryAt };
  return { target, because, message: conditionFailureText(graph, failure, foreign), retryAt };
}

/** kro's message about an object that is being deleted, with its finalizers. */
export function terminatingText({ graph }: StepContext, node: GraphNode, entry: Terminating): string {
  const { object, finalizers, since } = entry;
  const held = finalizers.length === 0 ? '' : `; held by finalizers ${finalizers.join(', ')}`;
  const prefix = graph.definedBy === 'graph' ? `${applying(node)}: ` : '';
  return (
    `${prefix}resource "${namespacedName(object)}" for node "${node.id}" is currently being deleted; waiting for deletion to ` +
    `complete before continuing reconciliation (since ${since}${held})`
  );
}

/** The problem of an object that cannot be read. */
export function readProblem(
  { graph }: StepContext,
  target: ObjectTarget,
  { failure, retryAt }: { failure: ApiFailure; retryAt?: number },
): ObjectProblem & { readonly retryAt?: number } {
  const because: Because = { kind: 'read-failed', object: refOfTarget(target), failure };
  return {
    target,
    because,
    message: conditionFailureText(graph, failure),
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}

/**
 * The desired workload of an autoscaler, with the live number of replicas if the template no longer has the number and
 * this writer owns it. Without the number, server-side apply would remove the field, and the API server would set its
 * default of one replica. The writer loses the field as soon as the autoscaler changes the number.
 */
function withKeptReplicas(desired: KubeObject, live: KubeObject, writer: FieldWriter): KubeObject {
  const spec = desired.spec ?? {};
  const replicas = live.spec?.['replicas'];
  const owned = ownedFields(live, writer)?.['f:spec'];
  if (spec['replicas'] !== undefined || replicas === undefined) return desired;
  return isJsonObject(owned) && owned['f:replicas'] !== undefined
    ? { ...desired, spec: { ...spec, replicas } }
    : desired;
}
