import { type JsonObject, type JsonValue, isJsonObject, nearestName } from '@typekro/kit/core';
import { Path, type PathStep } from '@typekro/engine/graph';
import { type Schema, StructuralSchema, schemaNodeAt, valueAtSteps, RefusedPlace } from '@typekro/engine/schema';
import { namesBelow } from './unknown-field-hint.ts';

/** A field that the kind does not have. */
export interface UnknownField {
  /** The path as the user wrote it. */
  readonly steps: readonly PathStep[];
  /** The same path, with corrected names of the ancestors. */
  readonly meant: readonly PathStep[];
}

/** A value with corrected field names. */
export interface CorrectedFields {
  /** The value with each misspelt field renamed. The given value if no field was renamed. */
  readonly value: JsonValue;
  /** All unknown fields, sorted by path, including those that resemble no other field. */
  readonly unknown: readonly UnknownField[];
  /** Maps a path in the corrected value to the path in the given value. */
  readonly asWritten: (path: readonly PathStep[]) => PathStep[];
}

/**
 * Renames misspelt fields to the most similar field, unless the object already has that field. The fields inside a
 * misspelt field are checked under its corrected name, so that one check finds all misspellings.
 */
export function correctFields(schema: Schema, given: JsonValue): CorrectedFields {
  const renamed = new Map<string, string>();
  const asWritten = (path: readonly PathStep[]): PathStep[] =>
    path.map((step, index) => renamed.get(Path.format(path.slice(0, index + 1))) ?? step);
  const corrected: UnknownField[] = [];
  let value = given;
  for (;;) {
    const found = StructuralSchema.prune(schema, value).unknown.map((field) => RefusedPlace.stepsIn(value, field));
    const copy = found.length === 0 ? value : structuredClone(value);
    const rest: UnknownField[] = [];
    let isChanged = false;
    for (const steps of found) {
      const field = { steps: asWritten(steps), meant: steps };
      const path = renameField(schema, copy, steps);
      (path === undefined ? rest : corrected).push(field);
      if (path === undefined) continue;
      isChanged = true;
      const key = Path.format(path);
      if (!renamed.has(key)) renamed.set(key, String(steps.at(-1)));
    }
    // The loop ends, because each renaming reduces the number of unknown fields at its depth by one.
    if (!isChanged) {
      const order = ({ steps }: UnknownField): string => StructuralSchema.fieldPath(steps);
      const unknown = [...corrected, ...rest].toSorted((one, other) => (order(one) < order(other) ? -1 : 1));
      return { value, unknown, asWritten };
    }
    value = copy;
  }
}

/** Renames an unknown field in place. Returns its new path, or `undefined` if no field is similar. */
function renameField(schema: Schema, root: JsonValue, steps: readonly PathStep[]): PathStep[] | undefined {
  const above = steps.slice(0, -1);
  const name = String(steps.at(-1) ?? '');
  const parent = valueAtSteps(root, above);
  const holder = schemaNodeAt(schema, above);
  const near = holder === undefined ? undefined : nearestName(name, namesBelow(holder).names);
  if (!isJsonObject(parent) || near === undefined || Object.hasOwn(parent, near)) return undefined;
  rename(parent, name, near);
  return [...above, near];
}

function rename(object: JsonObject, from: string, to: string): void {
  const value: JsonValue | undefined = object[from];
  delete object[from];
  if (value !== undefined) object[to] = value;
}
