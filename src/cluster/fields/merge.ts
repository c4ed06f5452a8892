import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { setMember } from '../types/decode.ts';
import type { ListNode, MapNode, ObjectNode, TypeNode } from '../types/node.ts';
import { memberNode } from '../types/node.ts';
import { elementStep, granular } from './walk.ts';

/** The live value with an applied configuration laid over it. */
export function mergeApplied(node: TypeNode, live: JsonValue | undefined, applied: JsonValue | undefined): JsonValue {
  if (applied === undefined) return live ?? null;
  if (live === undefined && granular(node, applied) === undefined) return applied;
  const known = granular(node, applied);
  if (known === undefined) return applied;
  if (known.kind === 'list') {
    if (!Array.isArray(applied)) return Array.isArray(live) ? live : applied;
    const list = mergeLists(known, Array.isArray(live) ? live : [], applied);
    return list.length > 0 ? list : applied;
  }
  if (!isJsonObject(applied)) return isJsonObject(live) ? live : applied;
  return mergeMembers(known, isJsonObject(live) ? live : {}, applied);
}

function mergeMembers(node: ObjectNode | MapNode, live: JsonObject, applied: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const key of Object.keys(live)) {
    const right = Object.hasOwn(applied, key) ? applied[key] : undefined;
    setMember(out, key, mergeApplied(memberNode(node, key) ?? { kind: 'any' }, live[key], right));
  }
  for (const key of Object.keys(applied)) {
    if (Object.hasOwn(live, key)) continue;
    setMember(out, key, mergeApplied(memberNode(node, key) ?? { kind: 'any' }, undefined, applied[key]));
  }
  return out;
}

interface Element {
  readonly step: string;
  readonly value: JsonValue;
}

/**
 * Two cursors, one in each list. An element that heads both is merged. A live element that is not applied
 * is passed through; one that is applied, but is not the next shared one in applied order, waits for its
 * place there. Otherwise the applied element comes.
 */
function mergeLists(node: ListNode, live: readonly JsonValue[], applied: readonly JsonValue[]): JsonValue[] {
  const left = live.map((value, index): Element => ({ step: elementStep(node, value, index), value }));
  const right = applied.map((value, index): Element => ({ step: elementStep(node, value, index), value }));
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
