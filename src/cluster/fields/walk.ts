import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { toJsonText } from '../codec-json.ts';
import type { ListNode, MapNode, ObjectNode, TypeNode } from '../types/node.ts';
import { deduce, memberNode } from '../types/node.ts';
import { emptyTree, FieldTree, leafTree } from './tree.ts';

/** A value that its type does not take under apply; the text begins with the path. */
export class TypedError extends Error {}

/** The members of a granular object or map, or the elements of a granular list. */
export type Granular = ObjectNode | MapNode | ListNode;

/** The node to descend with, or `undefined` when the value is one leaf. */
export function granular(node: TypeNode, value: JsonValue | undefined): Granular | undefined {
  const known = deduce(node, value);
  if (known.kind === 'scalar') return undefined;
  if (known.kind === 'list') return known.list === 'atomic' ? undefined : known;
  return known.atomic ? undefined : known;
}

/** The step of a list element: by its keys (missing ones take their default) or by its value. */
export function elementStep(node: ListNode, element: JsonValue, index: number): string {
  if (node.list === 'set') return `v:${toJsonText(element)}`;
  if (!isJsonObject(element)) return `i:${index}`;
  const keys: JsonObject = {};
  for (const key of node.keys.toSorted()) {
    const value = Object.hasOwn(element, key) ? element[key] : defaultOfKey(node, key);
    if (value !== undefined) keys[key] = value;
  }
  return `k:${toJsonText(keys)}`;
}

function defaultOfKey(node: ListNode, key: string): JsonValue | undefined {
  return node.items.kind === 'object' ? node.items.fields.get(key)?.default : undefined;
}

const isEmptyObject = (value: JsonValue) => isJsonObject(value) && Object.keys(value).length === 0;

/** The paths that a configuration owns: what an apply of `value` claims. */
export function fieldSet(node: TypeNode, value: JsonValue): FieldTree {
  const known = granular(node, value);
  if (known === undefined) return leafTree;
  if (known.kind === 'list') return Array.isArray(value) ? elementSet(known, value) : emptyTree;
  return isJsonObject(value) ? memberSet(known, value) : emptyTree;
}

function memberSet(node: ObjectNode | MapNode, value: JsonObject): FieldTree {
  const children = new Map<string, FieldTree>();
  for (const [key, entry] of Object.entries(value)) {
    if (entry === undefined) continue;
    const child = fieldSet(memberNode(node, key) ?? { kind: 'any' }, entry);
    const declared = node.kind === 'object' && node.fields.has(key);
    const owned = child.owned || entry === null || isEmptyObject(entry) || !declared;
    if (owned || child.children.size > 0) children.set(`f:${key}`, new FieldTree(owned, child.children));
  }
  return new FieldTree(false, children);
}

function elementSet(node: ListNode, list: readonly JsonValue[]): FieldTree {
  const steps = list.map((element, index) => elementStep(node, element, index));
  const children = new Map<string, FieldTree>();
  for (const [index, step] of steps.entries()) {
    const repeated = steps.indexOf(step) !== steps.lastIndexOf(step);
    const inner = repeated ? emptyTree : fieldSet(node.items, list[index] ?? null);
    children.set(step, new FieldTree(true, inner.children));
  }
  return new FieldTree(false, children);
}

/** Declared members on the way to a path count as members too; needed when paths are taken away. */
export function withDeclaredParents(tree: FieldTree, node: TypeNode): FieldTree {
  const children = new Map<string, FieldTree>();
  for (const [step, child] of tree.children) {
    const declared = step.startsWith('f:') && node.kind === 'object' && node.fields.has(step.slice(2));
    const inner = withDeclaredParents(child, nodeAt(node, step));
    children.set(step, new FieldTree(child.owned || declared, inner.children));
  }
  return new FieldTree(tree.owned, children);
}

/** The type below one step. */
export function nodeAt(node: TypeNode, step: string): TypeNode {
  if (node.kind === 'list') return node.items;
  if (node.kind === 'object' || node.kind === 'map') {
    return (step.startsWith('f:') ? memberNode(node, step.slice(2)) : undefined) ?? { kind: 'any' };
  }
  return { kind: 'any' };
}

/** `value` without the paths of `remove`; a container left with nothing is `null`. */
export function removePaths(node: TypeNode, value: JsonValue, remove: FieldTree): JsonValue {
  const known = granular(node, value);
  if (known === undefined) return deduce(node, value).kind === 'scalar' ? value : null;
  if (known.kind === 'list')
    return Array.isArray(value) && value.length > 0 ? removeElements(known, value, remove) : null;
  if (!isJsonObject(value)) return null;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    const child = remove.children.get(`f:${key}`);
    if (child?.owned) continue;
    const entry = value[key] ?? null;
    const kept = child === undefined ? entry : removePaths(memberNode(known, key) ?? { kind: 'any' }, entry, child);
    Object.defineProperty(out, key, { value: kept, enumerable: true, configurable: true, writable: true });
  }
  return Object.keys(out).length > 0 ? out : null;
}

function removeElements(node: ListNode, list: readonly JsonValue[], remove: FieldTree): JsonValue {
  const out: JsonValue[] = [];
  for (const [index, element] of list.entries()) {
    const child = remove.children.get(elementStep(node, element, index));
    if (child?.owned) continue;
    out.push(child === undefined ? element : removePaths(node.items, element, child));
  }
  return out.length > 0 ? out : null;
}
