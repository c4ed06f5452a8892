import type { JsonValue, KubeObject } from '../core/index.ts';
import type { GraphNode } from '../graph/index.ts';
import { assess } from './assess.ts';
import { identitiesOfCollection, resolveCollection } from './collection.ts';
import { assessExternal, assessExternalCollection } from './external.ts';
import { decideInclusion, waitForNodes } from './include.ts';
import { labelOfObject, unsupportedNode } from './identity.ts';
import { PART_OF_LABEL } from './keys.ts';
import { dataOf, listData } from './ready.ts';
import type { ObjectReport } from './report.ts';
import { identityOfResource, resolveResource } from './resource.ts';
import type { NodeResult, StepContext } from './step-context.ts';
import type { ObjectTarget } from './target.ts';
import { refOfTarget } from './target.ts';
import type { Unresolved } from './resolved.ts';
import { followsGraphEngine, isExternal, ownsObjects } from '../graph/index.ts';

/** Decides one node as far as the data allows. Its predecessors in topological order have been visited. */
export function visitNode(context: StepContext, node: GraphNode): NodeResult {
  const inclusion = decideInclusion(context, node);
  if (inclusion.state === 'skipped') {
    return { node, state: 'skipped', because: inclusion.because, wanted: [], apply: [], inPlace: true, objects: [] };
  }
  if (inclusion.state === 'undecided') return unresolvedNode(context, node, inclusion.reason);
  const unready = node.dependsOn.filter((id) => !context.ready.has(id));
  if (unready.length > 0) return unresolvedNode(context, node, waitForNodes(context, unready));

  if (node.nodeType === 'external') return assessExternal(context, node);
  if (node.nodeType === 'externalCollection') return assessExternalCollection(context, node);
  if (!ownsObjects(node)) return unsupportedNode(node);
  const resolve = () =>
    node.nodeType === 'resource' ? resolveResource(context, node) : resolveCollection(context, node);
  const { memory } = context.options;
  const resolved = memory === undefined ? resolve() : memory.resolved(context.ready, node, resolve);
  return resolved.state === 'resolved'
    ? assess(context, node, resolved.wanted)
    : unresolvedNode(context, node, resolved.reason);
}

/**
 * The result of a node whose objects cannot be rendered (yet). Its existing objects stay. When their names are known,
 * the objects are watched, and the status still reads their data.
 */
function unresolvedNode(context: StepContext, node: GraphNode, reason: Unresolved): NodeResult {
  if (isExternal(node)) {
    return { node, ...reason, wanted: [], apply: [], inPlace: true, objects: [] };
  }
  if (!ownsObjects(node)) return unsupportedNode(node);
  const found =
    node.nodeType === 'resource' ? identityOfResource(context, node) : identitiesOfCollection(context, node);
  // A violation of the namespace policy is reported before anything is written for the instance.
  const refused = found !== undefined && 'because' in found && found.because.kind === 'outside-namespace';
  const base = { node, ...(refused ? found : reason), wanted: undefined, apply: [], inPlace: false };
  if (found === undefined || 'because' in found) return { ...base, objects: [] };
  const identities = found;
  const live: KubeObject[] = [];
  const objects = identities.map((target) => lookAt(context, node, target, live));
  const only = live[0];
  const data: JsonValue | undefined =
    node.nodeType === 'collection' ? listData(live) : only === undefined ? undefined : dataOf(only);
  // In kro 0.10 a node without a resolved template publishes nothing.
  const hasData = data !== undefined && live.length > 0 && !followsGraphEngine(context.graph.kroCompatibility);
  const standing = live.length === identities.length && live.every((object) => isStanding(context, object));
  return { ...base, identities, objects, ...(hasData ? { data } : {}), ...(standing ? { standing } : {}) };
}

function isStanding({ applySet }: StepContext, object: KubeObject): boolean {
  return object.metadata.deletionTimestamp === undefined && labelOfObject(object, PART_OF_LABEL) === applySet;
}

function lookAt(context: StepContext, node: GraphNode, target: ObjectTarget, live: KubeObject[]): ObjectReport {
  context.watches.push({ kind: 'object', nodeId: node.id, target });
  const observation = context.observed.object(target);
  const object = refOfTarget(target);
  if (observation.state !== 'present') return { object, state: observation.state };
  live.push(observation.live.object);
  const { uid, deletionTimestamp, finalizers = [] } = observation.live.object.metadata;
  return {
    object,
    state: deletionTimestamp === undefined ? 'present' : 'deleting',
    ...(uid === undefined ? {} : { uid }),
    ...(deletionTimestamp === undefined ? {} : { deletingSince: deletionTimestamp, finalizers }),
  };
}
