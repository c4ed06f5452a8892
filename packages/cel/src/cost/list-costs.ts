import { type CallCost, type Operand, TRAVERSAL } from './call-costs.ts';
import { type Range, addRanges, fixed, LIST, multiplyRanges, ONE, scaleRange, UNBOUNDED, UNKNOWN } from './range.ts';

const SORT = /^list_(.+)_sort(ByAssociatedKeys)?$/;

/** The cost of a call of a function of cel-go's lists extension; `undefined` for any other function. */
export function listCost(
  id: string,
  target: Operand | undefined,
  [first, second]: readonly Operand[],
): CallCost | undefined {
  const size = target?.size ?? UNKNOWN;
  switch (id) {
    case 'list_slice': {
      const length = bound(second, size.max) - bound(first, 0);
      return newList(1, fixed(length < 0 ? UNBOUNDED : length));
    }
    case 'list_flatten':
      return newList(1, size);
    case 'list_flatten_int':
      return newList(bound(first, UNBOUNDED), size);
    case 'list_reverse':
      return newList(1, size);
    case 'lists_range':
      return newList(1, fixed(bound(first, UNBOUNDED)));
    case 'list_distinct':
      return newList(2, multiplyRanges(size, size));
    default: {
      const sort = SORT.exec(id);
      if (sort === null) return undefined;
      const [, type, byKeys] = sort;
      const keys = byKeys === undefined ? size : (first?.size ?? UNKNOWN);
      return newList(type === 'string' || type === 'bytes' ? 2 + TRAVERSAL : 2, multiplyRanges(keys, keys));
    }
  }
}

/** Returns the value of a constant integer (0 if it is negative). For any other operand, returns `otherwise`. */
function bound(operand: Operand | undefined, otherwise: number): number {
  return operand?.integer === undefined ? otherwise : Math.max(0, operand.integer);
}

/**
 * The cost of a call that makes a list. As in cel-go, the size of a list that `sort` or `distinct` makes is assumed to
 * be the number of comparisons.
 */
function newList(factor: number, size: Range): CallCost {
  return { cost: addRanges(addRanges(scaleRange(size, factor), ONE), LIST), size };
}
