import type { JsonValue } from '@typekro/kit/core';
import { compareQuantities, quantityOf } from '@typekro/kit/kubernetes';
import type { PathStep } from '../graph/index.ts';

/**
 * Names of fields in the `spec` of Kubernetes' built-in types. `MAPS_OF_QUANTITIES` names maps of quantities, and
 * `QUANTITIES` names single quantities. Strings at other paths are compared as strings.
 */
const MAPS_OF_QUANTITIES = new Set(['limits', 'requests', 'hard', 'capacity', 'overhead', 'default', 'defaultRequest']);
const QUANTITIES = new Set(['sizeLimit', 'divisor', 'averageValue', 'storage', 'cpu', 'memory']);

/**
 * Are two values at this path the same quantity in different notations? The server stores `1000m` as `1` and `1024Mi`
 * as `1Gi`. False for a path outside `spec`, and for a field whose values are not quantities.
 */
export function sameQuantity(path: readonly PathStep[], a: JsonValue, b: JsonValue | undefined): boolean {
  const [above, last] = [path.at(-2), path.at(-1)];
  if (path[0] !== 'spec') return false;
  const isQuantity =
    (typeof last === 'string' && QUANTITIES.has(last)) || (typeof above === 'string' && MAPS_OF_QUANTITIES.has(above));
  if (!isQuantity || b === undefined) return false;
  const [left, right] = [quantityOf(a), quantityOf(b)];
  return left !== undefined && right !== undefined && compareQuantities(left, right) === 0;
}
