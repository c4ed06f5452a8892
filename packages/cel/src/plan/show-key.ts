import { showValue } from '../lib/show.ts';
import type { Value } from '../values.ts';

/** Prints a key or index for an error message. */
export function showKey(key: Value): string {
  return key === null ? 'null' : showValue(key);
}
