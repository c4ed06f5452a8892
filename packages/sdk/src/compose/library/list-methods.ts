import {
  add,
  and,
  concatLists,
  call,
  compare,
  cond,
  eq,
  index as indexOf,
  isIn,
  list,
  literal,
  macro,
  macroVariable,
  method,
  negate,
  not,
  optIndex as optIndexOf,
  size,
  subtract,
  TRUE,
  variable,
} from '../ir/build.ts';
import { nearestName } from '@typekro/kit/core';
import { bindOnce } from '../ir/numeric.ts';
import { asDoubles, numberTest } from '../ir/parse-numbers.ts';
import { type Node, type Variable, substitute } from '../ir/node.ts';
import { type StaticType, describeType, DYN, INTEGER, listOf, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, interpreter } from '../trace/current-trace.ts';
import { phi, resolveMerged } from '../value/merge.ts';
import { listSym, freshList, isListValue, plainList, toNode } from '../value/value-nodes.ts';
import { bool, textNode, textValue, truthy } from '../value/ops.ts';
import { labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { argumentCount, parameterName, usesIndex } from './callbacks.ts';
import { clamp, clampEnd, positionNode, wholePosition } from './string-methods.ts';
import { elementAt, minimumLength } from './member-access.ts';
import { reduceList } from './reduce.ts';
import { sortKey } from './comparator.ts';
import { isIterator, isSetMethod, markIterator } from './marked-sets.ts';
import { isOpen, refuseOpen } from '../value/open.ts';
import { elements, forElement, indexed, knowing, listWithGaps, loopValue, loopView, View, viewOf } from './view.ts';

const NAMES = (
  'length map filter some every find findIndex findLast findLastIndex includes indexOf lastIndexOf join slice concat at flat flatMap forEach reduce ' +
  'toSorted toReversed keys entries values'
).split(' ');

/** Calls a method of a symbolic list. */
export function listMethod(value: Sym, name: string, args: readonly unknown[]): unknown {
  if (isSetMethod(value)) return setMethod(value, name, args);
  return viewMethod(viewOf(wrap(value)), name, args);
}

/** Calls a method of a Set, which is treated as the list of its values. */
function setMethod(value: Sym, name: string, args: readonly unknown[]): unknown {
  if (name === 'has') return mayHold(value, args[0], name) && bool(contains(value.node, scalarArgument(args[0], name)));
  if (name === 'values' || name === 'keys') return wrap(markIterator(new Sym(value.node, { waits: value.waits })));
  // In a Set's `forEach`, the second argument of the callback is the value again, not a position. A callback that reads
  // it is refused.
  if (name === 'forEach' && !usesIndex(args[0])) return viewMethod(viewOf(wrap(value)), name, args);
  return refuse(
    'no-cel',
    `.${name}() of a Set has no CEL form`,
    'spread the Set into a list first: [...set]; .has(), .size and loops need no list',
  );
}

/** Calls a method of a list that is iterated symbolically. */
export function viewMethod(view: View, name: string, args: readonly unknown[]): unknown {
  if (name !== 'concat' && args.some(isOpen)) return refuseOpen(name);
  const { node, waits } = view.list;
  switch (name) {
    case 'map':
    case 'flatMap':
    case 'forEach':
      return interpreter.symbolicMap(view, args[0], name);
    case 'filter':
      return filter(view, args[0]);
    case 'some':
      return bool(quantify(view, args[0], 'exists'));
    case 'every':
      return bool(quantify(view, args[0], 'all'));
    case 'find':
    case 'findLast':
      return find(view, args[0], name);
    case 'findIndex':
    case 'findLastIndex':
      return findIndex(view, args[0], name);
    case 'reduce':
      return reduceList(view, args);
    case 'keys':
      return wrap(markIterator(new Sym(call('lists.range', [size(node, INTEGER)], listOf(INTEGER)), { waits })));
    case 'entries': {
      const { view: positions, at } = indexed(view);
      return markIterator(new View(positions.list, (loop) => activeTrace().track([wrap(loop), at(loop)])));
    }
    default:
      return plainMethod(elements(view), name, args);
  }
}

function plainMethod(value: Sym, name: string, args: readonly unknown[]): unknown {
  const { node, waits } = value;
  const make = (result: Node) => wrap(new Sym(result, { waits }));
  switch (name) {
    case 'includes':
      if (resolveMerged(args[1]) !== undefined)
        return plainMethod(new Sym(slice(value, [args[1]]), { waits }), name, [args[0]]);
      return mayHold(value, args[0], name) && bool(contains(node, scalarArgument(args[0], name)));
    case 'indexOf':
    case 'lastIndexOf':
      if (args.length > 1)
        return refuse('no-cel', `.${name}() of a list with a position has no CEL form`, 'take a .slice() first');
      return mayHold(value, args[0], name) ? make(positionOf(name, node, scalarArgument(args[0], name))) : -1;
    case 'join':
      return textValue(joined(value, args[0]), waits);
    case 'slice':
      return freshList(slice(value, args), waits);
    case 'concat':
      return freshList(concatLists([plainList(node), ...args.map((arg) => concatenated(arg))]), waits);
    case 'at':
      return at(value, args[0]);
    case 'flat':
      return freshList(flat(node, args[0]), waits);
    case 'toReversed':
      return freshList(method('reverse', node, [], value.type), waits);
    case 'toSorted':
      return freshList(sorted(value, args[0]), waits);
    case 'values':
      return wrap(markIterator(new Sym(node, { waits })));
    case 'toString':
      return textValue(joined(value, ','), waits);
    case 'push':
    case 'pop':
    case 'shift':
    case 'unshift':
    case 'splice':
    case 'fill':
      if (node.kind === 'var' && node.variable.role === 'accumulator')
        return refuse(
          'loop-carried',
          `${labelOf(value)} is both assigned and changed by .${name}() in one loop`,
          'do one of the two: list = [...list, a, b], or list.push(a, b)',
        );
      return refuse(
        'read-only',
        `${labelOf(value)} is read-only; the spec and the resources cannot be changed`,
        'copy it first: [...list]',
      );
    case 'sort':
    case 'reverse':
      return refuse(
        'in-place',
        `${name}() changes a list of the ${value.waits ? 'resource' : 'spec'} in place`,
        name === 'sort' ? 'use toSorted() or [...list].sort()' : 'use toReversed()',
      );
    default:
      return unknownMember(value, name);
  }
}

function unknownMember(value: Sym, name: string): never {
  if (isIterator(value) && name in [].values())
    refuse(
      'no-cel',
      `.${name}() of an iterator has no CEL form`,
      'use for..of, or spread it into a list: const [first] = [...values]',
    );
  if (name in Array.prototype)
    return refuse('no-cel', `.${name}() of a list has no CEL form`, 'write it with map, filter and reduce');
  const near = nearestName(name, NAMES);
  return refuse(
    'member',
    `${labelOf(value)} is a list; it has no member "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
  );
}

function scalarArgument(raw: unknown, name: string): Node {
  const node = toNode(raw);
  if (['object', 'map', 'list'].includes(node.type.kind)) {
    return refuse('identity', `.${name}() compares the identity of objects`, 'use .some() with a comparison of fields');
  }
  return node;
}

const PLAIN: ReadonlySet<string> = new Set(['string', 'number', 'bool', 'null', 'list', 'map', 'object']);

/**
 * Can the list contain the value, according to the types of both? JavaScript never finds a value whose type differs
 * from the type of the elements.
 */
function mayHold(value: Sym, raw: unknown, name: string): boolean {
  const wanted = resolveMerged(raw);
  // JSON has no NaN.
  const isRead = value.node.kind === 'select' || value.node.kind === 'index' || value.node.kind === 'var';
  if (wanted === undefined || (Number.isNaN(wanted) && isRead)) return false;
  const given = symbolic(wanted);
  if (given instanceof Phi) return true;
  const element = value.type.kind === 'list' ? value.type.element : DYN;
  const sought = scalarArgument(raw, name).type;
  if (element.kind === sought.kind || ![element.kind, sought.kind].every((kind) => PLAIN.has(kind))) return true;
  const list = `${labelOf(value)} is a ${describeType(value.type)}`;
  activeTrace().warn('never-equal', `${list}, and .${name}() looks for a ${describeType(sought)}`);
  return false;
}

/**
 * The condition that `wanted` is in the list `all`. A list of the graph never contains NaN, so the condition is false
 * when `wanted` is NaN. A number that is parsed from a string may be NaN.
 */
function contains(all: Node, wanted: Node): Node {
  const number = numberTest(wanted, false);
  return number === undefined ? isIn(wanted, all) : and(number, isIn(asDoubles(wanted), all));
}

function positionOf(name: 'indexOf' | 'lastIndexOf', all: Node, wanted: Node): Node {
  const number = numberTest(wanted, false);
  if (number === undefined) return method(name, all, [wanted], INTEGER);
  return cond(number, method(name, all, [asDoubles(wanted)], INTEGER), literal(-1));
}

/** The elements that `concat` appends for an argument: the elements of a list, or the argument itself. */
function concatenated(raw: unknown): Node {
  if (isOpen(raw)) return listSym(interpreter.callMethod(activeTrace().track([]), 'concat', [raw])).node;
  const value = resolveMerged(raw);
  if (value instanceof View) return plainList(elements(value).node);
  if (isListValue(value)) return plainList(listSym(value).node);
  const inner = symbolic(value);
  if (!(inner instanceof Phi)) return list([toNode(value)]);
  const side = (test: Node, of: unknown) => activeTrace().under(test, () => concatenated(of));
  return cond(inner.test, side(inner.test, inner.then), side(not(inner.test), inner.otherwise));
}

function joined(value: Sym, separator: unknown): Node {
  const by = resolveMerged(separator) === undefined ? literal(',') : textNode(separator);
  const element = value.type.kind === 'list' ? value.type.element : STRING;
  if (element.kind === 'string') return method('join', value.node, isEmptyText(by) ? [] : [by], STRING);
  const item = macroVariable('x');
  const one = variable(item, element);
  const text = textNode(wrap(new Sym(one)));
  // JavaScript joins null as an empty string.
  const present = element.kind === 'dyn' ? cond(eq(one, literal(null)), literal(''), text) : text;
  const texts = macro('map', value.node, [item], [present], listOf(STRING));
  return method('join', texts, isEmptyText(by) ? [] : [by], STRING);
}

/**
 * `flat(depth)` of a symbolic list. If the type of the elements is known, flattens no more levels than this type has.
 */
function flat(node: Node, depth: unknown): Node {
  const levels = resolveMerged(depth) ?? 1;
  if (typeof levels !== 'number') return refuse('no-cel', '.flat() with a symbolic depth has no CEL form');
  const element = node.type.kind === 'list' ? node.type.element : DYN;
  // JavaScript treats NaN as 0.
  if (!(levels >= 1)) return plainList(node);
  if (element.kind === 'list') return flat(method('flatten', node, [], element), levels - 1);
  if (element.kind !== 'dyn') return plainList(node);
  const whole = Math.min(Math.trunc(levels), Number.MAX_SAFE_INTEGER);
  return method('flatten', node, whole === 1 ? [] : [literal(whole)], node.type);
}

const isEmptyText = (node: Node): boolean => node.kind === 'lit' && node.value === '';

function slice(value: Sym, args: readonly unknown[]): Node {
  const { node } = value;
  const from = clamp(args[0], node, 0);
  const to = clampEnd(args[1], node);
  const count = size(node, INTEGER);
  const part = method('slice', node, [from, to], value.type);
  if (from.kind === 'lit' || to === count) return part;
  return cond(compare('lt', from, to), part, list([]));
}

function at(value: Sym, raw: unknown): unknown {
  const given = resolveMerged(raw) ?? 0;
  const position = typeof given === 'number' ? wholePosition(given) : given;
  if (typeof position !== 'number') {
    const at = positionNode(position);
    const fromEnd = add(size(value.node, INTEGER), at);
    return elementAt(value, new Sym(cond(compare('lt', at, literal(0)), fromEnd, at)));
  }
  if (position >= 0) return elementAt(value, new Sym(literal(position)));
  const count = size(value.node, INTEGER);
  const element = value.type.kind === 'list' ? value.type.element : ({ kind: 'dyn' } as const);
  const from = subtract(count, literal(-position));
  if (-position <= minimumLength(value.node))
    return wrap(new Sym(indexOf(value.node, from, element), { waits: value.waits }));
  return wrap(
    new Sym(indexOf(value.node, from, element), {
      absence: { has: compare('ge', count, literal(-position)), plain: true, waits: value.waits, element: true },
      waits: value.waits,
    }),
  );
}

function sorted(value: Sym, comparator: unknown): Node {
  const element = value.type.kind === 'list' ? value.type.element : STRING;
  const fn = resolveMerged(comparator);
  if (fn === undefined) {
    if (element.kind !== 'string') return refuseWithoutComparator(value, element);
    return method('sort', value.node, [], value.type);
  }
  const a = macroVariable(parameterName(fn, 'x'));
  const b = macroVariable('y');
  const order = toNode(
    predicate(() =>
      interpreter.call(
        fn,
        undefined,
        [wrap(new Sym(variable(a, element))), wrap(new Sym(variable(b, element)))],
        'the comparator',
      ),
    ),
  );
  const by = sortKey(order, a, variable(b, element));
  if (by === undefined)
    return refuse(
      'no-cel',
      'this comparator has no CEL form',
      'compare one number or string of both, with a negative result for one of the two orders: ' + COMPARATORS,
    );
  const { key, descending } = by;
  if (descending && key.type.kind !== 'number' && key.kind !== 'var')
    return refuse('no-cel', 'a descending comparator of strings has no CEL form', 'sort ascending, then .toReversed()');
  if (key.kind !== 'var') return stablySorted(value, a, descending ? negate(key) : key);
  const ascending = method('sort', value.node, [], value.type);
  return descending ? method('reverse', ascending, [], value.type) : ascending;
}

const COMPARATORS = '(a, b) => a.n - b.n, (a, b) => (a.s < b.s ? -1 : 1)';

/**
 * Refuses a sort without a comparator if the elements are not strings: JavaScript would convert them to strings and
 * sort these.
 */
function refuseWithoutComparator(value: Sym, { kind }: StaticType): never {
  if (kind === 'number')
    return refuse('no-cel', 'sorting numbers without a comparator sorts them as strings', 'pass (a, b) => a - b');
  return refuse(
    'no-cel',
    `${labelOf(value)} is a ${describeType(value.type)}; without a comparator, its elements are sorted as strings`,
    kind === 'bool'
      ? 'pass (a, b) => Number(a) - Number(b)'
      : `pass a comparator of one number or string of both: ${COMPARATORS}`,
  );
}

/**
 * The list sorted by a key of its elements. As in JavaScript, elements with equal keys keep their order. CEL's `sortBy`
 * guarantees this only for lists of up to twelve elements.
 */
function stablySorted(value: Sym, element: Variable, key: Node): Node {
  return bindOnce(value.node, 'all', value.type, (all) => {
    const keys = listOf(key.type);
    const distinct = method('distinct', macro('map', all, [element], [key], keys), [], keys);
    const current = macroVariable('key');
    const group = macro('filter', all, [element], [eq(key, variable(current, key.type))], value.type);
    const groups = macro('map', method('sort', distinct, [], keys), [current], [group], listOf(value.type));
    return method('flatten', groups, [], value.type);
  });
}

/** Runs a callback, and refuses it when it changes values or makes resources. */
export function predicate<T>(work: () => T): T {
  const trace = activeTrace();
  trace.predicates++;
  try {
    const { result, writes } = trace.isolate(work);
    if (writes.size > 0) {
      refuse(
        'loop-carried',
        'a callback of filter, find, some, every or sort changes a variable',
        'use for..of with if',
      );
    }
    return result;
  } finally {
    trace.predicates--;
  }
}

/** The condition under which a predicate returns true, as an expression of the loop variable. */
function condition(fn: unknown, args: readonly unknown[]): Node {
  const result = predicate(() => truthy(interpreter.call(fn, undefined, args, 'the callback')));
  return typeof result === 'boolean' ? literal(result) : result;
}

/**
 * Passes the predicate's condition to `build`: as a condition on an element, or on a position if the predicate reads
 * the index.
 */
function withPredicate<T>(
  view: View,
  fn: unknown,
  build: (test: Node, loop: Variable, by: { readonly positions: boolean; readonly view: View }) => T,
): T {
  if (usesIndex(fn)) {
    const loop = macroVariable('i');
    const { view: positions, at: elementOf, factAt } = indexed(view);
    const position = new Sym(variable(loop, INTEGER), { label: 'i' });
    const whole = argumentCount(fn) > 2 ? wrap(elements(view)) : undefined;
    const test = knowing(factAt(position.node), () => condition(fn, [elementOf(position), wrap(position), whole]));
    return build(test, loop, { positions: true, view: positions });
  }
  const loop = macroVariable(parameterName(fn, 'x'));
  const value = loopValue(view, loop);
  const test = forElement(view.list.node, value.node, () => condition(fn, [view.show(value)]));
  return build(test, loop, { positions: false, view });
}

function filter(view: View, fn: unknown): unknown {
  const gappedView = view.plain ? listWithGaps(view.list.node) : undefined;
  if (gappedView !== undefined) return filter(gappedView, fn);
  const pairs = view.plain && !usesIndex(fn) ? loopView(wrap(view.list)) : view;
  if (view.plain && !pairs.plain) {
    const kept = filter(pairs, fn);
    return kept instanceof View ? freshList(elements(kept).node, view.list.waits) : kept;
  }
  return withPredicate(view, fn, (test, loop, by) => {
    if (test === TRUE()) return view.plain ? freshList(plainList(view.list.node), view.list.waits) : view;
    if (by.positions) {
      const kept = macro('filter', by.view.list.node, [loop], [test], listOf(INTEGER));
      const item = indexOf(view.list.node, variable(loop, INTEGER), view.element);
      const found = new Sym(macro('map', kept, [loop], [item], listOf(view.element)), { waits: view.list.waits });
      return view.plain ? freshList(found.node, found.waits) : new View(found, view.show);
    }
    const found = new Sym(macro('filter', view.list.node, [loop], [test], view.list.type), {
      waits: view.list.waits,
      label: undefined,
    });
    return view.plain ? freshList(found.node, found.waits) : new View(found, view.show);
  });
}

function quantify(given: View, fn: unknown, name: 'exists' | 'all'): Node {
  const view = given.plain && !usesIndex(fn) ? loopView(wrap(given.list)) : given;
  return withPredicate(view, fn, (test, loop, by) => {
    if (test.kind === 'lit' && test.value === (name === 'all')) return test;
    return macro(name, by.view.list.node, [loop], [test], { kind: 'bool' });
  });
}

function find(view: View, fn: unknown, name: string): unknown {
  return withPredicate(view, fn, (test, loop, by) => {
    const kept = macro('filter', by.view.list.node, [loop], [test], by.view.list.type);
    const first = name === 'find' ? literal(0) : subtract(size(kept, INTEGER), literal(1));
    const exists = macro('exists', by.view.list.node, [loop], [test], { kind: 'bool' });
    const position = indexOf(kept, first, by.view.element);
    const node = by.positions ? indexOf(view.list.node, position, view.element) : position;
    activeTrace().facts.imply(exists, substitute(test, loop, position));
    const { waits } = view.list;
    if (!view.plain) return phi(exists, view.show(new Sym(node, { waits })), undefined);
    const short = by.positions || name !== 'find' ? {} : { optional: optIndexOf(kept, first, view.element) };
    return wrap(
      new Sym(node, {
        absence: { has: exists, plain: true, waits, element: true, ...short },
        waits,
        label: `${labelOf(view.list)}.${name}(…)`,
      }),
    );
  });
}

function findIndex(view: View, fn: unknown, name: string): unknown {
  return withPredicate(view, fn, (test, loop, by) => {
    const positions = by.positions
      ? by.view.list.node
      : call('lists.range', [size(view.list.node, INTEGER)], listOf(INTEGER));
    const position = by.positions ? loop : macroVariable('i');
    const element = indexOf(view.list.node, variable(position, INTEGER), view.element);
    const holds = by.positions ? test : substitute(test, loop, element);
    const found = macro('filter', positions, [position], [holds], listOf(INTEGER));
    const exists = macro('exists', positions, [position], [holds], { kind: 'bool' });
    const at = name === 'findIndex' ? literal(0) : subtract(size(found, INTEGER), literal(1));
    return wrap(new Sym(cond(exists, indexOf(found, at, INTEGER), literal(-1))));
  });
}
