import { type JsonObject, type JsonValue, jsonEquals } from '@typekro/kit/core';
import { asList, asObject } from '@typekro/kit/kubernetes';
import type { ListNode, MapNode, ObjectNode, TypeNode } from '../types/type-node.ts';
import { anyMapNode, anyNode, memberNode } from '../types/type-node.ts';
import { emptyTree, FieldTree, leafTree, unionOfTrees } from './tree.ts';
import { type Form, elementStep, formOf, isLeaf, memberStep } from './typed-walk.ts';

/** The differences between two values. */
export interface FieldComparison {
  readonly added: FieldTree;
  readonly modified: FieldTree;
  readonly removed: FieldTree;
}

const SAME: FieldComparison = { added: emptyTree, modified: emptyTree, removed: emptyTree };
const ADDED: FieldComparison = { ...SAME, added: leafTree };
const MODIFIED: FieldComparison = { ...SAME, modified: leafTree };
const REMOVED: FieldComparison = { ...SAME, removed: leafTree };

/**
 * Compares two values of one type. `undefined` means absent; `null` is a value. Values without a declared type may have
 * different forms, e.g. when a list replaces an object. In this case the old value's parts count as removed, and the
 * new value's parts count as added.
 */
export function compareFields(
  node: TypeNode,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): FieldComparison {
  if (before === after) return SAME;
  const left = before === undefined ? undefined : formOf(node, before);
  const right = after === undefined ? undefined : formOf(node, after);
  if (left === undefined || right === undefined || left.kind === right.kind) {
    return compareAs(right ?? left ?? anyMapNode, before, after);
  }
  return both(compareAs(left, before, after), compareAs(right, before, after));
}

/**
 * Compares two values as values of `form`. A value that does not have this form counts as a value without members or
 * elements.
 */
function compareAs(form: Form, before: JsonValue | undefined, after: JsonValue | undefined): FieldComparison {
  if (isLeaf(form)) return compareLeaf(before, after);
  let inner: FieldComparison;
  if (form.kind === 'list') {
    const [oldList, newList] = [asList(before), asList(after)];
    if (oldList.length === 0 && newList.length === 0) return compareLeaf(before, after);
    inner = compareElements(form, oldList, newList);
  } else {
    const [oldObject, newObject] = [asObject(before), asObject(after)];
    if (Object.keys(oldObject).length === 0 && Object.keys(newObject).length === 0) return compareLeaf(before, after);
    inner = compareMembers(form, oldObject, newObject);
  }
  if (before === undefined) return { ...inner, added: new FieldTree(true, inner.added.children) };
  if (after === undefined) return { ...inner, removed: new FieldTree(true, inner.removed.children) };
  return inner;
}

const both = (a: FieldComparison, b: FieldComparison): FieldComparison => ({
  added: unionOfTrees(a.added, b.added),
  modified: unionOfTrees(a.modified, b.modified),
  removed: unionOfTrees(a.removed, b.removed),
});

function compareLeaf(before: JsonValue | undefined, after: JsonValue | undefined): FieldComparison {
  if (before === undefined) return ADDED;
  if (after === undefined) return REMOVED;
  return jsonEquals(before, after) ? SAME : MODIFIED;
}

class Collected {
  #added: Map<string, FieldTree> | undefined;
  #modified: Map<string, FieldTree> | undefined;
  #removed: Map<string, FieldTree> | undefined;

  add(step: string, comparison: FieldComparison) {
    if (comparison === SAME) return;
    if (!comparison.added.empty) (this.#added ??= new Map()).set(step, comparison.added);
    if (!comparison.modified.empty) (this.#modified ??= new Map()).set(step, comparison.modified);
    if (!comparison.removed.empty) (this.#removed ??= new Map()).set(step, comparison.removed);
  }

  result(): FieldComparison {
    const [added, modified, removed] = [this.#added, this.#modified, this.#removed];
    if (added === undefined && modified === undefined && removed === undefined) return SAME;
    return { added: treeOf(added), modified: treeOf(modified), removed: treeOf(removed) };
  }
}

const treeOf = (children: Map<string, FieldTree> | undefined) =>
  children === undefined ? emptyTree : new FieldTree(false, children);

function compareMembers(node: ObjectNode | MapNode, before: JsonObject, after: JsonObject): FieldComparison {
  const collected = new Collected();
  for (const key of Object.keys(before)) {
    const left = before[key];
    const right = Object.hasOwn(after, key) ? after[key] : undefined;
    if (left === right) continue;
    const inner = compareFields(memberNode(node, key) ?? anyNode, left, right);
    if (inner !== SAME) collected.add(memberStep(key), inner);
  }
  for (const key of Object.keys(after)) {
    if (Object.hasOwn(before, key)) continue;
    collected.add(memberStep(key), compareFields(memberNode(node, key) ?? anyNode, undefined, after[key]));
  }
  return collected.result();
}

function group(node: ListNode, list: readonly JsonValue[]): Map<string, JsonValue[]> {
  const groups = new Map<string, JsonValue[]>();
  for (const [index, element] of list.entries()) {
    const step = elementStep(node, element, index);
    const group = groups.get(step);
    if (group === undefined) groups.set(step, [element]);
    else group.push(element);
  }
  return groups;
}

const areEqualLists = (before: readonly JsonValue[], after: readonly JsonValue[]): boolean =>
  before.length === after.length && before.every((element, index) => jsonEquals(element, after[index]));

function compareElements(node: ListNode, before: readonly JsonValue[], after: readonly JsonValue[]): FieldComparison {
  // Most lists are unchanged, and this test is cheaper than matching elements by their keys.
  if (areEqualLists(before, after)) return SAME;
  const collected = new Collected();
  const left = group(node, before);
  const right = group(node, after);
  for (const step of new Set([...left.keys(), ...right.keys()])) {
    const oldElements = left.get(step) ?? [];
    const newElements = right.get(step) ?? [];
    if (oldElements.length <= 1 && newElements.length <= 1)
      collected.add(step, compareFields(node.items, oldElements[0], newElements[0]));
    else collected.add(step, compareRepeated(node, oldElements, newElements));
  }
  return collected.result();
}

/**
 * Compares the elements with the same key in two lists, when at least one of the lists repeats the key. A manager that
 * changes one of these elements owns all of them.
 */
function compareRepeated(node: ListNode, oldElements: JsonValue[], newElements: JsonValue[]): FieldComparison {
  if (newElements.length === 0) return REMOVED;
  if (oldElements.length === 0) return ADDED;
  if (oldElements.length === 1 && newElements.length > 1) {
    const removedFields = compareFields(node.items, oldElements[0], undefined);
    return { added: emptyTree, modified: leafTree, removed: new FieldTree(false, removedFields.removed.children) };
  }
  if (oldElements.length > 1 && newElements.length === 1) {
    const addedFields = compareFields(node.items, undefined, newElements[0]);
    return { added: new FieldTree(false, addedFields.added.children), modified: leafTree, removed: emptyTree };
  }
  return jsonEquals(oldElements, newElements) ? SAME : MODIFIED;
}

/** The paths that were added, and the paths whose value has changed. */
export const addedOrModified = (comparison: FieldComparison): FieldTree =>
  unionOfTrees(comparison.added, comparison.modified);
