import type { InstanceProblem } from '../../playground/input.ts';
import type { FormInstance } from './form-instance.ts';

/** The problems of a form: the problems of fields by field key, and the problems without a field. */
export interface PlacedProblems {
  readonly byKey: ReadonlyMap<string, string>;
  readonly others: readonly string[];
  /** The number of fields whose required value is missing, and the number of refused values. */
  readonly missing: number;
  readonly refused: number;
}

/**
 * Assigns the problems of the inputs and the violations of the schema to their fields. A problem inside a JSON input
 * belongs to the field of the input. If a field has both, the violation of the schema is shown.
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
    // A field in `missing` already shows that it needs a value, so it gets no other message.
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
