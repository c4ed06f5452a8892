import { count } from '@typekro/kit/core';

/** The first `max` names of fields, and the number of the others: `a, b and 3 more fields`. */
export function fieldList(names: readonly string[], max: number): string {
  const more = names.length > max ? ` and ${count(names.length - max, 'more field')}` : '';
  return names.slice(0, max).join(', ') + more;
}
