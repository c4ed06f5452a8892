import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import type { Graph } from '../../graph/index.ts';
import type { PatchNode } from '../../graph/model.ts';
import type { Assessed, Writing } from './assess-object.ts';
import {
  assessLive,
  contestedObject,
  fingerprintOf,
  retryTimesOf,
  observeTarget,
  terminatingText,
} from './assess-object.ts';
import { resolveItems } from './collection.ts';
import { contestText } from '../reports/explain.ts';
import { patchManager, patchPrefix } from '../objects/field-managers.ts';
import { isSameFingerprint, LazyDigest } from '../objects/fingerprint.ts';
import type { Contribution, ForceOver } from '../model.ts';
import { writerOf } from '../objects/owned-fields.ts';
import { constantReady } from './ready.ts';
import type { Resolved, WantedObject } from '../resolved.ts';
import { type NodeResult, type StepContext, unresolvedBy } from '../step-context.ts';
import { type ObjectTarget, refOfTarget } from '../objects/target.ts';
import { fillTemplate } from '../template.ts';
import { contributionKey, recordedTracking } from '../tracking.ts';
import { targetOfTemplate } from './wanted.ts';
import { decideEngineWrite } from '../reports/write-decision.ts';

/**
 * Resolves the objects into which a patch node writes, and the fields to write. The node adds no labels to these
 * objects.
 */
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
  return { ...filled, metadata: { ...metadata, ...place } } as KubeObject;
}

/** The contribution of a patch node to an object. */
function contributionTo(target: ObjectTarget, { manager = '', subresource }: Writing): Contribution {
  return { ...refOfTarget(target), ...(subresource === undefined ? {} : { subresource }), fieldManager: manager };
}

/** Does the status record the contribution? If so, the node has written the fields before. */
function isContribution({ instance }: StepContext, contribution: Contribution): boolean {
  const key = contributionKey(contribution);
  return recordedTracking(instance).contributions.some((entry) => contributionKey(entry) === key);
}

/**
 * The write options of a patch node: its own field manager, and its force rule. A patch of the status is always forced.
 * Any other patch takes over only the fields of removed nodes.
 */
function writingOf({ instance, graph }: StepContext, node: PatchNode): Writing {
  const { managers, force } = patchWriters(graph, instance.metadata.uid ?? '');
  const manager = managers.get(node.id) ?? '';
  return node.subresource === undefined
    ? { manager, force }
    : { manager, subresource: node.subresource, force: 'always' };
}

/** The field managers and the force rule of a Graph's patch nodes. */
interface PatchWriters {
  /** The UID of the Graph. */
  readonly uid: string;
  /** Maps a node id to the node's field manager. */
  readonly managers: ReadonlyMap<string, string>;
  /** The rule by which a node may take over the fields of removed nodes. */
  readonly force: ForceOver;
}

const CACHE = new WeakMap<Graph, PatchWriters>();

/** The field managers of a Graph's patch nodes. The result is cached per graph while the UID stays the same. */
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
 * Compares the fields that a patch node wants with the observed objects. Each object is written independently. The node
 * waits for an object that does not exist or is being deleted.
 */
export function assessPatch(context: StepContext, node: PatchNode, wanted: readonly WantedObject[]): NodeResult {
  const writing = writingOf(context, node);
  const items = wanted.map((each) => assessTarget(context, node, each, writing));
  const apply = items.flatMap((item) => item.apply ?? []);
  const retries = items.flatMap(retryTimesOf);
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
 * Does a patch contain only the identity of its target? Such a patch is not applied: the manager would own no field,
 * and the next step would request the same apply again. An earlier contribution is released.
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
    return { report: observed.report, problem: { target, because, message } };
  }
  const { live, report } = observed;
  if (contributesNothing(context, desired)) return { report, live: live.object };
  const fingerprint = fingerprintOf(context, desired);
  const writer = writerOf(writing.manager ?? '', writing.subresource);
  const isRecorded = () => isContribution(context, contributionTo(target, writing));
  const decision = decideEngineWrite(desired, fingerprint, live, writer, isRecorded, context.options.now);
  return assessLive(context, node, wanted, { live, decision, fingerprint, writing, report });
}
