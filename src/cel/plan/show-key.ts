import { showValue } from '../lib/show.ts';
import type { Value } from '../values.ts';

/** A key or index inside an error text. */
export function showKey(key: Value): string {
  return key === null ? 'null' : showValue(key);
}
