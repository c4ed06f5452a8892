import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { invalid } from '../validation/field-error.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import { patternProblem } from '../simple/simple-markers.ts';

/** The error of a schema's own pattern, which must be an RE2 expression. */
export function* patternErrors(schema: JsonObject, path: string): Iterable<FieldError> {
  const { pattern } = schema;
  if (typeof pattern !== 'string' || pattern === '') return;
  const problem = patternProblem(pattern);
  if (problem !== undefined) {
    yield invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`);
  }
}

/**
 * Is the keyword set? As in Go, `false` and an empty string, list or map count as unset. The number 0 counts as set,
 * because Go's schema type has pointers to numbers.
 */
export function isSet(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false) return false;
  return Array.isArray(value) ? value.length > 0 : !isJsonObject(value) || Object.keys(value).length > 0;
}
