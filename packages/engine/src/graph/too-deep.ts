import type { Diagnostic, JsonValue } from '@typekro/kit/core';

/** The maximum depth of a document or value. API objects are much less deep. */
export const MAX_DEPTH = 200;

/**
 * The maximum number of objects and lists in a definition that is passed as an object. An object with several
 * references counts once per reference.
 */
const MAX_CONTAINERS = 1_000_000;

const PROBLEM: Diagnostic = {
  code: 'yaml/too-deep',
  severity: 'error',
  message: `values are nested more than ${MAX_DEPTH} levels deep, or there are more than ${MAX_CONTAINERS} objects and lists`,
};

/**
 * The problem of a value that is too deep or too large. Uses a stack instead of recursion. Because of the limits, the
 * search also ends for an object that contains itself.
 */
export function tooDeep(root: JsonValue): Diagnostic | undefined {
  const values: JsonValue[] = [root];
  const depths: number[] = [0];
  let containers = 0;
  for (
    let top = values.pop(), depth = depths.pop() ?? 0;
    top !== undefined;
    top = values.pop(), depth = depths.pop() ?? 0
  ) {
    containers += 1;
    if (containers > MAX_CONTAINERS) return PROBLEM;
    if (typeof top !== 'object' || top === null) continue;
    if (depth >= MAX_DEPTH) return PROBLEM;
    const parts = Object.values(top);
    // Index loop: in unoptimized code for..of allocates at each step.
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index];
      if (typeof part !== 'object' || part === null) continue;
      values.push(part);
      depths.push(depth + 1);
    }
  }
  return undefined;
}
