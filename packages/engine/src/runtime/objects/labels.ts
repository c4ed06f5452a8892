import { type JsonObject, type KubeObject, grouped, cryptoLibrary, gvkOf } from '@typekro/kit/core';
import { type Graph, type GraphNode, type KroCompatibility, KroLevel } from '../../graph/index.ts';
import { annotationOf, labelOfObject } from './identity.ts';
import * as keys from './keys.ts';

/** The index of an item in its collection, and the size of the collection. */
export interface CollectionPlace {
  readonly index: number;
  readonly size: number;
}

/** The maximum number of characters in the value of a label. */
const MAX_LABEL_LENGTH = 63;

/**
 * The label value for a string. At the level of kro 0.10, a string that is too long becomes a digest. kro 0.9 writes
 * every string unchanged.
 */
export function encodedLabel(value: string, level: KroCompatibility): string {
  if (!KroLevel.followsGraphEngine(level) || value.length <= MAX_LABEL_LENGTH) return value;
  return `h-${cryptoLibrary().hash('sha256', value, 'hex').slice(0, 40)}`;
}

/**
 * Labels that all children of an instance share, as kro writes them. The node label is empty; `childLabels` sets its
 * value.
 */
export function commonLabels(
  instance: KubeObject,
  applySet: string,
  version: string,
  level: KroCompatibility,
): Record<string, string> {
  const { group, version: apiVersion, kind } = gvkOf(instance);
  const { name = '', namespace, uid = '' } = instance.metadata;
  // The labels are sorted by name, so that digests of thousands of children need no sort.
  return {
    [keys.MANAGED_BY_LABEL]: 'kro',
    [keys.PART_OF_LABEL]: applySet,
    [keys.INSTANCE_GROUP_LABEL]: encodedLabel(group, level),
    [keys.INSTANCE_ID_LABEL]: uid,
    [keys.INSTANCE_KIND_LABEL]: kind,
    [keys.INSTANCE_NAME_LABEL]: encodedLabel(name, level),
    ...(namespace === undefined || namespace === '' ? {} : { [keys.INSTANCE_NAMESPACE_LABEL]: namespace }),
    [keys.INSTANCE_VERSION_LABEL]: apiVersion,
    [keys.VERSION_LABEL]: keys.versionLabel(version),
    [keys.NODE_ID_LABEL]: '',
    [keys.OWNED_LABEL]: 'true',
  };
}

/** Labels that all objects of a Graph share. The node label is empty; `childLabels` sets its value. */
export function graphLabels(): Record<string, string> {
  return { [keys.NODE_ID_LABEL]: '' };
}

/** Labels that all collection items of a Graph share. The node label is empty; `childLabels` sets its value. */
export function graphItemLabels({ metadata: { uid = '' } }: KubeObject): Record<string, string> {
  return { [keys.INSTANCE_ID_LABEL]: uid, [keys.NODE_ID_LABEL]: '' };
}

/**
 * The value of the node label: the ids of the enclosing subgraphs and of the node, joined by dots. At the level of kro
 * 0.10, a value that is too long becomes a digest of the path.
 */
export function nodeLabel(nodePath: string, level: KroCompatibility): string {
  const label = nodePath.replaceAll('/', '.');
  return label.length > MAX_LABEL_LENGTH ? encodedLabel(nodePath, level) : label;
}

/**
 * The labels of a child: the labels that all children share, and the labels of its node and item. They replace the
 * author's labels of the same names.
 */
export function childLabels(
  common: Readonly<Record<string, string>>,
  node: GraphNode,
  level: KroCompatibility,
  place?: CollectionPlace,
): Record<string, string> {
  const labels = { ...common };
  labels[keys.NODE_ID_LABEL] = nodeLabel(node.id, level);
  if (place !== undefined) {
    labels[keys.COLLECTION_INDEX_LABEL] = String(place.index);
    labels[keys.COLLECTION_SIZE_LABEL] = String(place.size);
  }
  return labels;
}

/**
 * Annotations of a child: its deletion wave and its deletion policy, and since kro 0.10 also its node and values that
 * are too long for labels.
 */
export function childAnnotations(graph: Graph, node: GraphNode, instance: KubeObject): Record<string, string> {
  const policy = 'deletionPolicy' in node ? node.deletionPolicy : undefined;
  const order = {
    [keys.APPLY_ORDER_ANNOTATION]: String(graph.applyOrder.get(node.id) ?? 0),
    ...(policy === undefined ? {} : { [keys.CHILD_DELETION_POLICY_ANNOTATION]: policy }),
  };
  if (!KroLevel.followsGraphEngine(graph.kroCompatibility)) return order;
  if (graph.definedBy === 'graph') return { ...order, [keys.NODE_PATH_ANNOTATION]: node.id };
  const { group } = gvkOf(instance);
  const { name = '' } = instance.metadata;
  return {
    ...order,
    [keys.NODE_PATH_ANNOTATION]: node.id,
    ...(name.length > MAX_LABEL_LENGTH ? { [keys.INSTANCE_NAME_ANNOTATION]: name } : {}),
    ...(group.length > MAX_LABEL_LENGTH ? { [keys.INSTANCE_GROUP_ANNOTATION]: group } : {}),
  };
}

/** The labels that the controller writes on an instance, without the label for the ApplySet id. */
export function instanceLabels(graph: Graph, definitionUid: string, version: string): Record<string, string> {
  return {
    [keys.OWNED_LABEL]: 'true',
    [keys.VERSION_LABEL]: keys.versionLabel(version),
    [keys.DEFINITION_ID_LABEL]: definitionUid,
    [keys.DEFINITION_NAME_LABEL]: graph.name,
  };
}

/** Is the object owned by kro? Checks kro's own label or, if that label is missing, `app.kubernetes.io/managed-by`. */
export function isOwned(object: KubeObject): boolean {
  const owned = labelOfObject(object, keys.OWNED_LABEL);
  return owned === undefined ? labelOfObject(object, keys.MANAGED_BY_LABEL) === 'kro' : owned === 'true';
}

/**
 * Does the object stay when it is retired? Only the policy `Orphaned` keeps it. Any other policy deletes it, as in kro.
 */
export function isOrphaned(object: KubeObject): boolean {
  return annotationOf(object, keys.CHILD_DELETION_POLICY_ANNOTATION) === 'Orphaned';
}

/**
 * The merge patch that releases a child. It removes all labels and annotations that `commonLabels`, `childLabels` and
 * `childAnnotations` can have added, so that the object belongs to no instance and no ApplySet. The object may itself
 * be an instance of another definition. Labels and annotations that only instances have therefore stay. Labels and
 * annotations that both instances and children have are removed, and the controller writes them again.
 */
export function releasePatch(child: KubeObject): JsonObject {
  const labels: JsonObject = Object.fromEntries(RELEASED_LABELS.map((key) => [key, null]));
  if (labelOfObject(child, keys.MANAGED_BY_LABEL) === 'kro') labels[keys.MANAGED_BY_LABEL] = null;
  const annotations: JsonObject = Object.fromEntries(RELEASED_ANNOTATIONS.map((key) => [key, null]));
  return { metadata: { uid: child.metadata.uid ?? '', labels, annotations } };
}

const RELEASED_LABELS: readonly string[] = [
  keys.PART_OF_LABEL,
  keys.INSTANCE_GROUP_LABEL,
  keys.INSTANCE_ID_LABEL,
  keys.INSTANCE_KIND_LABEL,
  keys.INSTANCE_NAME_LABEL,
  keys.INSTANCE_NAMESPACE_LABEL,
  keys.INSTANCE_VERSION_LABEL,
  keys.VERSION_LABEL,
  keys.NODE_ID_LABEL,
  keys.OWNED_LABEL,
  keys.COLLECTION_INDEX_LABEL,
  keys.COLLECTION_SIZE_LABEL,
];

const RELEASED_ANNOTATIONS: readonly string[] = [
  keys.APPLY_ORDER_ANNOTATION,
  keys.CHILD_DELETION_POLICY_ANNOTATION,
  keys.NODE_PATH_ANNOTATION,
  keys.INSTANCE_NAME_ANNOTATION,
  keys.INSTANCE_GROUP_ANNOTATION,
];

/** The id of the node that created an object, from the object's label; empty if there is no label. */
export function nodeIdOf(object: KubeObject): string {
  return labelOfObject(object, keys.NODE_ID_LABEL) ?? '';
}

/** Groups objects by the id of their node. Each group keeps the order of the input. */
export const objectsByNode = (objects: readonly KubeObject[]): Map<string, KubeObject[]> => grouped(objects, nodeIdOf);

/** The deletion wave of an object; 0 if the annotation is absent or not a number. */
export function applyOrderOf(object: KubeObject): number {
  const text = annotationOf(object, keys.APPLY_ORDER_ANNOTATION);
  if (text === undefined || !/^\d{1,9}$/.test(text)) return 0;
  return Number(text);
}

/**
 * The wave of a retired object whose node is gone. At the level of kro 0.10, the wave is Infinity if the annotation is
 * absent or not a number: such an object is deleted first.
 */
export function orphanOrderOf(object: KubeObject, level: KroCompatibility): number {
  if (!KroLevel.followsGraphEngine(level)) return applyOrderOf(object);
  const text = annotationOf(object, keys.APPLY_ORDER_ANNOTATION);
  return text === undefined || !/^[+-]?\d{1,9}$/.test(text) ? Number.POSITIVE_INFINITY : Number(text);
}

/** What the labels of a written object say. */
export const ObjectLabels = { isOwned, nodeIdOf, nodeLabel, byNode: objectsByNode, releasePatch };
