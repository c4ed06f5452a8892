import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type PathStep, Path } from '@typekro/engine/graph';
import { LAST_APPLIED_ANNOTATION } from '@typekro/kit/kubernetes';
import { Secrets } from '@typekro/engine/runtime';

/**
 * Masks the secret fields within a value.
 *
 * @param path the path of the value
 * @param isSecret returns true when the scalar at this path is secret. Not called for lists and maps
 * @param maskOf receives the path and the value of each masked field, and returns its mask. Default: `Secrets.MASK`
 */
export function maskedValue(
  value: JsonValue,
  path: string,
  isSecret: (path: string, value: JsonValue) => boolean,
  maskOf: (path: string, value: JsonValue) => JsonValue = () => Secrets.MASK,
): JsonValue {
  const member = (step: PathStep, each: JsonValue): JsonValue =>
    maskedValue(each, Path.append(path, step), isSecret, maskOf);
  if (Array.isArray(value)) return value.map((item, index) => member(index, item));
  if (isJsonObject(value)) {
    // `fromEntries` creates an own property even for the key `__proto__` of a hostile object.
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, member(key, each)]])),
    );
  }
  return isSecret(path, value) ? maskOf(path, value) : value;
}

/** Is the value of an annotation a JSON copy of an object? A copy can contain values that are masked in the object. */
export const isCopyOfObject = (key: string, text: unknown): boolean =>
  key === LAST_APPLIED_ANNOTATION || (typeof text === 'string' && /^\s*[[{]/.test(text) && text.includes('"kind"'));

/** Is the field an annotation with a copy of an object? */
export function isCopyAt(path: string, value: unknown): boolean {
  const [, quoted, plain] = /^metadata\.annotations(?:\["(.*)"\]|\.(.+))$/.exec(path) ?? [];
  const key = quoted ?? plain;
  return key !== undefined && isCopyOfObject(key, value);
}
