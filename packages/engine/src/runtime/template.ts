import { type JsonObject, type JsonValue, setOwn, isJsonObject } from '@typekro/kit/core';
import type { Hole, PathStep } from '../graph/index.ts';
import type { TemplatePlan } from '../graph/model.ts';
import type { EvaluateContext, EvaluationFailure, Variables } from './evaluate.ts';
import { evaluateField, evaluateToJson, keyCollision } from './evaluate.ts';
import { childAt } from '../graph/path.ts';

/** A value and its path. The value `undefined` removes the field or list element at the path. */
export interface FieldValue {
  readonly path: readonly PathStep[];
  readonly value: JsonValue | undefined;
  /**
   * Set if the value is the computed key of the member at the path. The values null and `undefined` remove the member.
   */
  readonly isKey?: true;
}

/** The first hole with an error; if there is no error, the first pending hole. */
export interface Unfilled {
  readonly state: 'pending' | 'error';
  readonly failure: EvaluationFailure;
  readonly path: string;
}

/** The values of all holes, or a hole that has no value. */
export type HoleValues = { readonly state: 'value'; readonly values: readonly FieldValue[] } | Unfilled;

/** A filled template, or a hole that has no value. */
export type Filled = { readonly state: 'value'; readonly value: JsonObject } | Unfilled;

/** Evaluates holes. Stops at an error, but not at a pending hole, because a later hole may have an error. */
export function evaluateHoles(holes: readonly Hole[], variables: Variables, context: EvaluateContext): HoleValues {
  const values: FieldValue[] = [];
  let pending: Unfilled | undefined;
  for (const hole of holes) {
    const result = evaluateField(hole, variables, context);
    if (result.state === 'value') {
      values.push(valueOf(hole, result.value));
    } else {
      const unfilled: Unfilled = { state: result.state, failure: result.failure, path: hole.pathText };
      if (result.state === 'error') return unfilled;
      pending ??= unfilled;
    }
  }
  return pending ?? { state: 'value', values };
}

/** Evaluates the holes of a template and fills it with the values (`fillPlan`). */
export function fillTemplate(plan: TemplatePlan, variables: Variables, context: EvaluateContext): Filled {
  const evaluated = evaluateHoles(plan.holes, variables, context);
  return evaluated.state === 'value' ? fillPlan(plan, evaluated.values, context) : evaluated;
}

/** Fills the template with the values. The result is an error if a computed key equals another key of the same map. */
export function fillPlan(
  { skeleton, holes }: TemplatePlan,
  values: readonly FieldValue[],
  context: Pick<EvaluateContext, 'secretUse'>,
): Filled {
  const duplicates: FieldValue[] = [];
  const value = fillSkeleton(skeleton, values, duplicates);
  const [first] = duplicates;
  const hole = holes.find(({ path, isKey }) => isKey === true && path === first?.path);
  if (first === undefined || hole === undefined) return { state: 'value', value };
  return { state: 'error', failure: keyCollision(hole, String(first.value), context), path: hole.pathText };
}

/** The field value for a hole and its evaluated value. */
export function valueOf({ path, isKey }: Hole, value: JsonValue | undefined): FieldValue {
  return isKey === undefined ? { path, value } : { path, value, isKey };
}

/** The holes that determine an object's identity: its type, namespace and name. */
export function identityHoles(holes: readonly Hole[]): Hole[] {
  return holes.filter(({ path: [first, second] }) =>
    first === 'metadata' ? second === 'name' || second === 'namespace' : first === 'apiVersion' || first === 'kind',
  );
}

/**
 * A copy of the skeleton with the values at their paths. The skeleton itself does not change. Fields without a value
 * (`omit()`) are removed after all other fields are set. Computed keys are set last, after all source keys (`${…}`) are
 * removed, because a computed key may equal the source of another key.
 *
 * @param duplicates receives the computed keys that equal another key of the same map
 */
export function fillSkeleton(
  skeleton: JsonObject,
  values: readonly FieldValue[],
  duplicates: FieldValue[] = [],
): JsonObject {
  const copies = new Set<JsonValue>();
  const copy = <T extends JsonObject | JsonValue[]>(value: T): T => {
    if (copies.has(value)) return value;
    const fresh = shallowCopy(value);
    copies.add(fresh);
    return fresh as T;
  };
  const root = copy(skeleton);
  /**
   * Copies the containers along a path, and returns the last one; `undefined` if a value on the path is not a
   * container.
   */
  const containerOf = (path: readonly PathStep[]): JsonValue | undefined => {
    let at: JsonValue = root;
    for (const step of path.slice(0, -1)) {
      const next: JsonValue | undefined = childAt(at, step);
      if (!Array.isArray(next) && !isJsonObject(next)) return undefined;
      const fresh: JsonValue = copy(next);
      assign(at, step, fresh);
      at = fresh;
    }
    return at;
  };
  const keys = values.filter(({ isKey }) => isKey === true);
  const fields = keys.length === 0 ? values : values.filter(({ isKey }) => isKey === undefined);
  for (const { path, value } of fields) {
    const [container, last] = [containerOf(path), path.at(-1)];
    if (container !== undefined && last !== undefined) assign(container, last, value ?? null);
  }
  // The maps are found before list elements are removed, because the removal changes the positions of later elements.
  const renames = keys.map((key) => ({ key, map: containerOf(key.path) }));
  removeAll(
    root,
    fields.filter(({ value }) => value === undefined).map(({ path }) => path),
  );
  const members = renames.flatMap(({ key, map }) =>
    isJsonObject(map) ? [{ key, map, member: takeMember(map, key.path) }] : [],
  );
  for (const { key, map, member } of members) if (!addMember(map, key, member)) duplicates.push(key);
  return root;
}

/**
 * Removes the member at the end of a path from its map, and returns the member's value; `undefined` if the map has no
 * such member.
 */
function takeMember(map: JsonObject, path: readonly PathStep[]): JsonValue | undefined {
  const written = path.at(-1);
  if (typeof written !== 'string' || !Object.hasOwn(map, written)) return undefined;
  const value = map[written];
  delete map[written];
  return value;
}

/** Adds a member under its computed key. Returns false, and does not add the member, if the map already has the key. */
function addMember(map: JsonObject, { value: key }: FieldValue, value: JsonValue | undefined): boolean {
  if (typeof key !== 'string' || value === undefined) return true;
  if (Object.hasOwn(map, key)) return false;
  setOwn(map, key, value);
  return true;
}

function shallowCopy(value: JsonObject | JsonValue[]): JsonObject | JsonValue[] {
  return Array.isArray(value) ? value.slice() : { ...value };
}

/** Removes fields and list elements, the last one first, so that the positions of earlier elements stay valid. */
function removeAll(root: JsonObject, paths: readonly (readonly PathStep[])[]): void {
  const ordered = [...paths].sort((a, b) => comparePaths(b, a));
  for (const path of ordered) {
    let at: JsonValue | undefined = root;
    for (const step of path.slice(0, -1)) at = childAt(at, step);
    const last = path.at(-1);
    if (Array.isArray(at) && typeof last === 'number') at.splice(last, 1);
    else if (isJsonObject(at) && typeof last === 'string') delete at[last];
  }
}

/** Compares paths for sorting; list indexes are compared as numbers. */
export function comparePaths(a: readonly PathStep[], b: readonly PathStep[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left, right] = [a[index], b[index]];
    if (left === right) continue;
    if (typeof left === 'number' && typeof right === 'number') return left - right;
    return String(left) < String(right) ? -1 : 1;
  }
  return a.length - b.length;
}

function assign(parent: JsonValue, step: PathStep, value: JsonValue): void {
  if (Array.isArray(parent) && typeof step === 'number') parent[step] = value;
  else if (isJsonObject(parent) && typeof step === 'string') setOwn(parent, step, value);
}

/** The values of expressions and templates. */
export const Evaluate = { toJson: evaluateToJson, fill: fillTemplate };
