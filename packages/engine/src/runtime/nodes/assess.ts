import type { KubeObject } from '@typekro/kit/core';
import type { CollectionNode, ResourceNode } from '../../graph/model.ts';
import { type Assessed, assessObject, contestedObject, retryTimesOf, terminatingText } from './assess-object.ts';
import { contestText } from '../reports/explain.ts';
import { isRefusal } from '../reports/failure.ts';
import type { ApplyAction } from '../model.ts';
import { dataOf, itemsReady, listData, objectReady, published } from './ready.ts';
import { type Hold, hasPropagation, holdBack, progressOfItems } from './propagate.ts';
import type { WantedObject } from '../resolved.ts';
import type { NodeResult, StepContext } from '../step-context.ts';

/**
 * Compares the objects that a node wants with the observed cluster. The result contains the necessary reads and writes,
 * the reason that blocks the node, or the node's readiness. Each object is assessed independently: a failed object does
 * not delay the others.
 */
export function assess(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  wanted: readonly WantedObject[],
): NodeResult {
  const { items, hold } = holdBack(
    context,
    node,
    wanted.map((object) => assessObject(context, node, object)),
  );
  const live: KubeObject[] = [];
  const apply: ApplyAction[] = [];
  const retries: number[] = [];
  for (const item of items) {
    if (item.live !== undefined) live.push(item.live);
    if (item.apply !== undefined) apply.push(item.apply);
    retries.push(...retryTimesOf(item));
  }
  if (hold?.retryAt !== undefined) retries.push(hold.retryAt);
  const only = live[0];
  const data = node.nodeType === 'collection' ? listData(live) : only === undefined ? undefined : dataOf(only);
  return {
    node,
    wanted,
    apply,
    inPlace: items.every((item) => isInPlace(item) && item.isHeld !== true),
    ...(items.some(({ isHeld }) => isHeld) && items.every(isInPlace) ? { standing: true as const } : {}),
    objects: items.map(({ report }) => report),
    ...(data === undefined ? {} : { data }),
    ...(retries.length === 0 ? {} : { retryAt: Math.min(...retries) }),
    ...(hasPropagation(context.graph) ? { progress: progressOfItems(items) } : {}),
    ...stateOf(context, node, { items, hold, live, apply }),
  };
}

/**
 * Does the object count as written? True for an existing object that is as desired, whose change is held back or
 * paused, or whose update the server refuses. False after a temporary failure, because the outcome of the failed write
 * is unknown.
 */
function isInPlace({ live, apply, unread, problem, terminating }: Assessed): boolean {
  if (live === undefined || apply !== undefined || unread === true || terminating !== undefined) return false;
  return problem === undefined || (problem.because.kind === 'write-failed' && isRefusal(problem.because.failure));
}

/** The assessed objects of a node. */
interface Compared {
  readonly items: readonly Assessed[];
  readonly hold: Hold | undefined;
  readonly live: readonly KubeObject[];
  readonly apply: readonly ApplyAction[];
}

/**
 * The state of a node. The first of these cases that applies decides: a problem, an object that is being deleted, an unread object, a necessary write, a write that is held back, a paused creation, the readiness of
 * the objects.
 */
function stateOf(
  context: StepContext,
  node: ResourceNode | CollectionNode,
  { items, hold, live, apply }: Compared,
): Pick<NodeResult, 'state' | 'because' | 'message' | 'usable'> {
  const [problem, ...others] = items.flatMap((item) => (item.problem === undefined ? [] : [item.problem]));
  if (problem !== undefined) {
    const usable = isUsable(context, node, items, live) ? ({ usable: true } as const) : {};
    return { ...context.texts.problems(node, [problem, ...others]), ...usable };
  }
  const terminating = items.flatMap((item) => (item.terminating === undefined ? [] : [item.terminating]));
  if (terminating.length > 0) {
    return {
      state: 'blocked',
      because: { kind: 'being-deleted', objects: terminating },
      message: terminating.map((entry) => terminatingText(context, node, entry)).join('\n'),
    };
  }
  const unread = items.find((item) => item.unread === true);
  if (unread !== undefined) return { state: 'pending', because: { kind: 'unread', object: unread.report.object } };
  const [first] = apply;
  if (first !== undefined) {
    return { state: 'applying', because: { kind: 'write', action: first.why, count: apply.length } };
  }
  if (hold !== undefined) {
    const isComplete = live.length === items.length && readinessOf(context, node, live).state === 'ready';
    const { state, because, message } = hold;
    return { state, because, ...(message === undefined ? {} : { message }), ...(isComplete ? { usable: true } : {}) };
  }
  // Missing objects whose creation is paused.
  const uncreated = items.filter(({ isPaused, live: object }) => isPaused === true && object === undefined);
  const unwritten = contestOf(node, uncreated);
  if (unwritten !== undefined) return unwritten;
  const readiness = published(context, readinessOf(context, node, live));
  if (readiness.state !== 'ready') return readiness;
  const contested = contestOf(node, items);
  return contested === undefined ? readiness : { ...contested, usable: true };
}

/**
 * May other nodes read a node with a problem? Not after a failed write: the nodes that read this node keep their
 * present state, as they do while it is not ready after a write. As in kro, they may read it after a failed read if all
 * its objects exist and are ready in their present state. An object of another ApplySet is accepted for a single
 * resource, but not for an item of a collection.
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
    if (because === undefined || because.kind === 'read-failed') return true;
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

/** The state of a node with contested fields. The reason names the contests. `undefined` if there is no contest. */
function contestOf(
  node: ResourceNode | CollectionNode,
  items: readonly Assessed[],
): Pick<NodeResult, 'state' | 'because' | 'message'> | undefined {
  const contests = items.flatMap(({ contest, report }) =>
    contest === undefined ? [] : [contestedObject(report.object, contest)],
  );
  if (contests.length === 0) return undefined;
  const message = contests.map((contest) => `node "${node.id}": ${contestText(contest)}`).join('\n');
  return { state: 'waiting', because: { kind: 'contested', objects: contests }, message };
}

function emptyDimension(node: CollectionNode): string {
  return node.forEach.map(({ name }) => name).join(', ');
}
