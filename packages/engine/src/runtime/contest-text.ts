import { formatRef } from '@typekro/kit/core';
import type { Contested } from './report.ts';

/**
 * The message about a contest. The message contains no times or counts, so that it stays the same while the contest
 * lasts.
 */
export function contestText({ object, fields, managers, isOwn }: Contested): string {
  if (isOwn === true) {
    return `${formatRef(object)} gets a different value with each write: an expression of the node may read a value that the node itself changes; the controller now pauses before each write`;
  }
  const by = managers.length === 0 ? 'another client' : managers.join(', ');
  return `${formatRef(object)}: ${fields.join(', ')} repeatedly changed by ${by}; the controller now pauses before each revert`;
}
