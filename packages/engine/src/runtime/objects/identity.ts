import { type KubeObject, gvkOf } from '@typekro/kit/core';
import { type GraphNode, Nodes } from '../../graph/index.ts';
import { compareText } from '@typekro/kit/golang';
import type { ObjectTarget, ObjectType } from './target.ts';

/** The API type of a node's objects. */
export function typeOfNode(node: GraphNode): ObjectType {
  if (!Nodes.isTyped(node)) return unsupportedNode(node);
  const { group, version, kind } = node.type;
  return { group, version, kind, plural: node.plural, namespaced: node.namespaced };
}

/**
 * Throws a TypeError. Callers use it for a node without an API type, such as a `def`, and for a node type that they do
 * not support.
 */
export function unsupportedNode({ id, nodeType, type }: GraphNode): never {
  throw new TypeError(
    `node ${id}: the engine has no rule for a ${nodeType}${type === undefined ? ' without a type' : ''}`,
  );
}

/** Formats a type as `Kind.group` (`Kind` for the core group), as inventories name kinds. */
export function groupKindText(type: { group: string; kind: string }): string {
  return type.group === '' ? type.kind : `${type.kind}.${type.group}`;
}

/** Parses `Kind.group` to group and kind. */
export function parseGroupKind(text: string): { group: string; kind: string } {
  const dot = text.indexOf('.');
  return dot < 0 ? { group: '', kind: text } : { group: text.slice(dot + 1), kind: text.slice(0, dot) };
}

/** The key of an object, independent of the API version: `Kind.group/namespace/name`. */
export function targetKey(target: ObjectTarget): string {
  return `${groupKindText(target.type)}/${target.namespace ?? ''}/${target.name}`;
}

/**
 * The key under which the writes of one writer to an object are recorded. `writer` is the name of a writer of kro's
 * graph engine (`writerName`). It is undefined for an apply or a deletion of the child itself.
 */
export function writeKey(target: ObjectTarget, writer?: string): string {
  return writer === undefined ? targetKey(target) : `${targetKey(target)} ${writer}`;
}

/** The key of a live object, in the form of `targetKey`. */
export function objectKey(object: KubeObject): string {
  return `${groupKindText(gvkOf(object))}/${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

/** An order of objects by the string `kind.group/namespace/name`. Versions of one object are equal. */
export function compareObjects(a: KubeObject, b: KubeObject): number {
  return compareText(objectKey(a), objectKey(b));
}

/** The value of a label; undefined if the object does not have the label. */
export function labelOfObject(object: KubeObject, key: string): string | undefined {
  return ownText(object.metadata.labels, key);
}

/** The value of an annotation; undefined if the object does not have the annotation. */
export function annotationOf(object: KubeObject, key: string): string | undefined {
  return ownText(object.metadata.annotations, key);
}

function ownText(map: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return map !== undefined && map !== null && Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The keys of objects, kinds and writes in maps and records. */
export const ObjectKey = { groupKind: groupKindText, of: objectKey, ofTarget: targetKey, ofWrite: writeKey };
