import { variablesOfItem } from './nodes/item-variables.ts';
import { type KubeObject, type ObjectRef, gvkOf, refOf } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { type Graph, Nodes } from '../graph/index.ts';
import { groupKindText, parseGroupKind } from './objects/identity.ts';
import { applyOrderOf, isOrphaned, nodeIdOf, releasePatch } from './objects/labels.ts';
import type { DeleteAction, InventoryScope, OrphanAction } from './model.ts';
import { reportOfLive } from './object-outcome.ts';
import type { MemberTarget, ObjectTarget, ObjectType } from './objects/target.ts';

/** The list request for an ApplySet's members of one recorded kind. */
export function memberTarget(applySet: string, groupKind: string, namespaces: readonly string[]): MemberTarget {
  return { applySet, ...parseGroupKind(groupKind), namespaces };
}

/** The namespaces of an inventory, and the namespace of its parent or, for a cluster-scoped parent, `default`. */
export function memberNamespaces(parentNamespace: string | undefined, scope: InventoryScope): string[] {
  return [...new Set([parentNamespace ?? 'default', ...scope.namespaces])].sort(compareText);
}

/** The action that deletes a member; undefined for an object without a UID, which no API server sends. */
export function deletionOf(
  graph: Graph | undefined,
  object: KubeObject,
  why: DeleteAction['why'] = 'prune',
): DeleteAction | undefined {
  const { uid } = object.metadata;
  if (uid === undefined) return undefined;
  const nodeId = nodeIdOf(object);
  return { nodeId, target: targetOfLive(graph, object), uid, why, wave: applyOrderOf(object) };
}

/** The action that releases a member; undefined for an object without a UID. */
export function orphanOf(
  graph: Graph | undefined,
  object: KubeObject,
  why: DeleteAction['why'] = 'prune',
): OrphanAction | undefined {
  const action = deletionOf(graph, object, why);
  return action === undefined ? undefined : { ...action, patch: releasePatch(object) };
}

/**
 * Does a member stay when it is retired? True if the object's annotation (as in kro) or its node says so. The node
 * counts because a cache may not have the annotation yet. If they disagree, the object stays, because it can still be
 * deleted later.
 */
export function isRetained(graph: Graph | undefined, object: KubeObject): boolean {
  const node = graph?.nodes.get(nodeIdOf(object));
  return isOrphaned(object) || (node !== undefined && 'deletionPolicy' in node && node.deletionPolicy === 'Orphaned');
}

/**
 * The property `kept` of a `Because`: the objects that stay by their deletion policy. An empty object if there are
 * none.
 */
export function keptOf(
  graph: Graph | undefined,
  objects: readonly KubeObject[],
): { readonly kept?: readonly ObjectRef[] } {
  const kept = objects.filter((object) => isRetained(graph, object)).map(refOf);
  return kept.length === 0 ? {} : { kept };
}

/**
 * The `digest` of a `FailedWrite` for a child that could not be released (orphaned). Such a write has no desired
 * object.
 */
export const ORPHAN = 'orphan';

/** The instance itself as a target, e.g. for `failedWrite`. */
export function instanceTarget(instance: KubeObject, graph: Graph | undefined): ObjectTarget {
  const { name = '', namespace } = instance.metadata;
  const namespaced = namespace !== undefined && namespace !== '';
  return {
    type: { ...gvkOf(instance), plural: graph?.instance.plural ?? '', namespaced },
    name,
    ...(namespaced ? { namespace } : {}),
  };
}

/**
 * The target of a live object. For a kind that is not in the graph, `plural` is empty, and the caller finds the plural
 * by discovery.
 */
export function targetOfLive(graph: Graph | undefined, object: KubeObject): ObjectTarget {
  const { name = '', namespace } = object.metadata;
  return {
    type: typeOfLive(graph, object),
    name,
    ...(namespace === undefined || namespace === '' ? {} : { namespace }),
  };
}

function typeOfLive(graph: Graph | undefined, object: KubeObject): ObjectType {
  const gvk = gvkOf(object);
  const same = (graph === undefined ? [] : Nodes.typed(graph)).find(
    ({ type }) => groupKindText(type) === groupKindText(gvk),
  );
  const namespaced = object.metadata.namespace !== undefined && object.metadata.namespace !== '';
  return { ...gvk, plural: same?.plural ?? '', namespaced };
}

/** The objects in the ApplySet of an instance. */
export const Member = {
  ORPHAN,
  namespaces: memberNamespaces,
  target: memberTarget,
  report: reportOfLive,
  variablesOfItem,
};
