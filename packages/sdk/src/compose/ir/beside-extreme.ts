import { allOf, compare, cond, conjuncts, eq, index, literal, macro, not, size, subtract, variable } from './build.ts';
import { orderOf } from './extremes.ts';
import { foldLoop } from './fold-loop.ts';
import type { ListFold } from './list-fold.ts';
import { type Node, isVariable, mentions, substitute } from './node.ts';
import { INTEGER, listOf } from './types.ts';

/**
 * Translates a value that a loop keeps together with the largest or least key, such as `name` in
 * `if (x.size > most) { most = x.size; name = x.name; }`. The result is the value of the element that has this key. If
 * several elements have the key, a strict test selects the first element, and a non-strict test selects the last.
 * `undefined` when no other fold computes such a key.
 */
export function besideExtreme(fold: ListFold, others: readonly ListFold[]): Node | undefined {
  const own = setWhen(fold);
  if (own === undefined) return undefined;
  for (const other of others) {
    const key = setWhen(other);
    const carried = (node: Node) => mentions(node, (of) => of === other.accumulator || of === fold.accumulator);
    if (key === undefined || key.test !== own.test || carried(key.value) || carried(own.value)) continue;
    const parts = conjuncts(own.test);
    const some = parts.filter((part) => !carried(part));
    const [test, ...more] = parts.filter(carried);
    const order = test && orderOf(test, key.value, variable(other.accumulator, other.initial.type));
    const best = order === undefined || more.length > 0 ? undefined : foldLoop(other);
    if (test === undefined || best === undefined) continue;
    const strict = test.kind === 'gt' || test.kind === 'lt';
    const isBest = allOf([...some, eq(key.value, best)]);
    const kept = macro('filter', fold.list, [fold.loop], [isBest], listOf(fold.element));
    const found = compare('gt', size(kept, INTEGER), literal(0));
    const changed = strict ? compare(order === 'value' ? 'gt' : 'lt', best, other.initial) : found;
    const at = strict ? literal(0) : subtract(size(kept, INTEGER), literal(1));
    return cond(changed, substitute(own.value, fold.loop, index(kept, at, fold.element)), fold.initial);
  }
  return undefined;
}

/** The condition under which an iteration sets the accumulator, and the value that it sets. */
function setWhen({ next, accumulator }: ListFold): { readonly test: Node; readonly value: Node } | undefined {
  if (next.kind !== 'cond') return undefined;
  const [test, then, otherwise] = next.args;
  if (isVariable(otherwise, accumulator)) return { test, value: then };
  return isVariable(then, accumulator) ? { test: not(test), value: otherwise } : undefined;
}
