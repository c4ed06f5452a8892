import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { PathStep } from '@typekro/engine/graph';
import { type Code, listCode, objectCode, stringCode, textCode } from './code.ts';

/**
 * Prints plain data as a literal.
 *
 * @param filled returns the code that replaces the value at a path, or undefined to keep the value
 */
export function dataCode(
  value: JsonValue,
  filled: (path: readonly PathStep[]) => Code | undefined = () => undefined,
  path: readonly PathStep[] = [],
): Code {
  const other = filled(path);
  if (other !== undefined) return other;
  if (typeof value === 'string') return stringCode(value);
  if (Array.isArray(value)) return listCode(value.map((item, index) => dataCode(item, filled, [...path, index])));
  if (!isJsonObject(value)) return textCode(scalarText(value));
  const members = Object.entries(value).flatMap(([name, member]): (readonly [string, Code])[] =>
    member === undefined ? [] : [[name, dataCode(member, filled, [...path, name])]],
  );
  return objectCode(members);
}

/** Prints a scalar. An integer beyond 2^53 becomes a bigint literal. */
const scalarText = (value: Exclude<JsonValue, string | object>): string =>
  isLargeInteger(value) ? `${value}n` : String(value);

/** Is the value an integer that a JavaScript number cannot represent exactly? */
export const isLargeInteger = (value: JsonValue): value is bigint =>
  typeof value === 'bigint' && !Number.isSafeInteger(Number(value));
