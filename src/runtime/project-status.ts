import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import type { Hole, PathStep, StatusPlan } from '../graph/index.ts';
import type { EvaluateContext, Variables } from './evaluate.ts';
import { evaluate } from './evaluate.ts';
import type { StatusProblem } from './model.ts';
import type { FieldValue } from './template.ts';
import { fillSkeleton } from './template.ts';

/** The author's part of the status. */
export interface ProjectedStatus {
  readonly fields: JsonObject;
  readonly problems: readonly StatusProblem[];
}

/** Written by the runtime; fields of these names in the author's map are left out. */
const RESERVED = new Set(['state', 'conditions']);

/**
 * Evaluates the status fields, each on its own: one that reads data which is not there is left out until
 * it is, one that fails is left out and reported, and neither holds up the others. Objects that end up
 * without any of their computed fields are left out too.
 */
export function projectStatus(plan: StatusPlan, variables: Variables, context: EvaluateContext): ProjectedStatus {
  const values: FieldValue[] = [];
  const problems: StatusProblem[] = [];
  const emptied: Hole[] = [];
  for (const hole of plan.holes) {
    const result = evaluate(hole.expression, variables, context);
    if (result.state === 'value') {
      values.push({ path: hole.path, value: result.value });
      continue;
    }
    values.push({ path: hole.path, value: undefined });
    emptied.push(hole);
    if (result.state === 'error') {
      const { expression, message } = result.failure;
      problems.push({ path: hole.pathText, expression, message });
    }
  }
  const fields = fillSkeleton(plan.skeleton, values);
  for (const hole of emptied) dropEmpty(fields, hole.path.slice(0, -1));
  for (const name of RESERVED) delete fields[name];
  return { fields, problems };
}

/** Removes the objects on a path that have become empty, from the inside out. */
function dropEmpty(root: JsonObject, path: readonly PathStep[]): void {
  const last = path.at(-1);
  if (last === undefined) return;
  const above = path.slice(0, -1);
  const parent = above.reduce<JsonValue | undefined>((value, step) => child(value, step), root);
  const value = child(parent, last);
  // Positions in lists stay: an element is never removed because it became empty.
  if (!isJsonObject(parent) || typeof last !== 'string' || !isJsonObject(value) || Object.keys(value).length > 0)
    return;
  delete parent[last];
  dropEmpty(root, above);
}

function child(value: JsonValue | undefined, step: PathStep): JsonValue | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isJsonObject(value) && typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
}
