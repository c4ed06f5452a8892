import { setOwn, type JsonObject, type JsonValue } from '@typekro/kit/core';
import { KroLevel, Nodes, type GraphNode } from '../../graph/index.ts';
import type { CollectionNode, DefNode, PatchNode, ResourceNode, SubgraphNode } from '../../graph/model.ts';
import { assess } from './assess.ts';
import { fillItems, identitiesOfCollection, resolveCollection } from './collection.ts';
import { assessExternal, assessExternalCollection } from './external.ts';
import { missingInBranches, necessaryNodes } from './branch-dependencies.ts';
import { decideInclusion, excludedBy, waitForNodes } from './include.ts';
import { reportOfLive } from '../object-outcome.ts';
import type { LiveObject } from '../observed-state.ts';
import { assessPatch, resolvePatch } from './patch.ts';
import { dataOf, listData, published, valueReady } from './ready.ts';
import type { Because, ObjectReport } from '../report.ts';
import { identityOfResource, resolveResource } from './resource.ts';
import { unresolvedBy, type NodeResult, type StepContext } from '../step-context.ts';
import { refOfTarget, type ObjectTarget } from '../objects/target.ts';
import type { Resolved, Unresolved } from '../resolved.ts';
import { fillTemplate } from '../template.ts';

/** Decides one node with the data that is available. The caller has visited all earlier nodes in topological order. */
export function visitNode(context: StepContext, node: GraphNode): NodeResult {
  const inclusion = decideInclusion(context, node);
  if (inclusion.state === 'skipped') return skippedNode(node, inclusion.because);
  if (inclusion.state === 'undecided') return unresolvedNode(context, node, inclusion.reason);
  const unready = necessaryNodes(node).filter((id) => !context.ready.has(id));
  if (unready.length > 0) return unresolvedNode(context, node, waitForNodes(context, unready));
  const missing = missingInBranches(context, node);
  const excluded = excludedBy(context, missing);
  if (excluded !== undefined) return skippedNode(node, excluded);
  if (missing.length > 0) return unresolvedNode(context, node, waitForNodes(context, missing));

  switch (node.nodeType) {
    case 'external':
      return assessExternal(context, node);
    case 'externalCollection':
      return assessExternalCollection(context, node);
    case 'subgraph':
      return assessSubgraph(context, node);
    default:
      return visitResolved(context, node);
  }
}

function skippedNode(node: GraphNode, because: Because): NodeResult {
  return { node, state: 'skipped', because, wanted: [], apply: [], inPlace: true, objects: [] };
}

/** A node whose template is resolved to objects or to a value. */
type FilledNode = ResourceNode | CollectionNode | PatchNode | DefNode;

function visitResolved(context: StepContext, node: FilledNode): NodeResult {
  const resolve = () => resolveNode(context, node);
  const { memory } = context.options;
  // The result of a node with deferred fields is not cached: `StepMemory` does not compare the data that deferred
  // fields read, and would return an outdated result.
  const isCached = memory !== undefined && node.readsDeferred === undefined;
  const resolved = !isCached ? resolve() : memory.resolved(context.ready, node, resolve);
  if (resolved.state !== 'resolved') return unresolvedNode(context, node, resolved.reason);
  if (node.nodeType === 'patch') return assessPatch(context, node, resolved.wanted);
  if (node.nodeType === 'def') return assessDef(context, node, resolved.value ?? null);
  return assess(context, node, resolved.wanted);
}

function resolveNode(context: StepContext, node: FilledNode): Resolved {
  switch (node.nodeType) {
    case 'resource':
      return resolveResource(context, node);
    case 'collection':
      return resolveCollection(context, node);
    case 'patch':
      return resolvePatch(context, node);
    case 'def':
      return resolveDef(context, node);
  }
}

/**
 * The result of a node whose objects cannot be rendered yet. Existing objects stay. If the names of the objects are
 * known, the objects are watched, and at level 0.9 the status still reads their data.
 */
function unresolvedNode(context: StepContext, node: GraphNode, reason: Unresolved): NodeResult {
  if (!Nodes.ownsObjects(node)) {
    const wanted = node.nodeType === 'patch' ? undefined : [];
    return { node, ...reason, wanted, apply: [], inPlace: true, objects: [] };
  }
  const found =
    node.nodeType === 'resource' ? identityOfResource(context, node) : identitiesOfCollection(context, node);
  // A violation of the namespace policy is reported even for an unresolved node, before any object of the instance is
  // written.
  const refused = found !== undefined && 'because' in found && found.because.kind === 'outside-namespace';
  const base = { node, ...(refused ? found : reason), wanted: undefined, apply: [], inPlace: false };
  if (found === undefined || 'because' in found) return { ...base, objects: [] };
  const identities = found;
  const live: LiveObject[] = [];
  const objects = identities.map((target) => lookAt(context, node, target, live));
  const only = live[0]?.object;
  const data: JsonValue | undefined =
    node.nodeType === 'collection'
      ? listData(live.map(({ object }) => object))
      : only === undefined
        ? undefined
        : dataOf(only);
  // In kro 0.10, an unresolved node publishes no data.
  const hasData = data !== undefined && live.length > 0 && !KroLevel.followsGraphEngine(context.graph.kroCompatibility);
  const standing = live.length === identities.length && live.every((each) => isStanding(context, each));
  return { ...base, identities, objects, ...(hasData ? { data } : {}), ...(standing ? { standing } : {}) };
}

function isStanding(context: StepContext, live: LiveObject): boolean {
  return live.object.metadata.deletionTimestamp === undefined && context.rules.isOwn(context, live);
}

function lookAt(context: StepContext, node: GraphNode, target: ObjectTarget, live: LiveObject[]): ObjectReport {
  context.watches.push({ kind: 'object', nodeId: node.id, target });
  const observation = context.observed.object(target);
  const object = refOfTarget(target);
  if (observation.state !== 'present') return { object, state: observation.state };
  live.push(observation.live);
  return { ...reportOfLive(observation.live.object), object };
}

/** Evaluates the value of a def node: an object, or, if the node has dimensions, a list with one object per item. */
function resolveDef(context: StepContext, node: DefNode): Resolved {
  const { forEach } = node;
  if (forEach !== undefined) {
    const items: JsonObject[] = [];
    const reason = fillItems(context, { ...node, forEach }, (filled) => {
      items.push(filled);
      return undefined;
    });
    return reason === undefined ? resolvedTo(items) : { state: 'unresolved', reason };
  }
  const filled = fillTemplate(node.template, context.ready, context.evaluation);
  return filled.state === 'value'
    ? resolvedTo(filled.value)
    : { state: 'unresolved', reason: unresolvedBy(context, node, filled.state, filled.failure, filled.path) };
}

function resolvedTo(value: JsonObject | JsonObject[]): Resolved {
  return { state: 'resolved', wanted: [], value };
}

/** The result of a def node whose value is known. */
function assessDef(context: StepContext, node: DefNode, value: JsonValue): NodeResult {
  const readiness = published(context, valueReady(context, node, value));
  return { node, wanted: [], apply: [], inPlace: true, objects: [], data: value, ...readiness };
}

/**
 * The result of a subgraph whose children were visited. The subgraph publishes the children that have a value, even
 * while other children wait. It publishes nothing while a child has a pending read or write: kro runs a subgraph as one
 * step, so the values that readers see must not depend on the time of a request. A subgraph with a failed child
 * publishes nothing. The messages of the children name the reasons.
 */
function assessSubgraph(context: StepContext, node: SubgraphNode): NodeResult {
  const { results } = context;
  const nothing = { node, wanted: [], apply: [], inPlace: true, objects: [] } as const;
  const open = node.children.filter((id) => !isDone(results.get(id)));
  if (open.length === 0) {
    return { ...nothing, state: 'ready', because: { kind: 'ready' }, data: publishedData(context, node) };
  }
  const reason = waitForNodes(context, open);
  if (open.some((id) => results.get(id)?.state === 'failed')) return { ...nothing, ...reason, state: 'failed' };
  if (open.some((id) => isInProgress(results.get(id)))) return { ...nothing, ...reason };
  return { ...nothing, ...reason, state: 'waiting', data: publishedData(context, node), usable: true };
}

function isDone(result: NodeResult | undefined): boolean {
  return result?.state === 'ready' || result?.state === 'skipped';
}

/** Does the node, or a node inside it, have a pending read or write in this step? */
function isInProgress(result: NodeResult | undefined): boolean {
  if (result === undefined || result.apply.length > 0 || result.because.kind === 'unread') return true;
  return result.node.nodeType === 'subgraph' && result.data === undefined;
}

/** Maps the ids of children in the subgraph to their values. Children without a value are omitted. */
function publishedData({ ready, options: { memory } }: StepContext, node: SubgraphNode): JsonValue {
  const collect = (): Resolved => {
    const value: JsonObject = {};
    for (const child of node.children) {
      const data = ready.get(child);
      if (data !== undefined) setOwn(value, child.slice(node.id.length + 1), data as JsonValue);
    }
    return { state: 'resolved', wanted: [], value };
  };
  const resolved = memory === undefined ? collect() : memory.resolved(ready, node, collect, node.children);
  return resolved.state === 'resolved' ? (resolved.value ?? {}) : {};
}
