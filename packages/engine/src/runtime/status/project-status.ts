import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type Graph, type Hole, type PathStep, KroLevel } from '../../graph/index.ts';
import { type EvaluateContext, type Variables, evaluateField } from '../evaluate.ts';
import type { Decision, StatusProblem } from '../model.ts';
import { type FieldValue, comparePaths, fillSkeleton } from '../template.ts';
import { childAt, isEmptyContainer } from '../../graph/path.ts';

type PendingStatusField = NonNullable<Decision['statusPending']>[number];

/** The author's part of the status. */
export interface ProjectedStatus {
  readonly fields: JsonObject;
  readonly problems: readonly StatusProblem[];
  /** The fields whose data does not exist yet. */
  readonly pending: readonly PendingStatusField[];
}

/** Fields that the runtime writes. The author's fields with these names are dropped. */
const RESERVED = new Set(['state', 'conditions']);

/**
 * Evaluates each status field independently. A field that reads absent data is omitted until the data exists. A field
 * that fails is omitted and reported. Omitted fields do not delay other fields. If all fields of an object or list are
 * omitted, the object or list is omitted too. A list element that becomes empty in this way is removed only if it is
 * the last element. If `omit()` removes all fields of a container, the empty container stays. kro 0.10 omits a whole
 * list if one of its elements has no value.
 */
export function projectStatus(
  { status: plan, kroCompatibility }: Pick<Graph, 'status' | 'kroCompatibility'>,
  variables: Variables,
  context: EvaluateContext,
): ProjectedStatus {
  const values: FieldValue[] = [];
  const problems: StatusProblem[] = [];
  const pending: PendingStatusField[] = [];
  const missing: { readonly hole: Hole; readonly omitted: boolean }[] = [];
  for (const hole of plan.holes) {
    const result = evaluateField({ expression: hole.expression }, variables, context);
    const value = result.state === 'value' ? result.value : null;
    values.push({ path: hole.path, value: value ?? null });
    if (result.state === 'value' && value !== undefined) continue;
    missing.push({ hole, omitted: result.state === 'value' });
    if (result.state !== 'value') {
      const { expression, message, references } = result.failure;
      const problem = { path: hole.pathText, expression, message };
      if (result.state === 'error') problems.push(problem);
      else pending.push({ ...problem, nodes: references });
    }
  }
  const fields = fillSkeleton(plan.skeleton, values);
  // Removes elements from the end, so that earlier positions stay valid.
  for (const { hole, omitted } of missing.sort((one, other) => comparePaths(other.hole.path, one.hole.path))) {
    const path = omitted || !KroLevel.followsGraphEngine(kroCompatibility) ? hole.path : listAbove(hole.path);
    removeAt(fields, path);
    if (!omitted) dropEmpty(fields, path.slice(0, -1));
  }
  for (const name of RESERVED) delete fields[name];
  return { fields, problems, pending };
}

/**
 * The path of the outermost list that contains a field; if no list contains the field, the path of the field itself.
 */
function listAbove(path: readonly PathStep[]): readonly PathStep[] {
  const index = path.findIndex((step) => typeof step === 'number');
  return index < 0 ? path : path.slice(0, index);
}

/**
 * Removes the empty objects and lists on a path, from the inside out. Removes only the last element of a list, so that
 * the other elements keep their positions.
 */
function dropEmpty(root: JsonObject, path: readonly PathStep[]): void {
  const last = path.at(-1);
  const value = at(root, path);
  if (last === undefined || value === undefined || !isEmptyContainer(value)) return;
  const above = at(root, path.slice(0, -1));
  if (Array.isArray(above) && last !== above.length - 1) return;
  removeAt(root, path);
  dropEmpty(root, path.slice(0, -1));
}

function removeAt(root: JsonObject, path: readonly PathStep[]): void {
  const last = path.at(-1);
  const parent = at(root, path.slice(0, -1));
  if (Array.isArray(parent) && typeof last === 'number') parent.splice(last, 1);
  else if (isJsonObject(parent) && typeof last === 'string') delete parent[last];
}

function at(root: JsonObject, path: readonly PathStep[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((value, step) => childAt(value, step), root);
}
