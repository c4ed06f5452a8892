import type { SourcePosition } from '@typekro/kit/core';
import type { PathStep } from '@typekro/engine/graph';
import { formatPath } from '@typekro/engine/graph';
import type { InputObject } from './load-inputs.ts';

/**
 * Returns the position of a field's value (with `key`, of its key) in the user's files. Returns `undefined` for an
 * object that code created without a recorded position.
 */
export function inputPosition(
  { document, locate }: InputObject,
  steps: readonly PathStep[],
  key = false,
): SourcePosition | undefined {
  if (document === undefined) return locate?.(formatPath(steps));
  return key ? document.keyPosition(steps) : document.position(steps);
}
