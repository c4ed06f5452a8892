import type { InstanceProblem } from '../../playground/model.ts';
import type { FormInstance } from './form-instance.ts';

/** The problems of a form: those of fields by their keys, and those of no field. */
export interface PlacedProblems {
  readonly byKey: ReadonlyMap<string, string>;
  readonly others: readonly string[];
  /** The numbers of fields without a required value, and of values that are refused. */
  readonly missing: number;
  readonly refused: number;
}

/**
 * The problems of the texts, and those that the schema has with the instance, at their fields. A problem of a part of a
 * JSON text stands at the field of the text. Of two problems of a field, that of the schema is shown.
 */
export function placeProblems(form: FormInstance, found: readonly InstanceProblem[]): PlacedProblems {
  const missing = new Set(form.problems.filter(({ isMissing }) => isMissing).map(({ key }) => key));
  const byKey = new Map(form.problems.filter(({ key }) => !missing.has(key)).map(({ key, message }) => [key, message]));
  const others: string[] = [];
  const seen = new Set<string>();
  for (const { field, steps, message } of found) {
    const { key, isExact } = placeOf(form, steps);
    const text = isExact ? message : `${field}: ${message}`;
    if (key === undefined) others.push(text);
    // The field says that it needs a value.
    else if (!missing.has(key) && !seen.has(key)) byKey.set(key, text);
    if (key !== undefined) seen.add(key);
  }
  return { byKey, others, missing: missing.size, refused: byKey.size + others.length };
}

/** The field of a value. A value without a field gets the field of the innermost value around it that has one. */
function placeOf(
  { places }: FormInstance,
  steps: readonly string[],
): { readonly key?: string; readonly isExact: boolean } {
  for (let length = steps.length; length > 0; length -= 1) {
    const key = places.get(steps.slice(0, length).join('\n'));
    if (key !== undefined) return { key, isExact: length === steps.length };
  }
  return { isExact: false };
}
