import { formatRef } from '../core/index.ts';
import type { Contested } from './report.ts';

/** How a fight for fields is told. Without times and counts: the same fight always reads the same. */
export function contestText({ object, fields, managers }: Contested): string {
  const by = managers.length === 0 ? 'another client' : managers.join(', ');
  return `${formatRef(object)}: ${fields.join(', ')} changed again and again by ${by}; put back less and less often`;
}
