import type { KubeObject } from '../core/index.ts';
import { gvkOf } from '../core/index.ts';
import type { GraphNode } from '../graph/index.ts';
import { isTyped } from '../graph/index.ts';
import { compareText } from '../golang/index.ts';
import type { ObjectTarget, ObjectType } from './target.ts';

/** The API type of a node's objects. */
export function typeOfNode(node: GraphNode): ObjectType {
  if (!isTyped(node)) return unsupportedNode(node);
  const { group, version, kind } = node.type;
  return { group, version, kind, plural: node.plural, namespaced: node.namespaced };
}

/** Throws a TypeError for a node without a type, such as a variable, and for a node for which a caller has no rule. */
export function unsupportedNode({ id, nodeType, type }: GraphNode): never {
  throw new TypeError(
    `node ${id}: the engine has no rule for a ${nodeType}${type === undefined ? ' without a type' : ''}`,
  );
}

/** `Kind.group`, as inventories name kinds; `Kind` for the core group. */
export function groupKindText(type: { group: string; kind: string }): string {
  return type.group === '' ? type.kind : `${type.kind}.${type.group}`;
}

/** The group and kind of `Kind.group`. */
export function parseGroupKind(text: string): { group: string; kind: string } {
  const dot = text.indexOf('.');
  return dot < 0 ? { group: '', kind: text } : { group: text.slice(dot + 1), kind: text.slice(0, dot) };
}

/** The key of an object, independent of the API version: `Kind.group/namespace/name`. */
export function targetKey(target: ObjectTarget): string {
  return `${groupKindText(target.type)}/${target.namespace ?? ''}/${target.name}`;
}

/**
 * The key of the writes of one writer to an object. `writer` names a writer of kro's graph engine (`writerName`).
 * `writer` is absent for an apply of the child itself, and for the deletion of the child.
 */
export function writeKey(target: ObjectTarget, writer?: string): string {
  return writer === undefined ? targetKey(target) : `${targetKey(target)} ${writer}`;
}

/** The key of a live object, in the form of `targetKey`. */
export function objectKey(object: KubeObject): string {
  return `${groupKindText(gvkOf(object))}/${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}

/** A total order of objects: group and kind, namespace, name. */
export function compareObjects(a: KubeObject, b: KubeObject): number {
  return compareText(objectKey(a), objectKey(b));
}

/** The value of a label; undefined when the object has none of that name. */
export function labelOfObject(object: KubeObject, key: string): string | undefined {
  return ownText(object.metadata.labels, key);
}

/** The value of an annotation; undefined when the object has none of that name. */
export function annotationOf(object: KubeObject, key: string): string | undefined {
  return ownText(object.metadata.annotations, key);
}

function ownText(map: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return map !== undefined && map !== null && Object.hasOwn(map, key) ? map[key] : undefined;
}
