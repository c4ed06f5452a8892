import * as ir from './build.ts';
import { entryMap } from './entry-map.ts';
import { extreme, furthest, takenIteration } from './extremes.ts';
import { type ListFold, filtered, mapped } from './list-fold.ts';
import { separated } from './separated.ts';
import { type Node, type Variable, isLiteral, isVariable, mentions } from './node.ts';
import { type StaticType, INTEGER, joinTypes, listOf, STRING } from './types.ts';

/**
 * The value of the accumulator after the loop, as one expression; `undefined` when the loop has none of the known
 * patterns.
 */
export function foldLoop(fold: ListFold): Node | undefined {
  const { next, initial, accumulator } = fold;
  const carried = (node: Node) => mentions(node, (of) => of === accumulator);
  if (next.kind === 'var' && next.variable === accumulator) return initial;
  if (!carried(next)) return lastElement(fold, next);
  return (
    sum(fold, carried) ??
    text(fold, carried) ??
    separated(fold) ??
    once(fold, carried) ??
    truth(fold, carried) ??
    lists(fold, carried) ??
    entries(fold, carried) ??
    extreme(fold) ??
    furthest(fold) ??
    conditional(fold, carried) ??
    someIterations(fold, carried)
  );
}

/**
 * Translates `x = e` in every iteration: the value for the last element, or the value before the loop when the list is
 * empty.
 */
function lastElement(fold: ListFold, value: Node): Node {
  const count = ir.size(fold.list, INTEGER);
  const isEmpty = eqZero(count);
  if (!mentions(value, (of) => of === fold.loop)) return ir.cond(isEmpty, fold.initial, value);
  const values = mapped(fold, value);
  const last = ir.index(values, ir.subtract(count, ir.literal(1)), value.type);
  return ir.cond(isEmpty, fold.initial, last);
}

function eqZero(node: Node): Node {
  return ir.not(ir.compare('gt', node, ir.literal(0)));
}

/** Translates `n += e`, `n--` and similar statements, also under conditions. */
function sum(fold: ListFold, carried: (node: Node) => boolean): Node | undefined {
  const terms = addends(fold.next, fold.accumulator, carried);
  if (terms === undefined) return undefined;
  // Integers may be added in any order, and repeated additions of one integer may become a multiplication.
  if ([fold.initial, ...terms].every((term) => isWhole(term.type)))
    return ir.add(fold.initial, total(fold, terms.reduce(ir.add, ir.literal(0))));
  const [term, ...more] = terms;
  const added = term !== undefined && more.length === 0 ? summands(fold, term) : flattened(fold, terms);
  return ir.method(
    'sum',
    isLiteral(fold.initial, 0) ? added : ir.concatLists([ir.list([fold.initial]), added]),
    [],
    joined(fold.initial, terms),
  );
}

const isWhole = (type: StaticType): boolean =>
  type.kind === 'number' && (type.number.state === 'int' || type.number.state === 'whole');

const joined = (initial: Node, terms: readonly Node[]): StaticType =>
  terms.map(({ type }) => type).reduce(joinTypes, initial.type);

/**
 * The terms that an expression adds to the accumulator, in order; `undefined` when it does anything else with the
 * accumulator.
 */
function addends(node: Node, accumulator: Variable, carried: (node: Node) => boolean): readonly Node[] | undefined {
  if (isVariable(node, accumulator)) return [];
  if (node.kind === 'cond') {
    const [test, ...sides] = node.args;
    const [then, otherwise] = sides.map((side) => addends(side, accumulator, carried));
    if (carried(test) || then === undefined || otherwise === undefined) return undefined;
    const whole = [...then, ...otherwise].every((term) => isWhole(term.type));
    if (!whole && Math.max(then.length, otherwise.length) > 1) return undefined;
    return [ir.cond(test, then.reduce(ir.add, ir.literal(0)), otherwise.reduce(ir.add, ir.literal(0)))];
  }
  if (node.kind !== 'add' && node.kind !== 'sub') return undefined;
  const [a, b] = node.args;
  const [own, other] = carried(a) ? [a, b] : [b, a];
  if (carried(other) || (node.kind === 'sub' && own === b)) return undefined;
  const before = addends(own, accumulator, carried);
  return before === undefined ? undefined : [...before, node.kind === 'add' ? other : ir.negate(other)];
}

/** The list of the terms that the iterations add. Iterations that add nothing are left out. */
function summands(fold: ListFold, term: Node): Node {
  const some = addingIterations(fold, term, isZero);
  return some === undefined ? mapped(fold, term) : summands(some.fold, some.added);
}

/**
 * Splits a conditional of which one branch adds nothing. The result consists of the iterations that add something, and
 * the expression that these iterations add.
 */
function addingIterations(
  fold: ListFold,
  added: Node,
  isNothing: (node: Node) => boolean,
): { readonly fold: ListFold; readonly added: Node } | undefined {
  if (added.kind !== 'cond') return undefined;
  const [test, then, otherwise] = added.args;
  if (isNothing(otherwise)) return { fold: { ...fold, list: filtered(fold, test) }, added: then };
  return isNothing(then) ? { fold: { ...fold, list: filtered(fold, ir.not(test)) }, added: otherwise } : undefined;
}

const isZero = (node: Node): boolean => isLiteral(node, 0);

function flattened(fold: ListFold, terms: readonly Node[]): Node {
  const items = ir.list(terms);
  return ir.method('flatten', mapped(fold, items), [], items.type);
}

function total(fold: ListFold, term: Node): Node {
  const some = addingIterations(fold, term, isZero);
  if (some !== undefined) return total(some.fold, some.added);
  if (term.kind === 'lit') {
    const count = ir.size(fold.list, INTEGER);
    return isLiteral(term, 1) ? count : ir.multiply(count, term);
  }
  return ir.method('sum', mapped(fold, term), [], term.type);
}

/** Translates `s += e` of strings. */
function text(fold: ListFold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.kind !== 'concat') return undefined;
  const [first, ...rest] = next.args;
  if (first === undefined || !isVariable(first, accumulator) || rest.some(carried)) return undefined;
  const piece = ir.concat(rest);
  if (piece.kind === 'cond' && isLiteral(piece.args[2], '')) {
    const [test, then] = piece.args;
    return ir.concat([initial, ir.method('join', mapped({ ...fold, list: filtered(fold, test) }, then), [], STRING)]);
  }
  return ir.concat([initial, ir.method('join', mapped(fold, piece), [], STRING)]);
}

/** Translates `any = any || c` and `all = all && c`. */
function truth(fold: ListFold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.kind !== 'or' && next.kind !== 'and') return undefined;
  const parts = flatten(next, next.kind);
  const rest = parts.filter((part) => !isVariable(part, accumulator));
  if (rest.length === parts.length || rest.some(carried)) return undefined;
  if (next.kind === 'or')
    return ir.or(initial, ir.macro('exists', fold.list, [fold.loop], [rest.reduce(ir.or)], { kind: 'bool' }));
  return ir.and(initial, ir.macro('all', fold.list, [fold.loop], [rest.reduce(ir.and)], { kind: 'bool' }));
}

function flatten(node: Node, op: 'or' | 'and'): Node[] {
  return node.kind === op ? node.args.flatMap((arg) => flatten(arg, op)) : [node];
}

/** Translates `l = [...l, e]`. */
function lists(fold: ListFold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.kind !== 'append') return undefined;
  const [first, ...rest] = next.args;
  if (first === undefined || !isVariable(first, accumulator) || rest.some(carried)) return undefined;
  return ir.concatLists([initial, spread(fold, ir.concatLists(rest))]);
}

/** Translates `l = l.includes(e) ? l : [...l, e]`: each element once, at the position of its first occurrence. */
function once(fold: ListFold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  const [own, extended] = next.args;
  // The list before the loop must not repeat an element. This is known only if it has at most one element.
  if (next.kind !== 'append' || next.args.length !== 2 || initial.kind !== 'list' || initial.args.length > 1)
    return undefined;
  if (own === undefined || !isVariable(own, accumulator) || extended?.kind !== 'cond') return undefined;
  const [test, then, otherwise] = extended.args;
  const [added, other] = isEmptyList(then) ? [otherwise, then] : [then, otherwise];
  const [item] = added.args;
  if (!isEmptyList(other) || added.kind !== 'list' || added.args.length !== 1 || item === undefined || carried(item))
    return undefined;
  if ((added === then ? ir.not(test) : test) !== ir.isIn(item, own)) return undefined;
  const all = ir.concatLists([initial, mapped(fold, item)]);
  return ir.method('distinct', all, [], all.type);
}

/** Translates `m = { ...m, [k]: e }`, also when only some iterations add an entry. */
function entries(fold: ListFold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator, list: over, loop } = fold;
  const [first, added, last] = next.args;
  if (next.kind === 'cond' && first !== undefined && added !== undefined && last !== undefined && !carried(first)) {
    if (isVariable(last, accumulator)) return entries({ ...fold, list: filtered(fold, first), next: added }, carried);
    if (isVariable(added, accumulator))
      return entries({ ...fold, list: filtered(fold, ir.not(first)), next: last }, carried);
  }
  if (next.kind !== 'method' || next.name !== 'merge' || first === undefined || added === undefined) return undefined;
  if (!isVariable(first, accumulator) || carried(added) || added.kind !== 'object' || added.args.length !== 2)
    return undefined;
  return ir.mergeMaps(initial, entryMap(over, loop, added));
}

/** One list of the elements that all iterations add, in order. */
export function spread(fold: ListFold, added: Node): Node {
  const some = addingIterations(fold, added, isEmptyList);
  if (some !== undefined) return spread(some.fold, some.added);
  const [only, ...others] = added.args;
  if (added.kind === 'list' && only !== undefined && others.length === 0) return mapped(fold, only);
  const type = added.type.kind === 'list' ? added.type : listOf(added.type);
  return ir.method('flatten', ir.macro('map', fold.list, [fold.loop], [added], listOf(type)), [], type);
}

const isEmptyList = (node: Node): boolean => node.kind === 'list' && node.args.length === 0;

/** Translates `if (c) x = e` without `break`: the value for the last element for which c is true. */
function conditional(fold: ListFold, carried: (node: Node) => boolean): Node | undefined {
  const { next, initial, accumulator } = fold;
  if (next.kind !== 'cond') return undefined;
  const [test, then, otherwise] = next.args;
  if (carried(test)) return undefined;
  if (isVariable(otherwise, accumulator) && !carried(then)) {
    return lastElement({ ...fold, list: filtered(fold, test), initial }, then);
  }
  if (isVariable(then, accumulator) && !carried(otherwise)) {
    return lastElement({ ...fold, list: filtered(fold, ir.not(test)), initial }, otherwise);
  }
  return undefined;
}

/**
 * Translates `if (x.on && x.size > most) most = x.size` as a fold over the elements for which the condition `x.on` is
 * true.
 */
function someIterations(fold: ListFold, carried: (node: Node) => boolean): Node | undefined {
  const own = ownIterations(fold, carried);
  return own && foldLoop(own);
}

/**
 * Moves the parts of the condition that do not read the accumulator into a filter of the list. Returns the fold over
 * the filtered list; `undefined` when there is no such part.
 */
function ownIterations(fold: ListFold, carried: (node: Node) => boolean): ListFold | undefined {
  const choice = choiceOf(fold.next, fold.accumulator);
  if (choice === undefined) return undefined;
  const parts = ir.conjuncts(choice.test);
  const own = parts.filter((part) => !carried(part));
  if (own.length === 0) return undefined;
  return { ...fold, list: filtered(fold, ir.allOf(own)), next: choice.under(ir.allOf(parts.filter(carried))) };
}

/**
 * The largest or least of the values that the iterations compare, and the list of the compared elements. The value
 * before the loop is not among the values.
 */
export function extremeOf(
  fold: ListFold,
): { readonly node: Node; readonly list: Node; readonly largest: boolean } | undefined {
  const carried = (node: Node) => mentions(node, (of) => of === fold.accumulator);
  const own = ownIterations(fold, carried) ?? fold;
  const taken = takenIteration(own);
  if (taken === undefined) return undefined;
  const { value, largest } = taken;
  return { node: ir.method(largest ? 'max' : 'min', mapped(own, value), [], value.type), list: own.list, largest };
}

interface Choice {
  /** The condition of the change. The accumulator keeps its value where the condition is false. */
  readonly test: Node;
  /** Makes the change under another condition. */
  readonly under: (test: Node) => Node;
}

/** The choice in `c ? e : x` or `x + (c ? e : '')`, for an accumulator x. */
function choiceOf(next: Node, accumulator: Variable): Choice | undefined {
  if (next.kind === 'cond') {
    const [test, then, otherwise] = next.args;
    if (isVariable(otherwise, accumulator)) return { test, under: (on) => ir.cond(on, then, otherwise) };
    return isVariable(then, accumulator)
      ? { test: ir.not(test), under: (on) => ir.cond(on, otherwise, then) }
      : undefined;
  }
  const join = next.kind === 'concat' ? ir.concat : next.kind === 'append' ? ir.concatLists : undefined;
  const [first, added] = next.args;
  if (join === undefined || next.args.length !== 2 || first === undefined) return undefined;
  if (!isVariable(first, accumulator) || added?.kind !== 'cond') return undefined;
  const [test, then, otherwise] = added.args;
  const isNothing = (node: Node) => isLiteral(node, '') || isEmptyList(node);
  if (isNothing(otherwise)) return { test, under: (on) => join([first, ir.cond(on, then, otherwise)]) };
  return isNothing(then)
    ? { test: ir.not(test), under: (on) => join([first, ir.cond(on, otherwise, then)]) }
    : undefined;
}

/** The value of the first element for which a condition is true, and the test whether there is such an element. */
export function firstWhere(
  fold: Pick<ListFold, 'list' | 'loop' | 'element'>,
  test: Node,
  value: Node,
): { readonly exists: Node; readonly value: Node } {
  const exists = isLiteral(test, true)
    ? ir.not(eqZero(ir.size(fold.list, INTEGER)))
    : ir.macro('exists', fold.list, [fold.loop], [test], { kind: 'bool' });
  if (!mentions(value, (of) => of === fold.loop)) return { exists, value };
  const kept = isLiteral(test, true)
    ? fold.list
    : ir.macro('filter', fold.list, [fold.loop], [test], listOf(fold.element));
  const values = value.kind === 'var' ? kept : ir.macro('map', kept, [fold.loop], [value], listOf(value.type));
  return { exists, value: ir.index(values, ir.literal(0), value.type) };
}
