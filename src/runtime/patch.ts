import type { JsonObject, KubeObject } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import type { Graph, PatchNode } from '../graph/index.ts';
import type { Assessed, Writing } from './assess-object.ts';
import { assessLive, contestedObject, fingerprintOf, observeTarget, terminatingText } from './assess-object.ts';
import { resolveItems } from './collection.ts';
import { contestText } from './contest-text.ts';
import { patchManager, patchPrefix } from './field-managers.ts';
import { isSameFingerprint, LazyDigest } from './fingerprint.ts';
import type { Contribution, ForceOver } from './model.ts';
import { writerOf } from './owned-fields.ts';
import { constantReady } from './ready.ts';
import type { Resolved, WantedObject } from './resolved.ts';
import type { NodeResult, StepContext } from './step-context.ts';
import { unresolvedBy } from './step-context.ts';
import type { ObjectTarget } from './target.ts';
import { refOfTarget } from './target.ts';
import { fillTemplate } from './template.ts';
import { contributionKey, recordedTracking } from './tracking.ts';
import { targetOfTemplate } from './wanted.ts';
import { decideEngineWrite } from './write-decision.ts';

/** The objects into which a patch node writes, with the fields. The objects get no labels. */
export function resolvePatch(context: StepContext, node: PatchNode): Resolved {
  const wanted: WantedObject[] = [];
  const add = (filled: JsonObject, target: ObjectTarget) =>
    void wanted.push({ target, desired: fields(filled, target) });
  const { forEach } = node;
  if (forEach !== undefined) {
    const reason = resolveItems(context, { ...node, forEach }, add);
    return reason === undefined ? { state: 'resolved', wanted } : { state: 'unresolved', reason };
  }
  const filled = fillTemplate(node.template, context.ready, context.evaluation);
  if (filled.state !== 'value') {
    return { state: 'unresolved', reason: unresolvedBy(context, node, filled.state, filled.failure, filled.path) };
  }
  const targeted = targetOfTemplate(context, node, filled.value);
  if (!targeted.ok) return { state: 'unresolved', reason: targeted.reason };
  add(filled.value, targeted.target);
  return { state: 'resolved', wanted };
}

function fields(filled: JsonObject, { namespace }: ObjectTarget): KubeObject {
  const metadata = isJsonObject(filled['metadata']) ? filled['metadata'] : {};
  const place = namespace === undefined ? {} : { namespace };
  return { ...filled, metadata: { ...metadata, ...place } } as unknown as KubeObject;
}

/** The contribution of a patch node to an object. */
function contributionTo(target: ObjectTarget, { manager = '', subresource }: Writing): Contribution {
  return {
    ...refOfTarget(target),
    ...(subresource === undefined ? {} : { subresource }),
    fieldManager: manager,
  };
}

/** Does the status record the contribution? If so, the node has written the fields before. */
function isContribution({ instance }: StepContext, contribution: Contribution): boolean {
  const key = contributionKey(contribution);
  return recordedTracking(instance).contributions.some((entry) => contributionKey(entry) === key);
}

/** How a patch node writes: with a manager of its own, and without force, except for the status. */
function writingOf({ instance, graph }: StepContext, node: PatchNode): Writing {
  const { managers, force } = patchWriters(graph, instance.metadata.uid ?? '');
  const manager = managers.get(node.id) ?? '';
  return node.subresource === undefined
    ? { manager, force }
    : { manager, subresource: node.subresource, force: 'always' };
}

/** How the patch nodes of a Graph write. */
interface PatchWriters {
  /** The UID of the Graph. */
  readonly uid: string;
  /** The field managers by node id. */
  readonly managers: ReadonlyMap<string, string>;
  /** The rule by which a node may take over the fields of nodes that are gone. */
  readonly force: ForceOver;
}

const CACHE = new WeakMap<Graph, PatchWriters>();

/**
 * The field managers of a Graph's patch nodes. They are computed once for a graph, as long as the UID stays the same.
 */
export function patchWriters(graph: Graph, uid: string): PatchWriters {
  const known = CACHE.get(graph);
  if (known?.uid === uid) return known;
  const nodes = [...graph.nodes.values()].filter(({ nodeType }) => nodeType === 'patch');
  const managers = new Map(nodes.map(({ id }) => [id, patchManager(uid, id)]));
  const writers = { uid, managers, force: { prefix: patchPrefix(uid), except: [...managers.values()] } };
  CACHE.set(graph, writers);
  return writers;
}

/**
 * Compares the fields that a patch node wants with the observed objects. Each object is written alone. An object that
 * does not exist, or that is being deleted, makes the node wait.
 */
export function assessPatch(context: StepContext, node: PatchNode, wanted: readonly WantedObject[]): NodeResult {
  const writing = writingOf(context, node);
  const items = wanted.map((each) => assessTarget(context, node, each, writing));
  const apply = items.flatMap((item) => item.apply ?? []);
  const retries = items.flatMap(({ problem, contest, isPaused }) => [
    ...(problem?.retryAt === undefined ? [] : [problem.retryAt]),
    ...(contest === undefined ? [] : [isPaused === true ? contest.retryAt : contest.endsAt]),
  ]);
  const contributions = wanted.flatMap(({ target, desired }, index) => {
    const state = items[index]?.report.state;
    return state === 'absent' || contributesNothing(context, desired) ? [] : [contributionTo(target, writing)];
  });
  return {
    node,
    wanted: [],
    contributions,
    apply,
    inPlace: true,
    objects: items.map(({ report }) => report),
    ...(retries.length === 0 ? {} : { retryAt: Math.min(...retries) }),
    ...stateOf(context, node, items),
  };
}

/**
 * Does a patch name its target and no field? After an apply without fields, the manager would own nothing, and the next
 * step would find the same apply due again. An earlier contribution is released.
 */
function contributesNothing(context: StepContext, desired: KubeObject): boolean {
  return isSameFingerprint(fingerprintOf(context, desired), NO_FIELDS);
}

const NO_FIELDS = new LazyDigest({});

function stateOf(
  context: StepContext,
  node: PatchNode,
  items: readonly Assessed[],
): Pick<NodeResult, 'state' | 'because' | 'message'> {
  const [problem, ...others] = items.flatMap((item) => item.problem ?? []);
  const verdict = problem === undefined ? undefined : context.texts.problems(node, [problem, ...others]);
  if (verdict?.state === 'failed') return { ...verdict, state: 'failed' };
  const unread = items.find((item) => item.unread === true);
  if (unread !== undefined) return { state: 'pending', because: { kind: 'unread', object: unread.report.object } };
  const apply = items.flatMap((item) => item.apply ?? []);
  const [first] = apply;
  if (first !== undefined) {
    return { state: 'applying', because: { kind: 'write', action: first.why, count: apply.length } };
  }
  const terminating = items.flatMap((item) => item.terminating ?? []);
  if (verdict !== undefined) return { ...verdict, state: 'blocked' };
  if (terminating.length > 0) {
    const message = terminating.map((entry) => terminatingText(context, node, entry)).join('\n');
    return { state: 'blocked', because: { kind: 'being-deleted', objects: terminating }, message };
  }
  const contests = items.flatMap(({ contest, report: { object } }) =>
    contest === undefined ? [] : [contestedObject(object, contest)],
  );
  if (contests.length > 0) {
    const message = contests.map((contest) => `node "${node.id}": ${contestText(contest)}`).join('\n');
    return { state: 'waiting', because: { kind: 'contested', objects: contests }, message };
  }
  return constantReady(context, node);
}

function assessTarget(context: StepContext, node: PatchNode, wanted: WantedObject, writing: Writing): Assessed {
  const { target, desired } = wanted;
  const observed = observeTarget(context, node, target);
  if (observed.state === 'assessed') return observed.assessed;
  if (observed.state === 'absent') {
    const message = context.texts.targetMissing(node, target);
    const because = { kind: 'target-missing', object: refOfTarget(target) } as const;
    return { report: observed.report, problem: { target, because, message, absent: true } };
  }
  const { live, report } = observed;
  if (contributesNothing(context, desired)) return { report, live: live.object };
  const fingerprint = fingerprintOf(context, desired);
  const writer = writerOf(writing.manager ?? '', writing.subresource);
  const isRecorded = () => isContribution(context, contributionTo(target, writing));
  const decision = decideEngineWrite(desired, fingerprint, live, writer, isRecorded);
  return assessLive(context, node, wanted, { live, decision, fingerprint, writing, report });
}
