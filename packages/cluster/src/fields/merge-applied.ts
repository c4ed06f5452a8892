import { type JsonObject, type JsonValue, setOwn } from '@typekro/kit/core';
import { asList, asObject } from '@typekro/kit/kubernetes';
import { sameJson } from '../types/share-unchanged.ts';
import type { ListNode, MapNode, ObjectNode, TypeNode } from '../types/type-node.ts';
import { anyNode, memberNode } from '../types/type-node.ts';
import { formOf, isLeaf, elementSteps } from './typed-walk.ts';

/** Merges the applied configuration into the live value. The result shares its unchanged parts with the live value. */
export function mergeApplied(node: TypeNode, live: JsonValue | undefined, applied: JsonValue | undefined): JsonValue {
  if (applied === undefined) return live ?? null;
  const form = formOf(node, applied);
  if (isLeaf(form)) return live !== undefined && sameJson(live, applied) ? live : applied;
  if (form.kind === 'list') {
    const [old, given] = [asList(live), asList(applied)];
    if (given.length === 0) return old.length === 0 || live === undefined ? applied : live;
    const list = mergeLists(form, old, given);
    return Array.isArray(live) && sameElements(live, list) ? live : list;
  }
  const [old, given] = [asObject(live), asObject(applied)];
  if (Object.keys(given).length === 0) return Object.keys(old).length === 0 || live === undefined ? applied : live;
  return mergeMembers(form, old, given);
}

const sameElements = (a: readonly JsonValue[], b: readonly JsonValue[]) =>
  a.length === b.length && a.every((element, index) => element === b[index]);

function mergeMembers(node: ObjectNode | MapNode, live: JsonObject, applied: JsonObject): JsonObject {
  let out: JsonObject | undefined;
  for (const key of Object.keys(applied)) {
    const left = Object.hasOwn(live, key) ? live[key] : undefined;
    const right = applied[key];
    // An equal member keeps its position, even when its value is `undefined`.
    if (left === right && (left !== undefined || Object.hasOwn(live, key))) continue;
    const merged = mergeApplied(memberNode(node, key) ?? anyNode, left, right);
    if (merged === left) continue;
    out ??= { ...live };
    setOwn(out, key, merged);
  }
  return out ?? live;
}

interface Element {
  readonly step: string;
  readonly value: JsonValue;
}

/**
 * Merges two lists with one cursor per list. When both cursors point to the same key, the two elements are merged. A
 * live element that the configuration does not have is copied. Elements that are in both lists get the order of the
 * configuration: such an element comes after all elements that precede it in the configuration.
 */
function mergeLists(node: ListNode, live: readonly JsonValue[], applied: readonly JsonValue[]): JsonValue[] {
  const [liveSteps, steps] = [elementSteps(node, live), elementSteps(node, applied)];
  const left = live.map((value, index): Element => ({ step: liveSteps[index] ?? '', value }));
  const right = applied.map((value, index): Element => ({ step: steps[index] ?? '', value }));
  const liveByStep = new Map<string, JsonValue | undefined>();
  for (const { step, value } of left) liveByStep.set(step, liveByStep.has(step) ? undefined : value);
  const appliedSteps = new Set(right.map(({ step }) => step));
  const shared = right.filter(({ step }) => liveByStep.has(step)).map(({ step }) => step);
  const done = new Set<string>();
  const out: JsonValue[] = [];
  let nextShared = 0;
  let leftIndex = 0;
  let rightIndex = 0;
  const take = ({ step, value }: Element) => {
    done.add(step);
    out.push(mergeApplied(node.items, liveByStep.get(step), value));
    rightIndex++;
    if (shared[nextShared] === step) nextShared++;
  };
  while (leftIndex < left.length || rightIndex < right.length) {
    const head = left[leftIndex];
    const wanted = right[rightIndex];
    if (head !== undefined && wanted !== undefined) {
      if (head.step === wanted.step) {
        take(wanted);
        leftIndex++;
        continue;
      }
      if (appliedSteps.has(head.step) && nextShared < shared.length && shared[nextShared] !== head.step) {
        leftIndex++;
        continue;
      }
    }
    if (head !== undefined) {
      if (!appliedSteps.has(head.step)) {
        out.push(head.value);
        leftIndex++;
        continue;
      }
      if (done.has(head.step)) leftIndex++;
    }
    if (wanted !== undefined) take(wanted);
  }
  return out;
}
