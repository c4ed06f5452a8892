import type { KubeObject } from '../core/index.ts';
import type { CollectionNode, ResourceNode } from '../graph/index.ts';
import { failureText, isRefusal } from './failure.ts';
import type { Fingerprint } from './fingerprint.ts';
import { digestText } from './fingerprint.ts';
import { namespacedName } from './identity.ts';
import type { ApplyAction, Contest } from './model.ts';
import type { OwnershipConflict, WriteDecision } from './write-decision.ts';
import { decideWrite, OWNER_FIELD, ownershipRefusal } from './write-decision.ts';
import type { ObjectProblem } from './node-texts.ts';
import { desiredFingerprint } from './owned-fields.ts';
import { pausedWrite } from './paused-write.ts';
import { dataOf, itemsReady, listData, objectReady } from './ready.ts';
import { contestText } from './contest-text.ts';
import type { Because, ObjectReport, Terminating, ApiFailure } from './report.ts';
import type { NodeResult, StepContext } from './step-context.ts';
import type { ObjectTarget } from './target.ts';
import { refOfTarget } from './target.ts';
import type { WantedObject } from './resolved.ts';

/** The state of one wanted object. */
interface Assessed {
  readonly report: ObjectReport;
  readonly live?: KubeObject;
  readonly apply?: ApplyAction;
  readonly unread?: true;
  readonly terminating?: Terminating;
  readonly problem?: ObjectProblem & { readonly retryAt?: number };
  readonly contest?: Contest;
  /** The object differs from the desired one and is not written now, because its differing fields are contested. */
  readonly held?: true;
}

/**
 * Compares the objects that a node wants with the observed cluster: what has to be read or written, what blocks the
 * node, and otherwise whether it is ready. Each object is assessed alone: a failed one does not delay the others.
 */
export function assess(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  wanted: readonly WantedObject[],
): NodeResult {
  const items = wanted.map((object) => assessObject(context, node, object));
  const live: KubeObject[] = [];
  const apply: ApplyAction[] = [];
  const retries: number[] = [];
  for (const item of items) {
    const { problem, contest } = item;
    if (item.live !== undefined) live.push(item.live);
    if (item.apply !== undefined) apply.push(item.apply);
    if (problem?.retryAt !== undefined) retries.push(problem.retryAt);
    if (contest !== undefined) retries.push(item.held === true ? contest.retryAt : contest.endsAt);
  }
  const only = live[0];
  const data = node.nodeType === 'collection' ? listData(live) : only === undefined ? undefined : dataOf(only);
  return {
    node,
    wanted,
    apply,
    inPlace: items.every(isInPlace),
    objects: items.map(({ report }) => report),
    ...(data === undefined ? {} : { data }),
    ...(retries.length === 0 ? {} : { retryAt: Math.min(...retries) }),
    ...stateOf(context, node, items, live, apply),
  };
}

/**
 * Does the object exist, either as desired or with an update that the server refuses? False after a temporary failure,
 * because the outcome of that write is not known.
 */
function isInPlace({ live, apply, unread, problem, terminating }: Assessed): boolean {
  if (live === undefined || apply !== undefined || unread === true || terminating !== undefined) return false;
  return problem === undefined || (problem.because.kind === 'write-failed' && isRefusal(problem.because.failure));
}

/**
 * The state of a node. The first that applies decides: a problem, an object that is being deleted, an object that is
 * not read yet, a write that is due, the readiness of the objects.
 */
function stateOf(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  items: readonly Assessed[],
  live: readonly KubeObject[],
  apply: readonly ApplyAction[],
): Pick<NodeResult, 'state' | 'because' | 'message' | 'usable'> {
  const [problem, ...others] = items.flatMap((item) => (item.problem === undefined ? [] : [item.problem]));
  const verdict = problem === undefined ? undefined : context.texts.problems(node, [problem, ...others]);
  if (verdict !== undefined && verdict.state !== 'tolerated') {
    const usable = isUsable(context, node, items, live) ? ({ usable: true } as const) : {};
    return { ...verdict, state: verdict.state, ...usable };
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
  const [first] = apply;
  if (first !== undefined) {
    return { state: 'applying', because: { kind: 'write', action: first.why, count: apply.length } };
  }
  const readiness = readinessOf(context, node, live);
  if (readiness.state !== 'ready') return readiness;
  const tolerated = verdict === undefined ? readiness : ({ state: 'ready', because: verdict.because } as const);
  return contestOf(node, items) ?? tolerated;
}

/**
 * May other nodes read a node with a failed read or write? As in kro, they may when all its objects exist and are ready
 * as they are. An object of another ApplySet counts for a single resource, not for an item of a collection.
 */
function isUsable(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  items: readonly Assessed[],
  live: readonly KubeObject[],
): boolean {
  const standing = items.every(({ live: object, terminating, unread, problem }) => {
    if (object === undefined || terminating !== undefined || unread === true) return false;
    const because = problem?.because;
    if (because === undefined || because.kind === 'write-failed' || because.kind === 'read-failed') return true;
    return because.kind === 'other-owner' && because.owner !== undefined && node.nodeType === 'resource';
  });
  return standing && readinessOf(context, node, live).state === 'ready';
}

function readinessOf(context: StepContext, node: ResourceNode | CollectionNode, live: readonly KubeObject[]) {
  if (node.nodeType === 'collection') return live.length > 0 ? itemsReady(context, node, live) : withoutItems(node);
  const [object] = live;
  return object === undefined
    ? ({ state: 'waiting', because: { kind: 'items-missing', present: 0, wanted: 1 } } as const)
    : objectReady(context, node, object);
}

function withoutItems(node: CollectionNode) {
  return { state: 'ready', because: { kind: 'no-items', dimension: emptyDimension(node) } } as const;
}

/** A node that is ready except for contested fields: other nodes may use it, and the status names the contest. */
function contestOf(
  node: ResourceNode | CollectionNode,
  items: readonly Assessed[],
): Pick<NodeResult, 'state' | 'because' | 'message' | 'usable'> | undefined {
  const contests = items.flatMap(({ contest, report }) =>
    contest === undefined
      ? []
      : [{ object: report.object, fields: contest.fields, managers: contest.managers, retryAt: contest.retryAt }],
  );
  if (contests.length === 0) return undefined;
  const message = contests.map((contest) => `node "${node.id}": ${contestText(contest)}`).join('\n');
  return { state: 'waiting', because: { kind: 'contested', objects: contests }, message, usable: true };
}

function assessObject(context: StepContext, node: ResourceNode | CollectionNode, wanted: WantedObject): Assessed {
  const { target, desired } = wanted;
  const object = refOfTarget(target);
  context.watches.push({ kind: 'object', nodeId: node.id, target });
  const observation = context.observed.object(target);
  if (observation.state === 'unknown') {
    context.reads.push({ kind: 'object', nodeId: node.id, target, why: 'unknown' });
    return { report: { object, state: 'unknown' }, unread: true };
  }
  if (observation.state === 'failed') {
    return { report: { object, state: 'failed' }, problem: readProblem(target, observation, true) };
  }
  if (observation.state === 'absent') {
    return {
      report: { object, state: 'absent' },
      ...write(context, node, wanted, fingerprintOf(context, desired), { why: 'create' }),
    };
  }

  const { live } = observation;
  const { uid, finalizers = [], deletionTimestamp } = live.object.metadata;
  const identity = { object, ...(uid === undefined ? {} : { uid }) };
  if (deletionTimestamp !== undefined) {
    const report: ObjectReport = { ...identity, state: 'deleting', finalizers, deletingSince: deletionTimestamp };
    return { report, live: live.object, terminating: { object, finalizers, since: deletionTimestamp } };
  }
  const report: ObjectReport = { ...identity, state: 'present' };
  const policy = context.options.nodeAdoption?.get(node.id) ?? context.options.adoption ?? 'adopt';
  const refusal = ownershipRefusal(live.object, context.instance, context.applySet, policy);
  if (refusal !== undefined) return { report, live: live.object, problem: ownerProblem(context, target, refusal) };

  const fingerprint = fingerprintOf(context, desired);
  const decision = decideWrite(desired, fingerprint, live);
  const known = { report, live: live.object };
  if (decision.kind === 'read') {
    const failed = context.observed.failedRead?.(target);
    if (failed !== undefined && failed.retryAt > context.options.now) {
      return { ...known, problem: readProblem(target, failed, false) };
    }
    context.reads.push({ kind: 'whole-object', nodeId: node.id, target, why: 'no-equivalence' });
    return { ...known, unread: true };
  }
  const contest = context.observed.contest?.(target);
  const contested = contest === undefined ? {} : { contest };
  if (decision.kind === 'apply') {
    if (contest !== undefined && isHeld(context, contest, decision)) return { ...known, contest, held: true };
    return { ...known, ...contested, ...write(context, node, wanted, fingerprint, decision, uid) };
  }
  if (decision.kind === 'equivalent') context.equivalences.push({ target, pair: decision.pair });
  return { ...known, ...contested };
}

function fingerprintOf(context: StepContext, desired: KubeObject): Fingerprint {
  return context.options.memory?.fingerprint(desired) ?? desiredFingerprint(desired);
}

/**
 * Is the write of an object held back? True during the pause of a contest when only contested fields differ: the
 * controller corrects any other field at once.
 */
function isHeld(context: StepContext, contest: Contest, decision: WriteDecision & { kind: 'apply' }): boolean {
  const { why, differences, formerOwner } = decision;
  if (contest.retryAt <= context.options.now) return false;
  // Without this rule, two instances that take an object from each other would do so without any pause.
  if (formerOwner !== undefined) return contest.fields.includes(OWNER_FIELD);
  if (why !== 'drift') return false;
  return differences !== undefined && differences.every(({ path }) => contest.fields.includes(path));
}

/** The write that is due; during the pause after the same write failed (`pausedWrite`), the failure. */
function write(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  { target, desired }: WantedObject,
  fingerprint: Fingerprint,
  { why, differences, lastWriter, formerOwner }: Omit<WriteDecision & { kind: 'apply' }, 'kind'>,
  uid?: string,
): Pick<Assessed, 'apply' | 'problem'> {
  const attempt = { digest: digestText(fingerprint), uid };
  const failed = pausedWrite(context.observed, target, attempt, context.options.now);
  if (failed !== undefined) {
    const { failure, retryAt } = failed;
    const because: Because = { kind: 'write-failed', object: refOfTarget(target), failure, retryAt };
    return { problem: { target, because, message: failureText(failure), absent: uid === undefined, retryAt } };
  }
  return {
    apply: {
      nodeId: node.id,
      target,
      desired,
      fingerprint,
      why,
      ...(uid === undefined ? {} : { uid }),
      ...(differences === undefined ? {} : { differences }),
      ...(lastWriter === undefined ? {} : { lastWriter }),
      ...(formerOwner === undefined ? {} : { formerOwner }),
    },
  };
}

/** kro's text for an object that is being deleted, with its finalizers. */
function terminatingText(nodeId: string, { object, finalizers, since }: Terminating): string {
  const held = finalizers.length === 0 ? '' : `; held by finalizers ${finalizers.join(', ')}`;
  return (
    `resource "${namespacedName(object)}" for node "${nodeId}" is currently being deleted; waiting for deletion to ` +
    `complete before continuing reconciliation (since ${since}${held})`
  );
}

function readProblem(
  target: ObjectTarget,
  { failure, retryAt }: { failure: ApiFailure; retryAt?: number },
  absent: boolean,
) {
  const because: Because = { kind: 'read-failed', object: refOfTarget(target), failure };
  return { target, because, message: failureText(failure), absent, ...(retryAt === undefined ? {} : { retryAt }) };
}

function ownerProblem(context: StepContext, target: ObjectTarget, { owner, instance }: OwnershipConflict) {
  const object = refOfTarget(target);
  const because: Because = {
    kind: 'other-owner',
    object,
    ...(owner === undefined ? {} : { owner }),
    ...(instance === undefined ? {} : { instance }),
  };
  const { group, version, kind } = target.type;
  const gvk = `${group}/${version}, Kind=${kind}`;
  const message =
    owner === undefined
      ? `resource exists and is not managed: ${namespacedName(target)} (${gvk}) may not be adopted`
      : `resource belongs to a different ApplySet: ${namespacedName(target)} (${gvk}) belongs to ApplySet "${owner}", cannot reassign to "${context.applySet}"`;
  return { target, because, message, absent: false };
}

function emptyDimension(node: CollectionNode): string {
  return node.forEach.map(({ name }) => name).join(', ');
}
