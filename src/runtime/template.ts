import type { JsonObject, JsonValue } from '../core/index.ts';
import { setOwn } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import type { Hole, PathStep, TemplatePlan } from '../graph/index.ts';
import type { EvaluateContext, EvaluationFailure, Variables } from './evaluate.ts';
import { evaluateField } from './evaluate.ts';
import { childAt } from './json-child.ts';

/** A value and its path; `undefined` removes the field or list element there. */
export interface FieldValue {
  readonly path: readonly PathStep[];
  readonly value: JsonValue | undefined;
}

/** The first hole with an error; without errors, the first pending hole. */
export interface Unfilled {
  readonly state: 'pending' | 'error';
  readonly failure: EvaluationFailure;
  readonly path: string;
}

/** The values of holes, or the hole that has none. */
export type HoleValues = { readonly state: 'value'; readonly values: readonly FieldValue[] } | Unfilled;

/** A filled template, or the hole that has no value. */
export type Filled = { readonly state: 'value'; readonly value: JsonObject } | Unfilled;

/** Evaluates holes. Stops at an error, but not at a pending hole, since a later one may have an error. */
export function evaluateHoles(holes: readonly Hole[], variables: Variables, context: EvaluateContext): HoleValues {
  const values: FieldValue[] = [];
  let pending: Unfilled | undefined;
  for (const hole of holes) {
    const result = evaluateField(hole, variables, context);
    if (result.state === 'value') {
      values.push({ path: hole.path, value: result.value });
    } else {
      const unfilled: Unfilled = { state: result.state, failure: result.failure, path: hole.pathText };
      if (result.state === 'error') return unfilled;
      pending ??= unfilled;
    }
  }
  return pending ?? { state: 'value', values };
}

/** Evaluates the holes of a template and puts the values into a copy of the skeleton. */
export function fillTemplate(plan: TemplatePlan, variables: Variables, context: EvaluateContext): Filled {
  const evaluated = evaluateHoles(plan.holes, variables, context);
  if (evaluated.state !== 'value') return evaluated;
  return { state: 'value', value: fillSkeleton(plan.skeleton, evaluated.values) };
}

/** Holes that decide about the identity of an object: its type, namespace and name. */
export function identityHoles(holes: readonly Hole[]): Hole[] {
  return holes.filter(({ path: [first, second] }) =>
    first === 'metadata' ? second === 'name' || second === 'namespace' : first === 'apiVersion' || first === 'kind',
  );
}

/**
 * A copy of the skeleton with the values at their paths. The skeleton itself does not change. Fields without a value
 * (`omit()`) are removed after all other fields are set.
 */
export function fillSkeleton(skeleton: JsonObject, values: readonly FieldValue[]): JsonObject {
  const copies = new Set<JsonValue>();
  const copy = <T extends JsonObject | JsonValue[]>(value: T): T => {
    if (copies.has(value)) return value;
    const fresh = shallowCopy(value);
    copies.add(fresh);
    return fresh as T;
  };
  const root = copy(skeleton);
  const put = (path: readonly PathStep[], value: JsonValue) => {
    let at: JsonValue = root;
    for (const step of path.slice(0, -1)) {
      const next: JsonValue | undefined = childAt(at, step);
      if (!Array.isArray(next) && !isJsonObject(next)) return;
      const fresh: JsonValue = copy(next);
      assign(at, step, fresh);
      at = fresh;
    }
    const last = path.at(-1);
    if (last !== undefined) assign(at, last, value);
  };
  for (const { path, value } of values) put(path, value ?? null);
  removeAll(
    root,
    values.filter(({ value }) => value === undefined).map(({ path }) => path),
  );
  return root;
}

function shallowCopy(value: JsonObject | JsonValue[]): JsonObject | JsonValue[] {
  return Array.isArray(value) ? value.slice() : { ...value };
}

/** Removes fields. Removes list elements from the back, so that the positions of the others stay valid. */
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

/** Orders paths; positions of a list by number. */
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
