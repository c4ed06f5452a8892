import type { JsonValue } from '@typekro/kit/core';
import { type GraphNode, KroLevel, Nodes } from '../../graph/index.ts';
import type { CollectionNode, DefNode, PatchNode, ResourceNode } from '../../graph/model.ts';
import { assess } from './assess.ts';
import { identitiesOfCollection, resolveCollection } from './collection.ts';
import { assessExternal, assessExternalCollection } from './external.ts';
import { assessDef, resolveDef } from './def.ts';
import { missingInBranches, necessaryNodes } from './branch-dependencies.ts';
import { decideInclusion, excludedBy, waitForNodes } from './include.ts';
import { reportOfLive } from '../object-outcome.ts';
import type { LiveObject } from '../observed-state.ts';
import { assessPatch, resolvePatch } from './patch.ts';
import { dataOf, listData } from './ready.ts';
import type { Because, ObjectReport } from '../report.ts';
import { identityOfResource, resolveResource } from './resource.ts';
import type { NodeResult, StepContext } from '../step-context.ts';
import { type ObjectTarget, refOfTarget } from '../objects/target.ts';
import type { Resolved, Unresolved } from '../resolved.ts';
import { assessSubgraph } from './subgraph.ts';

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
