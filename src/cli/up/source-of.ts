import type { SourcePosition } from '../../core/index.ts';
import type { PathStep } from '../../graph/index.ts';
import { formatPath } from '../../graph/index.ts';
import type { InputObject } from './load-inputs.ts';

/** Where in the user's files a part of an object stands; `undefined` for objects that plain code made. */
export function sourceOf(
  { document, locate }: InputObject,
  steps: readonly PathStep[],
  key = false,
): SourcePosition | undefined {
  if (document === undefined) return locate?.(formatPath(steps));
  return key ? document.keyPosition(steps) : document.position(steps);
}
