import {
  type JsonObject,
  type JsonValue,
  isJsonObject,
  jsonEquals,
  setOwn,
  TypeKroError,
  getOwn,
} from '@typekro/kit/core';
import { Path } from '@typekro/engine/graph';
import type { TestPath } from './steps.ts';

/** A field that differs from the expectation. */
export interface FieldDifference {
  /**
   * The keys and indexes that lead to the expectation. A key that is a path counts as one step. Empty for an unexpected
   * field.
   */
  readonly at: TestPath;
  /** The path of the field in the object, such as `spec.replicas`. */
  readonly path: string;
  readonly expected: JsonValue;
  /** `undefined` if the field is absent. */
  readonly received: JsonValue | undefined;
}

/**
 * The entries of an object whose keys may be paths, each with the steps of its path. A key that is not a valid path is
 * one step.
 */
export function entriesByPath(object: JsonObject): readonly { key: string; steps: TestPath; value: JsonValue }[] {
  return Object.entries(object).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const parsed = Path.parse(key);
    return [{ key, steps: parsed.ok && parsed.steps.length > 0 ? parsed.steps : [key], value }];
  });
}

/**
 * Compares an object with the fields of an expected object. Keys of the first level may be paths. Lists are compared
 * element by element and must have the same length. An expected `null` matches `null` and an absent field.
 */
export function partialDifferences(expected: JsonObject, received: JsonValue | undefined): FieldDifference[] {
  return entriesByPath(expected).flatMap(({ key, steps, value }) =>
    differences(value, valueAt(received, steps), Path.format(steps), [key]),
  );
}

/** Compares two whole values. A field that only the received value has is also a difference. */
export function wholeDifferences(expected: JsonValue, received: JsonValue | undefined): FieldDifference[] {
  return [
    ...differences(expected, received, '', []),
    ...surplus(expected, received, '').map(({ path, value }) => ({ at: [], path, expected: null, received: value })),
  ];
}

function differences(
  expected: JsonValue,
  received: JsonValue | undefined,
  path: string,
  at: TestPath,
): FieldDifference[] {
  if (expected === null && received === undefined) return [];
  if (isJsonObject(expected) && isJsonObject(received)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      value === undefined ? [] : differences(value, getOwn(received, key), Path.append(path, key), [...at, key]),
    );
  }
  if (Array.isArray(expected) && Array.isArray(received) && expected.length === received.length) {
    return expected.flatMap((value, index) =>
      differences(value, received[index], Path.append(path, index), [...at, index]),
    );
  }
  return jsonEquals(expected, received) ? [] : [{ at, path, expected, received }];
}

/** The fields that only the received value has. Lists of different lengths are reported by `differences`. */
function surplus(
  expected: JsonValue | undefined,
  received: JsonValue | undefined,
  path: string,
): { path: string; value: JsonValue }[] {
  if (isJsonObject(expected) && isJsonObject(received)) {
    return Object.entries(received).flatMap(([key, value]) => {
      if (value === undefined) return [];
      const inner = Path.append(path, key);
      const wanted = getOwn(expected, key);
      return wanted === undefined ? [{ path: inner, value }] : surplus(wanted, value, inner);
    });
  }
  if (Array.isArray(expected) && Array.isArray(received) && expected.length === received.length) {
    return expected.flatMap((value, index) => surplus(value, received[index], Path.append(path, index)));
  }
  return [];
}

function valueAt(value: JsonValue | undefined, steps: TestPath): JsonValue | undefined {
  let at = value;
  for (const step of steps) {
    if (typeof step === 'number') at = Array.isArray(at) ? at[step] : undefined;
    else at = isJsonObject(at) ? getOwn(at, step) : undefined;
  }
  return at;
}

/** Does a path of the change lead into a list? */
export const changesElements = (change: JsonObject): boolean =>
  entriesByPath(change).some(({ steps }) => steps.some((step) => typeof step === 'number'));

/**
 * Expands keys that are paths: `{ 'status.phase': 'Up' }` becomes `{ status: { phase: 'Up' } }`. The result is a merge
 * patch, which replaces whole lists. A path into a list therefore expands to the list of `live` with the changed
 * element.
 *
 * @throws TypeKroError `testing/no-object` for an element that the list does not have.
 */
export function expandPaths(object: JsonObject, live?: JsonValue): JsonObject {
  const result: JsonObject = {};
  for (const { steps, value } of entriesByPath(object)) {
    const index = steps.findIndex((step) => typeof step === 'number');
    const names = (index < 1 ? steps : steps.slice(0, index)).map(String);
    let target = result;
    for (const name of names.slice(0, -1)) {
      const inner = getOwn(target, name);
      const next: JsonObject = isJsonObject(inner) ? inner : {};
      setOwn(target, name, next);
      target = next;
    }
    const last = names.at(-1) ?? '';
    const before = getOwn(target, last);
    if (index >= 1) {
      const list = before ?? valueAt(live, names);
      setOwn(target, last, changed(list, steps.slice(index), value, Path.format(names)));
    } else setOwn(target, last, isJsonObject(before) && isJsonObject(value) ? { ...before, ...value } : value);
  }
  return result;
}

/** A copy of a value with a change at a path. As in a merge patch, objects are merged, and null removes a field. */
function changed(value: JsonValue | undefined, steps: TestPath, change: JsonValue, path: string): JsonValue {
  const [step, ...rest] = steps;
  if (step === undefined) {
    if (!isJsonObject(value) || !isJsonObject(change)) return change;
    return Object.entries(change).reduce<JsonValue>(
      (merged, [name, each]) => changed(merged, [name], each ?? null, path),
      value,
    );
  }
  const inner = Path.append(path, step);
  if (typeof step === 'number') {
    const element = Array.isArray(value) ? value[step] : undefined;
    if (Array.isArray(value) && element !== undefined) return value.with(step, changed(element, rest, change, inner));
    throw new TypeKroError(`the object has no ${inner}`, {
      code: 'testing/no-object',
      remedy: 'name an element of the list, or write the whole list',
    });
  }
  const copy: JsonObject = isJsonObject(value) ? { ...value } : {};
  if (rest.length === 0 && change === null) delete copy[step];
  else setOwn(copy, step, changed(getOwn(copy, step), rest, change, inner));
  return copy;
}
