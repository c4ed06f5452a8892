import type { JsonObject, KubeObject } from '../core/index.ts';
import { cryptoLibrary, gvkOf } from '../core/index.ts';
import type { Graph, GraphNode, KroCompatibility } from '../graph/index.ts';
import { annotationOf, labelOfObject } from './identity.ts';
import * as keys from './keys.ts';
import { followsGraphEngine } from '../graph/index.ts';

/** The index of an item in its collection, and the size of the collection. */
export interface CollectionPlace {
  readonly index: number;
  readonly size: number;
}

/** The maximum number of characters in the value of a label. */
const MAX_LABEL_LENGTH = 63;

/**
 * A value as kro 0.10 puts it into a label: a value that is too long becomes a digest. kro 0.9 writes any value as it
 * is.
 */
export function encodedLabel(value: string, level: KroCompatibility): string {
  if (!followsGraphEngine(level) || value.length <= MAX_LABEL_LENGTH) return value;
  return `h-${cryptoLibrary().hash('sha256', value, 'hex').slice(0, 40)}`;
}

/** Labels of all children of an instance, as kro writes them; the node's label is still empty. */
export function commonLabels(
  instance: KubeObject,
  applySet: string,
  version: string,
  level: KroCompatibility,
): Record<string, string> {
  const { group, version: apiVersion, kind } = gvkOf(instance);
  const { name = '', namespace, uid = '' } = instance.metadata;
  // The labels are in the order of their names, so that digests of thousands of children need no sort.
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

/** Labels of all objects of a Graph; the node's label is still empty. */
export function graphLabels(): Record<string, string> {
  return { [keys.NODE_ID_LABEL]: '' };
}

/** Labels of all items of the collections of a Graph; the node's label is still empty. */
export function graphItemLabels({ metadata: { uid = '' } }: KubeObject): Record<string, string> {
  return { [keys.INSTANCE_ID_LABEL]: uid, [keys.NODE_ID_LABEL]: '' };
}

/**
 * The label of a node: the ids of the node and its subgraphs, joined by dots. At the level of kro 0.10, a text that is
 * too long becomes a digest of the path.
 */
export function nodeLabel(nodePath: string, level: KroCompatibility): string {
  const label = nodePath.replaceAll('/', '.');
  return label.length > MAX_LABEL_LENGTH ? encodedLabel(nodePath, level) : label;
}

/**
 * The labels of a child: the labels of all children, and those of its node and item. They replace the author's labels
 * of the same names.
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
 * Annotations of a child: its deletion wave, its deletion policy, and since kro 0.10 its node and the values that
 * labels cannot hold.
 */
export function childAnnotations(graph: Graph, node: GraphNode, instance: KubeObject): Record<string, string> {
  const policy = 'deletionPolicy' in node ? node.deletionPolicy : undefined;
  const order = {
    [keys.APPLY_ORDER_ANNOTATION]: String(graph.applyOrder.get(node.id) ?? 0),
    ...(policy === undefined ? {} : { [keys.CHILD_DELETION_POLICY_ANNOTATION]: policy }),
  };
  if (!followsGraphEngine(graph.kroCompatibility)) return order;
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

/** Labels of an instance other than the ApplySet id. */
export function instanceLabels(graph: Graph, definitionUid: string, version: string): Record<string, string> {
  return {
    [keys.OWNED_LABEL]: 'true',
    [keys.VERSION_LABEL]: keys.versionLabel(version),
    [keys.DEFINITION_ID_LABEL]: definitionUid,
    [keys.DEFINITION_NAME_LABEL]: graph.name,
  };
}

/**
 * Is the object owned by kro? Reads kro's own label; if that label is missing, reads `app.kubernetes.io/managed-by`.
 */
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
 * The merge patch that releases a child: it removes what `commonLabels`, `childLabels` and `childAnnotations` can have
 * added, so that the object belongs to no instance and no ApplySet. The object may be an instance of another
 * definition. Labels and annotations of instances therefore stay, except for those that children have, too; the
 * controller writes these again.
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

/** The node that made an object, from its label; empty when it has none. */
export function nodeIdOf(object: KubeObject): string {
  return labelOfObject(object, keys.NODE_ID_LABEL) ?? '';
}

/** Objects by the id of their node, in the order of the input. */
export function objectsByNode(objects: readonly KubeObject[]): Map<string, KubeObject[]> {
  const byNode = new Map<string, KubeObject[]>();
  for (const object of objects) {
    const id = nodeIdOf(object);
    const known = byNode.get(id);
    if (known === undefined) byNode.set(id, [object]);
    else known.push(object);
  }
  return byNode;
}

/** The deletion wave of an object; 0 when the annotation is absent or is not a number. */
export function applyOrderOf(object: KubeObject): number {
  const text = annotationOf(object, keys.APPLY_ORDER_ANNOTATION);
  if (text === undefined || !/^\d{1,9}$/.test(text)) return 0;
  return Number(text);
}

/**
 * The wave of a retired object whose node is gone. At the level of kro 0.10, an annotation that is absent or no number
 * gives infinity: such an object is deleted first.
 */
export function orphanOrderOf(object: KubeObject, level: KroCompatibility): number {
  if (!followsGraphEngine(level)) return applyOrderOf(object);
  const text = annotationOf(object, keys.APPLY_ORDER_ANNOTATION);
  return text === undefined || !/^[+-]?\d{1,9}$/.test(text) ? Number.POSITIVE_INFINITY : Number(text);
}
