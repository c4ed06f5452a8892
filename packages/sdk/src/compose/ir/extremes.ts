import { concatLists, eq, index, list, literal, method, size, subtract, variable } from './build.ts';
import { type Node, isLiteral, isVariable, mentions, substitute } from './node.ts';
import { type ListFold, filtered, mapped } from './list-fold.ts';
import { INTEGER, isScalar, sameStaticType } from './types.ts';

/** Translates `if (e > m) m = e` as the maximum; with `<` as the minimum. */
export function extreme(fold: ListFold): Node | undefined {
  const taken = takenIteration(fold);
  if (taken === undefined) return undefined;
  const { value, largest } = taken;
  const whole = withFirst(fold, value);
  const all = whole === undefined ? concatLists([list([fold.initial]), mapped(fold, value)]) : mapped(whole, value);
  return method(largest ? 'max' : 'min', all, [], value.type);
}

/**
 * The number that an iteration compares with the accumulator and then takes as the new accumulator. Undefined when an
 * iteration does anything else, and for a value that is not a number.
 */
export function takenIteration({
  next,
  accumulator,
}: ListFold): { readonly value: Node; readonly largest: boolean } | undefined {
  if (next.kind !== 'cond') return undefined;
  const [test, then, otherwise] = next.args;
  const [value, other] = isVariable(otherwise, accumulator) ? [then, otherwise] : [otherwise, then];
  if (!isVariable(other, accumulator) || mentions(value, (of) => of === accumulator) || value.type.kind !== 'number')
    return undefined;
  const order = orderOf(test, value, other);
  return order && { value, largest: (order === 'value') === (other === otherwise) };
}

/**
 * For a fold that starts with the value of the first element and then runs over the whole list or over the other
 * elements: the same fold over the whole list. Undefined for any other fold.
 */
function withFirst(fold: ListFold, value = variable(fold.loop, fold.element)): ListFold | undefined {
  // A value that does not read the element does not prove that there is a first element: the list may be empty.
  if (!mentions(value, (of) => of === fold.loop)) return undefined;
  const valueOfFirst = (over: Node) => substitute(value, fold.loop, index(over, literal(0), fold.element));
  if (fold.initial === valueOfFirst(fold.list)) return fold;
  const [over, from] = fold.list.args;
  const rest = fold.list.kind === 'method' && fold.list.name === 'slice' && from !== undefined && isLiteral(from, 1);
  if (!rest || over === undefined || fold.initial !== valueOfFirst(over)) return undefined;
  return { ...fold, list: over };
}

/**
 * The fold over a longer list: the value before the loop, followed by the elements. Undefined when this value does not
 * have the type of the elements.
 */
function withScalar(fold: ListFold): ListFold | undefined {
  const { initial, element } = fold;
  if (!isScalar(element) || !sameStaticType(initial.type, element)) return undefined;
  return { ...fold, list: concatLists([list([initial]), fold.list]) };
}

/** Translates `x.size > best.size ? x : best` as the element whose key is the largest or smallest. */
export function furthest(fold: ListFold): Node | undefined {
  const { next, accumulator, loop, element } = fold;
  const whole = withFirst(fold) ?? withScalar(fold);
  if (next.kind !== 'cond' || whole === undefined) return undefined;
  const [test, then, otherwise] = next.args;
  const takes = then.kind === 'var' && then.variable === loop && isVariable(otherwise, accumulator);
  const keeps = otherwise.kind === 'var' && otherwise.variable === loop && isVariable(then, accumulator);
  if (!takes && !keeps) return undefined;
  const [left, right] = test.args;
  const ofLoop = variable(loop, element);
  const keyOf = (node: Node) => substitute(node, accumulator, ofLoop);
  if (left === undefined || right === undefined || keyOf(left) !== keyOf(right) || left === right) return undefined;
  const key = keyOf(left);
  const order = orderOf(test, key, left === key ? right : left);
  if (order === undefined) return undefined;
  const strict = test.kind === 'gt' || test.kind === 'lt';
  const largest = (order === 'value') === takes;
  const best = method(largest ? 'max' : 'min', mapped(whole, key), [], key.type);
  const equal = filtered(whole, eq(key, best));
  // Of elements with equal keys, the first one stays when a new element must be strictly better.
  const at = strict === takes ? literal(0) : subtract(size(equal, INTEGER), literal(1));
  return index(equal, at, element);
}

/** The operand that is larger when the test is true. */
export function orderOf(test: Node, value: Node, other: Node): 'value' | 'other' | undefined {
  const [a, b] = test.args;
  const greater = test.kind === 'gt' || test.kind === 'ge';
  const lesser = test.kind === 'lt' || test.kind === 'le';
  if (!greater && !lesser) return undefined;
  if (a === value && b === other) return greater ? 'value' : 'other';
  return a === other && b === value ? (greater ? 'other' : 'value') : undefined;
}
