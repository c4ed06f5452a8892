import type { SourcePosition } from '../../core/index.ts';
import type { PathStep } from '../../graph/index.ts';
import { formatPath } from '../../graph/index.ts';
import type { InputObject } from './load-inputs.ts';

/** The position of a field (`key`: of its key) in the user's files; `undefined` for objects made by plain code. */
export function inputPosition(
  { document, locate }: InputObject,
  steps: readonly PathStep[],
  key = false,
): SourcePosition | undefined {
  if (document === undefined) return locate?.(formatPath(steps));
  return key ? document.keyPosition(steps) : document.position(steps);
}
