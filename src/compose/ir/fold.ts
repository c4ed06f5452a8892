import {
  add,
  and,
  append,
  compare,
  concat,
  cond,
  index,
  list,
  literal,
  macro,
  macroVariable,
  method,
  multiply,
  negate,
  not,
  or,
  size,
  subtract,
} from './build.ts';
import type { Node, Variable } from './node.ts';
import { isLiteral, mentions } from './node.ts';
import { DYN, INTEGER, listOf, mapOf, STRING } from './types.ts';
import type { StaticType } from './types.ts';

/** One pass over a list: the accumulator and what it becomes in each turn. */
export interface Fold {
  readonly list: Node;
  readonly loop: Variable;
  readonly element: StaticType;
  readonly accumulator: Variable;
  /** What the accumulator is before the loop. */
  readonly initial: Node;
  /** What it is after one turn, in terms of the accumulator and the loop variable. */
  readonly next: Node;
}

/** The value after the loop as one expression; `undefined` when the pattern is not known. */
export function foldLoop(fold: Fold): Node | undefined {
  const { next, initial, accumulator } = fold;
  const carried = (node: Node) => mentions(node, (of) => of === accumulator);
  if (next.op === 'var' && next.attr === accumulator) return initial;
  if (!carried(next)) return lastElement(fold, next);
  return (
    sum(fold, carried) ??
    text(fold, carried) ??
    truth(fold, carried) ??
    lists(fold, carried) ??
    entries(fold, carried) ??
    extreme(fold) ??
    conditional(fold, carried)
  );
}

const isAccumulator = (node: Node, of: Variable): boolean => node.op === 'var' && node.attr === of;

function mapped(fold: Fold, body: Node): Node {
  return body.op === 'var' && body.attr === fold.loop
    ? fold.list
    : macro('map', fold.list, [fold.loop], [body], listOf(body.type));
}

function filtered(fold: Fold, test: Node): Node {
  return isLiteral(test, true) ? fold.list : macro('filter', fold.list, [fold.loop], [test], listOf(fold.element));
}

/** `x = e` in every turn: the last element's, or what was before when there is none. */
function lastElement(fold: Fold, value: Node): Node {
  const count = size(fold.list, INTEGER);
  const isEmpty = eqZero(count);
  if (!mentions(value, (of) => of === fold.loop)) return cond(isEmpty, fold.initial, value);
  const values = mapped(fold, value);
  const last = index(values, subtract(count, literal(1)), value.type);
  return cond(isEmpty, fold.initial, last);
}

function eqZero(node: Node): Node {
  return not(compare('gt', node, literal(0)));
}

/** `n += e`, `n--` and the like, also under conditions. */
function sum(fold: Fold, carried: (node: Node) => boolean): Node | undefined {
  const added = amount(fold.next, fold.accumulator, carried);
  return added === undefined ? undefined : add(fold.initial, total(fold, added));
}

/** What a number adds to the accumulator; `undefined` when it does anything else with it. */
function amount(node: Node, accumulator: Variable, carried: (node: Node) => boolean): Node | undefined {
  if (isAccumulator(node, accumulator)) return literal(0);
  const [a, b, c] = node.args as [Node, Node, Node];
  if (node.op === 'cond') {
    const [then, otherwise] = [b, c].map((side) => amount(side, accumulator, carried));
    return carried(a) || then === undefined || otherwise === undefined ? undefined : cond(a, then, otherwise);
  }
  if (node.op !== 'add' && node.op !== 'sub') return undefined;
  const [own, other] = carried(a) ? [a, b] : [b, a];
  if (carried(other) || (node.op === 'sub' && own === b)) return undefined;
  const before = amount(own, accumulator, carried);
  if (before === undefined) return undefined;
  if (node.op === 'add') return add(before, other);
  return isLiteral(before, 0) ? negate(other) : subtract(before, other);
}

function total(fold: Fold, term: Node): Node {
  const [test, then, otherwise] = term.args as [Node, Node, Node];
  if (term.op === 'cond' && isLiteral(otherwise, 0)) {
    return total({ ...fold, list: filtered(fold, test) }, then);
  }
  if (term.op === 'cond' && isLiteral(then, 0)) {
    return total({ ...fold, list: filtered(fold, not(test)) }, otherwise);
  }
  if (term.op === 'lit') {
    const count = size(fold.list, INTEGER);
    return isLiteral(term, 1) ? count : multiply(count, term);
  }
  return method('sum', mapped(fold, term), [], term.type);
}

/** `s += e`. */
function text(fold: Fold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.op !== 'concat') return undefined;
  const [first, ...rest] = next.args;
  if (first === undefined || !isAccumulator(first, accumulator) || rest.some(carried)) return undefined;
  const piece = concat(rest);
  const [test, then, otherwise] = piece.args as [Node, Node, Node];
  if (piece.op === 'cond' && isLiteral(otherwise, '')) {
    return concat([initial, method('join', mapped({ ...fold, list: filtered(fold, test) }, then), [], STRING)]);
  }
  return concat([initial, method('join', mapped(fold, piece), [], STRING)]);
}

/** `any = any || c` and `all = all && c`. */
function truth(fold: Fold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.op !== 'or' && next.op !== 'and') return undefined;
  const parts = flatten(next, next.op);
  const rest = parts.filter((part) => !isAccumulator(part, accumulator));
  if (rest.length === parts.length || rest.some(carried)) return undefined;
  if (next.op === 'or')
    return or(initial, macro('exists', fold.list, [fold.loop], [rest.reduce(or)], { kind: 'bool' }));
  return and(initial, macro('all', fold.list, [fold.loop], [rest.reduce(and)], { kind: 'bool' }));
}

function flatten(node: Node, op: 'or' | 'and'): Node[] {
  return node.op === op ? node.args.flatMap((arg) => flatten(arg, op)) : [node];
}

/** `l = [...l, e]`. */
function lists(fold: Fold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.op !== 'append') return undefined;
  const [first, ...rest] = next.args;
  if (first === undefined || !isAccumulator(first, accumulator) || rest.some(carried)) return undefined;
  return append([initial, spread(fold, append(rest))]);
}

/** `m = { ...m, [k]: e }`, also where only some turns do it. */
function entries(fold: Fold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator, list: over, loop } = fold;
  const [first, added, last] = next.args;
  if (next.op === 'cond' && first !== undefined && added !== undefined && last !== undefined && !carried(first)) {
    if (isAccumulator(last, accumulator))
      return entries({ ...fold, list: filtered(fold, first), next: added }, carried);
    if (isAccumulator(added, accumulator))
      return entries({ ...fold, list: filtered(fold, not(first)), next: last }, carried);
  }
  if (next.op !== 'method' || next.attr !== 'merge' || first === undefined || added === undefined) return undefined;
  if (!isAccumulator(first, accumulator) || carried(added) || added.op !== 'object' || added.args.length !== 2)
    return undefined;
  const type = mapOf((added.args[1] as Node).type);
  const made = macro('transformMapEntry', over, [macroVariable('i'), loop], [added], type);
  const isEmpty = initial.op === 'object' && initial.args.length === 0;
  return isEmpty ? made : method('merge', initial, [made], mapOf(DYN));
}

/** The elements that each turn adds, joined. */
export function spread(fold: Fold, added: Node): Node {
  const [test, then, otherwise] = added.args as [Node, Node, Node];
  if (added.op === 'cond' && isEmptyList(otherwise)) return spread({ ...fold, list: filtered(fold, test) }, then);
  if (added.op === 'cond' && isEmptyList(then)) return spread({ ...fold, list: filtered(fold, not(test)) }, otherwise);
  if (added.op === 'list' && added.args.length === 1) return mapped(fold, added.args[0] as Node);
  const type = added.type.kind === 'list' ? added.type : listOf(added.type);
  return method('flatten', macro('map', fold.list, [fold.loop], [added], listOf(type)), [], type);
}

const isEmptyList = (node: Node): boolean => node.op === 'list' && node.args.length === 0;

/** `if (e > m) m = e`: the maximum; with `<` the minimum. */
function extreme(fold: Fold): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.op !== 'cond') return undefined;
  const [test, then, otherwise] = next.args as [Node, Node, Node];
  const [value, other] = isAccumulator(otherwise, accumulator) ? [then, otherwise] : [otherwise, then];
  if (!isAccumulator(other, accumulator) || mentions(value, (of) => of === accumulator) || value.type.kind !== 'number')
    return undefined;
  const order = orderOf(test, value, other);
  if (order === undefined) return undefined;
  const keepsLarger = (order === 'value') === (other === otherwise);
  const all = append([list([initial]), mapped(fold, value)]);
  return method(keepsLarger ? 'max' : 'min', all, [], value.type);
}

/** Which of the two is larger where the test holds. */
function orderOf(test: Node, value: Node, other: Node): 'value' | 'other' | undefined {
  const [a, b] = test.args as [Node, Node];
  const greater = test.op === 'gt' || test.op === 'ge';
  const lesser = test.op === 'lt' || test.op === 'le';
  if (!greater && !lesser) return undefined;
  if (a === value && b === other) return greater ? 'value' : 'other';
  return a === other && b === value ? (greater ? 'other' : 'value') : undefined;
}

/** `if (c) x = e` without break: of the last element for which c holds. */
function conditional(fold: Fold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.op !== 'cond') return undefined;
  const [test, then, otherwise] = next.args as [Node, Node, Node];
  if (carried(test)) return undefined;
  if (isAccumulator(otherwise, accumulator) && !carried(then)) {
    return lastElement({ ...fold, list: filtered(fold, test), initial }, then);
  }
  if (isAccumulator(then, accumulator) && !carried(otherwise)) {
    return lastElement({ ...fold, list: filtered(fold, not(test)), initial }, otherwise);
  }
  return undefined;
}

/** The value of the first element for which a condition holds. */
export function firstMatch(
  fold: Pick<Fold, 'list' | 'loop' | 'element'>,
  test: Node,
  value: Node,
): { readonly exists: Node; readonly value: Node } {
  const exists = isLiteral(test, true)
    ? not(eqZero(size(fold.list, INTEGER)))
    : macro('exists', fold.list, [fold.loop], [test], { kind: 'bool' });
  if (!mentions(value, (of) => of === fold.loop)) return { exists, value };
  const kept = isLiteral(test, true)
    ? fold.list
    : macro('filter', fold.list, [fold.loop], [test], listOf(fold.element));
  const values = value.op === 'var' ? kept : macro('map', kept, [fold.loop], [value], listOf(value.type));
  return { exists, value: index(values, literal(0), value.type) };
}
