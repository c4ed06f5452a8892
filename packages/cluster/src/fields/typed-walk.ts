import { type JsonObject, type JsonValue, isJsonObject, setOwn, oncePerObject } from '@typekro/kit/core';
import { toJsonText } from '../codec/json.ts';
import type { ListNode, MapNode, ObjectNode, ScalarNode, TypeNode } from '../types/type-node.ts';
import { anyMapNode, anyNode, deduce, memberNode } from '../types/type-node.ts';
import { emptyTree, FieldTree, leafTree } from './tree.ts';

/** The error for a value that does not have the structure of its type. The message begins with the path. */
export class TypedError extends Error {}

/** The type of a value with granular content: an object, a map or a list. */
export type Granular = ObjectNode | MapNode | ListNode;

/** The form in which a value is compared and merged: any type except `any`. */
export type Form = Exclude<TypeNode, { kind: 'any' }>;

/**
 * The form of a value: the form of its type, or the value's own form when no schema declares the type. `null` without a
 * declared type counts as an object without members.
 */
export const formOf = (node: TypeNode, value: JsonValue): Form =>
  value === null && node.kind === 'any' && node.atomic !== true ? anyMapNode : deduce(node, value);

/** Is a value of this form owned as a whole? */
export const isLeaf = (form: Form): form is ScalarNode | (Form & { atomic: true }) | (ListNode & { list: 'atomic' }) =>
  form.kind === 'scalar' || (form.kind === 'list' ? form.list === 'atomic' : form.atomic === true);

/** The type whose members or elements are traversed; `undefined` when the value is owned as a whole. */
export function granular(node: TypeNode, value: JsonValue | undefined): Granular | undefined {
  const known = deduce(node, value);
  return isLeaf(known) ? undefined : known;
}

const memberSteps = new Map<string, string>();
const MAX_CACHED_STEPS = 10_000;

/** The step to a member. Steps are cached, because field names recur. */
export function memberStep(name: string): string {
  let step = memberSteps.get(name);
  if (step === undefined) {
    step = `f:${name}`;
    if (memberSteps.size < MAX_CACHED_STEPS && name.length < 100) memberSteps.set(name, step);
  }
  return step;
}

const listSteps = new WeakMap<readonly JsonValue[], { readonly node: ListNode; readonly steps: readonly string[] }>();

/** The steps of all elements of an immutable list. */
export function elementSteps(node: ListNode, list: readonly JsonValue[]): readonly string[] {
  const known = listSteps.get(list);
  if (known?.node === node) return known.steps;
  const steps = list.map((element, index) => elementStep(node, element, index));
  listSteps.set(list, { node, steps });
  return steps;
}

/**
 * The step of a list element. For an element of a set, the step is `v:` and the value. For an object in a list with
 * keys, it is `k:` and the key fields; a missing key field has its default. For any other element, it is `i:` and the
 * index.
 */
export function elementStep(node: ListNode, element: JsonValue, index: number): string {
  if (node.list === 'set') return `v:${toJsonText(element)}`;
  if (!isJsonObject(element)) return `i:${index}`;
  let text = 'k:{';
  for (const key of node.keys.length < 2 ? node.keys : sortedKeys(node)) {
    const value = Object.hasOwn(element, key) ? element[key] : defaultOfKey(node, key);
    if (value !== undefined) text += `${text.length > 3 ? ',' : ''}${toJsonText(key)}:${toJsonText(value)}`;
  }
  return `${text}}`;
}

const sortedKeys = oncePerObject(({ keys }: ListNode): readonly string[] => keys.toSorted());

function defaultOfKey(node: ListNode, key: string): JsonValue | undefined {
  return node.items.kind === 'object' ? node.items.fields.get(key)?.default : undefined;
}

const isEmptyObject = (value: JsonValue) => isJsonObject(value) && Object.keys(value).length === 0;

/**
 * The paths that an apply of `value` claims. `known` has the paths of an earlier value `of`. The result reuses equal
 * subtrees of `known`, so that data cached for them stays valid. A member that is the same JavaScript object in `value`
 * and `of` is not traversed again.
 */
export function fieldSet(node: TypeNode, value: JsonValue, known?: FieldTree, of?: JsonValue): FieldTree {
  const inner = granular(node, value);
  if (inner === undefined) return leafTree;
  if (inner.kind === 'list') return Array.isArray(value) ? elementSet(inner, value, known, of) : emptyTree;
  return isJsonObject(value) ? memberSet(inner, value, known, of) : emptyTree;
}

/** Returns `known` when it has these children and this `owned`; otherwise returns a new tree. */
function treeOf(owned: boolean, children: ReadonlyMap<string, FieldTree>, known: FieldTree | undefined): FieldTree {
  if (known?.owned === owned && known.children.size === children.size) {
    let same = true;
    for (const [step, child] of children) {
      if (known.children.get(step) === child) continue;
      same = false;
      break;
    }
    if (same) return known;
  }
  return new FieldTree(owned, children);
}

/**
 * The tree with the given `owned`. Returns `tree` or `known` when one of them equals the result; otherwise makes a new
 * tree.
 */
function withOwned(tree: FieldTree, owned: boolean, known: FieldTree | undefined): FieldTree {
  if (tree.owned === owned) return tree;
  return owned && tree.children.size === 0 ? leafTree : treeOf(owned, tree.children, known);
}

function memberSet(
  node: ObjectNode | MapNode,
  value: JsonObject,
  known: FieldTree | undefined,
  of: JsonValue | undefined,
): FieldTree {
  const children = new Map<string, FieldTree>();
  const old = isJsonObject(of) ? of : undefined;
  for (const key of Object.keys(value)) {
    const entry = value[key];
    if (entry === undefined) continue;
    const step = memberStep(key);
    const before = known?.children.get(step);
    const oldMember = old !== undefined && before !== undefined && Object.hasOwn(old, key) ? old[key] : undefined;
    if (before !== undefined && entry === oldMember && typeof entry === 'object' && entry !== null) {
      children.set(step, before);
      continue;
    }
    const child = fieldSet(memberNode(node, key) ?? anyNode, entry, before, oldMember);
    const owned =
      child.owned || entry === null || isEmptyObject(entry) || !(node.kind === 'object' && node.fields.has(key));
    if (owned || child.children.size > 0) children.set(step, withOwned(child, owned, before));
  }
  return treeOf(false, children, known);
}

function elementSet(
  node: ListNode,
  list: readonly JsonValue[],
  known: FieldTree | undefined,
  of: JsonValue | undefined,
): FieldTree {
  const old = Array.isArray(of) ? of : [];
  const steps = elementSteps(node, list);
  const oldSteps = elementSteps(node, old);
  const children = new Map<string, FieldTree>();
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] ?? '';
    const before = known?.children.get(step);
    const oldElement = oldSteps[index] === step ? old[index] : undefined;
    // Elements with the same key are owned as a whole.
    const inner = children.has(step) ? emptyTree : fieldSet(node.items, list[index] ?? null, before, oldElement);
    children.set(step, withOwned(inner, true, before));
  }
  return treeOf(false, children, known);
}

/**
 * Marks the declared members on the paths of the tree as owned. The difference of two such trees then contains a member
 * itself if the other tree has no path in it, and `removePaths` removes this member as a whole.
 */
export function withDeclaredParents(tree: FieldTree, node: TypeNode): FieldTree {
  const children = new Map<string, FieldTree>();
  for (const [step, child] of tree.children) {
    const declared = step.startsWith('f:') && node.kind === 'object' && node.fields.has(step.slice(2));
    const inner = withDeclaredParents(child, nodeAt(node, step));
    children.set(step, new FieldTree(child.owned || declared, inner.children));
  }
  return new FieldTree(tree.owned, children);
}

/** The type of the member or element to which `step` leads. */
export function nodeAt(node: TypeNode, step: string): TypeNode {
  if (node.kind === 'list') return node.items;
  if (node.kind === 'object' || node.kind === 'map') {
    return (step.startsWith('f:') ? memberNode(node, step.slice(2)) : undefined) ?? { kind: 'any' };
  }
  return { kind: 'any' };
}

/**
 * Removes the paths of `remove` from a value. An atomic container, and a container that loses all its content, become
 * `null`.
 */
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
    setOwn(out, key, kept);
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
