import { type Node, type Variable, substitute } from '../ir/node.ts';

/** The key by which a comparator of `a` and `b` sorts, ascending or descending. */
export function sortKey(
  order: Node,
  a: Variable,
  b: Node,
): { readonly key: Node; readonly descending: boolean } | undefined {
  const [left, right] = differenceOf(order) ?? [];
  if (left === undefined || right === undefined) return undefined;
  const ofB = (node: Node) => substitute(node, a, b);
  if (left !== right && ofB(left) === right) return { key: left, descending: false };
  return left !== right && ofB(right) === left ? { key: right, descending: true } : undefined;
}

/** Returns `[p, q]` such that the comparator is negative when `p < q`. Undefined for a comparator of another form. */
function differenceOf(order: Node): readonly Node[] | undefined {
  if (order.kind === 'sub') return order.args;
  if (order.kind !== 'cond') return undefined;
  const [x, y] = order.args[0].args;
  if (x === undefined || y === undefined) return undefined;
  const [less, equal, greater] = [-1, 0, 1].map((relation) => resultFor(order, x, y, relation));
  if (less === undefined || equal === undefined || greater === undefined) return undefined;
  // JavaScript tests only whether a result is negative. A comparator without a negative result leaves the list as it is.
  if (less < 0 === greater < 0) return undefined;
  return less < 0 ? [x, y] : [y, x];
}

/**
 * The constant that a comparator returns when `x` is less than `y` (`relation` is negative), equal to it, or greater.
 * Undefined if the comparator also compares other values, or computes its result.
 */
function resultFor(order: Node, x: Node, y: Node, relation: number): number | undefined {
  if (order.kind === 'lit') return Number(order.value);
  if (order.kind !== 'cond') return undefined;
  const [test, then, otherwise] = order.args;
  if (test.kind !== 'lt' && test.kind !== 'gt') return undefined;
  const [p, q] = test.args;
  const isReversed = p === y && q === x;
  if (!isReversed && (p !== x || q !== y)) return undefined;
  const isLess = test.kind === 'lt' ? !isReversed : isReversed;
  return resultFor((isLess ? relation < 0 : relation > 0) ? then : otherwise, x, y, relation);
}
