import { gvkOf, namespacedName, refOf } from '@typekro/kit/core';
import type { ConditionContent } from '../conditions.ts';
import { groupKindText } from '../objects/identity.ts';
import { wantedScope } from '../inventory.ts';
import type { InstanceState } from '../model.ts';
import type { Pruning } from '../prune.ts';
import type { NodeResult, StepContext } from '../step-context.ts';
import { KroLevel, Nodes } from '../../graph/index.ts';

/** The next two conditions have fixed messages, because clients of kro compare these messages with fixed strings. */
export const MANAGED: ConditionContent = {
  status: 'True',
  reason: 'Managed',
  message: 'instance is properly managed with finalizers and labels',
};
export const RESOLVED: ConditionContent = {
  status: 'True',
  reason: 'Resolved',
  message: 'runtime graph created and all resources resolved',
};
const ALL_READY: ConditionContent = {
  status: 'True',
  reason: 'AllResourcesReady',
  message: 'all resources are created and ready',
};
const SUSPENDED: ConditionContent = {
  status: 'False',
  reason: 'ReconciliationSuspended',
  message: 'reconciliation suspended via kro.run/reconcile annotation',
};

/**
 * The ResourcesReady condition. At level 0.9, the message names the problems, grouped by their kind and in topological
 * order within each group, so that equal failures produce equal messages. Of the duplicate objects, it names only the
 * first. At level 0.10, the message names the problems of one group (`engineReadiness`). If no unfinished node has a
 * message, the condition lists the ids of the unfinished nodes.
 */
export function resourcesReadyCondition(context: StepContext, pruning: Pruning, suspended: boolean): ConditionContent {
  if (suspended) return SUSPENDED;
  const condition = readiness(context, pruning);
  return condition.reason === 'NotReady' && onlyKindsAreMissing(context, pruning)
    ? { ...condition, reason: 'SchemaPending' }
    : condition;
}

/**
 * Does every unfinished node wait for its kind, or for a node that waits for its kind? If so, the condition has the
 * reason `SchemaPending`, as in the proposal for kro.
 */
function onlyKindsAreMissing({ graph, results }: StepContext, pruning: Pruning): boolean {
  if (pruning.messages.length > 0 || pruning.remaining.length > 0) return false;
  const open = [...results.values()].filter(({ state }) => state !== 'ready' && state !== 'skipped');
  const awaited = new Set<string>();
  for (const { node, because } of open) {
    const isAwaiting = because.kind === 'unknown-type' && Nodes.awaitedKind(graph, node) !== undefined;
    const waitsFor = because.kind === 'dependency' ? because.nodes.map(({ id }) => id) : [];
    if (isAwaiting || (waitsFor.length > 0 && waitsFor.every((id) => awaited.has(id)))) awaited.add(node.id);
  }
  return open.length > 0 && open.every(({ node }) => awaited.has(node.id));
}

function readiness(context: StepContext, pruning: Pruning): ConditionContent {
  const results = [...context.results.values()];
  const isDone = results.every(({ state }) => state === 'ready' || state === 'skipped');
  if (isDone && pruning.messages.length === 0 && pruning.remaining.length === 0) return ALL_READY;
  if (KroLevel.followsGraphEngine(context.graph.kroCompatibility)) return engineReadiness(context, pruning);
  const terminating = results.filter(({ because }) => because.kind === 'being-deleted');
  const texts = [
    ...textsOf(results, (result) => result.state === 'failed' && isHard(result)),
    ...textsOf(results, ({ because }) => because.kind === 'duplicate-target').slice(0, 1),
    ...prefixed(
      'waiting for unresolved resource: ',
      textsOf(results, ({ state }) => state === 'pending'),
    ),
    ...applyTexts(results),
    ...pruning.messages,
  ];
  if (terminating.length > 0) {
    const message = [...textsOf(terminating, () => true), ...texts].join('\n');
    return { status: 'False', reason: 'ResourceDeleting', message };
  }
  if (texts.length > 0) return notReady(texts.join('\n'));
  const writing = results.filter(({ state }) => state === 'applying').map(({ node }) => node.id);
  if (writing.length > 0) return notReady(`cluster mutated: applying ${writing.join(', ')}`);
  const open = results.filter(({ state }) => state !== 'ready' && state !== 'skipped').map(({ node }) => node.id);
  if (open.length > 0) return notReady(`waiting for ${open.join(', ')}`);
  const leaving = leavingText(context, pruning);
  return leaving === undefined ? ALL_READY : notReady(`cluster mutated: ${leaving}`);
}

/**
 * The condition in kro 0.10's words. The message names the first of these that exists: the objects being deleted, all
 * failures, the first duplicate object, the first object of another Graph, the first message of an unfinished node, the
 * failed deletions of retired objects, the ids of all unfinished nodes, the retired objects that still exist.
 */
function engineReadiness(context: StepContext, pruning: Pruning): ConditionContent {
  const results = [...context.results.values()];
  const terminating = results.filter(({ because }) => because.kind === 'being-deleted');
  if (terminating.length > 0) {
    return { status: 'False', reason: 'ResourceDeleting', message: textsOf(terminating, () => true).join('\n') };
  }
  const failed = textsOf(results, ({ state, because }) => state === 'failed' && because.kind !== 'duplicate-target');
  const [duplicate] = textsOf(results, ({ because }) => because.kind === 'duplicate-target');
  if (failed.length > 0) return notReady(failed.join('\n'));
  if (duplicate !== undefined) return waiting(`duplicate resource in graph: ${duplicate}`);
  const [foreign] = textsOf(results, ({ because }) => because.kind === 'graph-owner');
  if (foreign !== undefined) return waiting(`field manager conflict: ${foreign}`);
  const [first] = textsOf(results, ({ state }) => state !== 'ready' && state !== 'skipped');
  if (first !== undefined) return waiting(`waiting for unresolved resource: ${first}`);
  if (pruning.messages.length > 0) return waiting(`prune of retired resources failed: ${pruning.messages.join('\n')}`);
  const open = results.filter(({ state }) => state !== 'ready' && state !== 'skipped').map(({ node }) => node.id);
  if (open.length > 0) return waiting(`waiting for unresolved resource: ${open.join(', ')}`);
  const leaving = leavingText(context, pruning);
  return leaving === undefined ? ALL_READY : waiting(leaving);
}

function waiting(message: string): ConditionContent {
  return { status: 'False', reason: 'NotReady', message };
}

/**
 * Names retired objects that are marked as deleted but still exist, with their finalizers. As in kro, such an object
 * delays readiness only if nodes write its kind. In addition, the object must be cluster-scoped, or in the instance's
 * namespace, or in a namespace into which nodes write.
 */
function leavingText(context: StepContext, { remaining }: Pruning): string | undefined {
  const { groupKinds, namespaces } = wantedScope(context);
  const texts = remaining.flatMap((object) => {
    const { namespace, deletionTimestamp, finalizers = [] } = object.metadata;
    const seen =
      groupKinds.includes(groupKindText(gvkOf(object))) &&
      (namespace === undefined || namespace === context.namespace || namespaces.includes(namespace));
    if (!seen || deletionTimestamp === undefined) return [];
    const held = finalizers.length === 0 ? '' : `, held by finalizers ${finalizers.join(', ')}`;
    return [`"${namespacedName(refOf(object))}" (since ${deletionTimestamp}${held})`];
  });
  return texts.length === 0 ? undefined : `waiting for retired objects to go: ${texts.join('; ')}`;
}

/**
 * kro's state of an instance that is not being deleted. `untouched` is the state of an instance whose nodes may not be
 * written, because the instance is suspended or the server refuses its metadata. The conditions name the reason.
 * `hasConditionProblem` is true if an expression of the author's conditions failed.
 */
export function instanceState(
  context: StepContext,
  ready: ConditionContent,
  untouched: InstanceState | undefined,
  hasConditionProblem: boolean,
): InstanceState {
  const results = [...context.results.values()];
  if (hasConditionProblem) return 'ERROR';
  if (untouched !== undefined) return untouched;
  if (results.some(({ state }) => state === 'failed')) return 'ERROR';
  const isDone = results.every(({ state }) => state === 'ready' || state === 'skipped');
  return isDone || ready.status === 'True' ? 'ACTIVE' : 'IN_PROGRESS';
}

/** Did the node fail before one of its objects was written (an expression, a rule, a read)? */
function isHard({ because }: NodeResult): boolean {
  return because.kind !== 'write-failed' && because.kind !== 'other-owner' && because.kind !== 'not-ready-by-kind';
}

function applyTexts(results: readonly NodeResult[]): string[] {
  const texts = textsOf(
    results,
    (result) => (result.state === 'failed' && !isHard(result)) || result.state === 'waiting',
  );
  return texts.length === 0 ? [] : [`apply results contain errors: ${texts.join('\n')}`];
}

function textsOf(results: readonly NodeResult[], select: (result: NodeResult) => boolean): string[] {
  return results.filter(select).flatMap(({ message }) => (message === undefined ? [] : [message]));
}

function prefixed(prefix: string, texts: readonly string[]): string[] {
  return texts.map((text) => `${prefix}${text}`);
}

function notReady(text: string): ConditionContent {
  return { status: 'False', reason: 'NotReady', message: `resource reconciliation failed: ${text}` };
}
