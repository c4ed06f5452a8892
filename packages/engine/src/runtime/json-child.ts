import type { JsonValue } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import type { PathStep } from '../graph/index.ts';

/** The member or list element at one path step; `undefined` if there is none. */
export function childAt(value: JsonValue | undefined, step: PathStep): JsonValue | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isJsonObject(value) && typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** Is the value a list or an object without content? */
export function isEmptyContainer(value: JsonValue): boolean {
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}
