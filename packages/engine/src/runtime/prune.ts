import { type KubeObject, earliest, gvkOf, refOf, oncePerObject } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { type Graph, Nodes } from '../graph/index.ts';
import { failureText } from './reports/failure.ts';
import { compareObjects, groupKindText, objectKey, targetKey } from './objects/identity.ts';
import { nodeIdOf, objectsByNode, orphanOrderOf } from './objects/labels.ts';
import { deletionOf, isRetained, keptOf, memberNamespaces, memberTarget, ORPHAN, orphanOf } from './members.ts';
import { reportOfLive, terminatingOf } from './object-outcome.ts';
import type { DeleteAction, InventoryScope, OrphanAction } from './model.ts';
import type { NodeReport } from './report.ts';
import type { StepContext } from './step-context.ts';
import { pausedWrite } from './reports/paused-write.ts';

/** Maps each node of a graph to the ids of the nodes that read it, directly or through other nodes. */
const transitiveDependents = oncePerObject((graph: Graph): ReadonlyMap<string, ReadonlySet<string>> => {
  const all = new Map<string, ReadonlySet<string>>();
  for (const node of [...graph.order].reverse()) {
    const found = new Set<string>();
    for (const [other, { dependsOn }] of graph.nodes) {
      if (!dependsOn.includes(node)) continue;
      found.add(other);
      for (const further of all.get(other) ?? []) found.add(further);
    }
    all.set(node, found);
  }
  return all;
});

/** The retired objects, and the decision about them. */
export interface Pruning {
  readonly delete: readonly DeleteAction[];
  /** Retired objects that stay, and from which the controller's labels and annotations are removed. */
  readonly orphan: readonly OrphanAction[];
  /** One report per node id that has retired objects. */
  readonly reports: readonly NodeReport[];
  /** Retired objects that still exist. */
  readonly remaining: readonly KubeObject[];
  /** Is every recorded kind either listed or not served? */
  readonly complete: boolean;
  readonly messages: readonly string[];
  readonly retryAt?: number;
}

/**
 * Finds the retired objects, i.e. members of the ApplySet that no node wants any more, and decides which ones to delete
 * now. An object with the deletion policy `Orphaned` is released (`Pruning.orphan`) instead of deleted, under the same
 * conditions.
 *
 * A retired object is deleted as soon as that is safe. The deletion is not safe
 * - while an unresolved node of the same kind may want an object of this name;
 * - while an object that its node now wants is missing (the new object is created before the old one is deleted);
 * - while a node that reads the object's node is not resolved or still has a write to do;
 * - before the retired objects that depend on it have disappeared.
 *
 * Nothing is deleted or released before the first list of every recorded kind is complete, because an object of a kind
 * without such a list may depend on a retired object. A failed list does not delay objects of other kinds, because the
 * failure may last.
 *
 * An existing object whose update the server refuses does not delay deletions either, because the refusal may last.
 */
export function decidePruning(context: StepContext, scope: InventoryScope): Pruning {
  const messages: string[] = [];
  const retries: (number | undefined)[] = [];
  const retired: KubeObject[] = [];
  let complete = true;
  let isUnknown = false;
  const wanted = wantedKeys(context);
  const namespaces = memberNamespaces(context.namespace, scope);
  for (const groupKind of scope.groupKinds) {
    const target = memberTarget(context.applySet, groupKind, namespaces);
    const observation = context.observed.members(target);
    if (observation.state === 'unknown') {
      context.reads.push({ kind: 'members', target, why: 'prune' });
      complete = false;
      isUnknown = true;
    } else if (observation.state === 'failed') {
      messages.push(`list orphans failed: ${failureText(observation.failure)}`);
      retries.push(observation.retryAt);
      complete = false;
    } else if (observation.state === 'known') {
      for (const { object } of observation.objects) if (!wanted.has(objectKey(object))) retired.push(object);
    }
  }
  retired.sort(compareObjects);

  const actions: DeleteAction[] = [];
  const orphans: OrphanAction[] = [];
  const waves = wavesOf(context.graph, retired);
  const held = new Map<KubeObject, readonly string[]>();
  for (const object of retired) {
    const stays = isRetained(context.graph, object);
    if (!stays && object.metadata.deletionTimestamp !== undefined) continue;
    const holders = holdersOf(context, object, waves);
    if (holders.length > 0) {
      held.set(object, holders);
      continue;
    }
    const orphan = isUnknown || !stays ? undefined : orphanOf(context.graph, object);
    const action = orphan ?? (isUnknown || stays ? undefined : deletionOf(context.graph, object));
    if (action === undefined) continue;
    const attempt = { digest: stays ? ORPHAN : '', uid: action.uid };
    const failed = pausedWrite(context.observed, action.target, attempt, context.options.now);
    if (failed !== undefined) {
      messages.push(`prune failed: ${failureText(failed.failure)}`);
      retries.push(failed.retryAt);
    } else if (orphan !== undefined) {
      orphans.push(orphan);
    } else {
      actions.push(action);
    }
  }
  const retryAt = earliest(retries);
  return {
    // The executor deletes wave by wave. The decision has the same order, so that a plan shows the real order.
    delete: actions.sort((a, b) => b.wave - a.wave),
    orphan: orphans.sort((a, b) => b.wave - a.wave),
    reports: retiredReports(context.graph, retired, held),
    remaining: retired,
    complete,
    messages,
    ...(retryAt === undefined ? {} : { retryAt }),
  };
}

/** Keys of all objects that nodes want, and of those that unresolved nodes may want. */
function wantedKeys(context: StepContext): Set<string> {
  const keys = new Set<string>();
  for (const result of context.results.values()) {
    for (const { target } of result.wanted ?? []) keys.add(targetKey(target));
    for (const target of result.identities ?? []) keys.add(targetKey(target));
  }
  return keys;
}

/** Ids of the nodes that keep a retired object; empty when the object may be deleted. */
function holdersOf(context: StepContext, object: KubeObject, waves: ReadonlyMap<string, number>): string[] {
  const id = nodeIdOf(object);
  const groupKind = groupKindText(gvkOf(object));
  const results = [...context.results.values()];
  const own = context.results.get(id);
  const holders = new Set<string>();
  for (const result of results) {
    const type = result.node.type ?? Nodes.awaitedKind(context.graph, result.node);
    const sameKind = type !== undefined && groupKindText(type) === groupKind;
    // A node of this kind whose object names are not known yet may want this object.
    if (sameKind && result.wanted === undefined && result.identities === undefined) holders.add(result.node.id);
    const isReplacing = !result.inPlace && result.standing !== true;
    if (isReplacing && (own === undefined ? sameKind : result === own)) holders.add(result.node.id);
    if (own !== undefined && own.state !== 'skipped' && result.node.dependsOn.includes(id) && !result.inPlace) {
      holders.add(result.node.id);
    }
  }
  for (const [other, wave] of waves) if (goesBefore(context.graph, other, wave, object)) holders.add(other);
  return [...holders].sort(compareText);
}

/** Maps the id of a node to the highest wave among its retired objects. */
function wavesOf(graph: Graph, retired: readonly KubeObject[]): Map<string, number> {
  const waves = new Map<string, number>();
  for (const object of retired) {
    const id = nodeIdOf(object);
    waves.set(id, Math.max(waves.get(id) ?? Number.NEGATIVE_INFINITY, orphanOrderOf(object, graph.kroCompatibility)));
  }
  return waves;
}

/**
 * Must the retired objects of a node be deleted before the given object? The graph's dependencies decide. For a node
 * that is not in the graph, the wave decides.
 */
function goesBefore(graph: Graph, id: string, wave: number, object: KubeObject): boolean {
  const own = nodeIdOf(object);
  if (!graph.nodes.has(id)) return wave > orphanOrderOf(object, graph.kroCompatibility);
  return graph.nodes.has(own) && transitiveDependents(graph).get(own)?.has(id) === true;
}

/** One report per node id: all retired objects of the node, and the ids of all nodes that keep at least one of them. */
function retiredReports(
  graph: Graph,
  retired: readonly KubeObject[],
  held: ReadonlyMap<KubeObject, readonly string[]>,
): NodeReport[] {
  const position = (id: string) => (graph.nodes.has(id) ? graph.order.indexOf(id) : -1);
  const groups = [...objectsByNode(retired)].sort(([a], [b]) => position(a) - position(b) || compareText(a, b));
  return groups.map(([id, objects]) => {
    const holders = [...new Set(objects.flatMap((object) => held.get(object) ?? []))].sort(compareText);
    const terminating = objects.flatMap(terminatingOf);
    const isWaiting = holders.length === 0 && terminating.length === objects.length;
    return {
      id,
      retired: true,
      state: objects.every((object) => held.has(object)) ? 'blocked' : 'deleting',
      because: isWaiting
        ? { kind: 'being-deleted', objects: terminating }
        : {
            kind: 'retired',
            objects: objects.map(refOf),
            ...(holders.length === 0 ? {} : { heldBy: holders }),
            ...keptOf(graph, objects),
          },
      objects: objects.map(reportOfLive),
    };
  });
}
