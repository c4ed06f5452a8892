import { and, concat, cond, literal, not, or, TRUE, variable } from '../ir/build.ts';
import { type Node, isLiteral, UnknownLength } from '../ir/node.ts';
import { INTEGER } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, decide, interpreter } from '../trace/current-trace.ts';
import { itemWhen, mergeValues, phi, resolveMerged } from '../value/merge.ts';
import { isListValue, symOfItems } from '../value/value-nodes.ts';
import { bool, equals, textNode, textValue, truthy } from '../value/ops.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { isSymbolicDeep } from '../value/symbolic-deep.ts';
import { DEAD, Maybe, Phi, Splice, Sym } from '../value/symbolic.ts';
import { argumentCount, usesIndex } from './callbacks.ts';
import { listMethod } from './list-methods.ts';
import { viewOf } from './view.ts';
import { overParts } from './over-parts.ts';
import { owned } from './write-member.ts';
import { spreadItems } from './spread.ts';
import { isOpen, refuseOpen } from '../value/open.ts';

/**
 * Does the list contain an element that may be missing (`Maybe`), or the elements of a list expression, whose number is
 * unknown (`Splice`)?
 */
const isConditional = (items: readonly unknown[]): boolean => items.some(isOpen);

/** Methods that change the list. */
const CHANGING = new Set(['push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'fill', 'copyWithin']);

/**
 * Calls a method of a native list, whose elements may be symbolic. Handles all methods that change the list, and all
 * calls that involve a symbolic value, a conditional element or a callback of the composition. Returns `undefined` for
 * any other call or unknown method; the caller then calls the method natively.
 */
export function arrayMethod(
  array: unknown[],
  name: string,
  args: readonly unknown[],
): { readonly value: unknown } | undefined {
  if (name !== 'push') activeTrace().noteRead(array);
  if (CHANGING.has(name)) return changing(array, name, args);
  if (!isSymbolicDeep(array) && !isSymbolicDeep(args)) return undefined;
  if (name === 'concat') return { value: activeTrace().track([...array, ...args.flatMap((arg) => asItems(arg))]) };
  if (args.some(isOpen)) return refuseOpen(name);
  const each = () =>
    isConditional(array) ? conditionalArrayMethod(array, name, args) : denseArrayMethod(array, name, args);
  const value = VISITING.has(name) ? overParts(array, each, (list) => listMethod(list, name, args)) : each();
  return value === NOT_HANDLED ? undefined : { value };
}

/**
 * The length that `push` and `unshift` return. In a symbolic loop, and for a list with elements that may be missing,
 * the length is unknown: an expression that uses the returned value is refused.
 */
function lengthAfter(array: readonly unknown[], method: 'push' | 'unshift'): unknown {
  if (!isConditional(array) && activeTrace().loops.length === 0) return array.length;
  return wrap(new Sym(variable(new UnknownLength(method), INTEGER)));
}

const NOT_HANDLED = Symbol('not handled');

function changing(array: unknown[], name: string, args: readonly unknown[]): { readonly value: unknown } {
  owned(array, undefined);
  activeTrace().recordUndo(array);
  if (name !== 'push' && name !== 'unshift' && args.some(isOpen)) return refuseOpen(name);
  if (name === 'push') {
    array.push(...args);
    return { value: lengthAfter(array, name) };
  }
  if (name === 'unshift') {
    array.unshift(...args);
    return { value: lengthAfter(array, name) };
  }
  if (name === 'sort' && (isConditional(array) || isSymbolicDeep(array))) {
    const sorted = listMethod(symOfItems(array), 'toSorted', args);
    array.splice(0, array.length, ...spreadItems(sorted));
    return { value: array };
  }
  if (name === 'reverse' && isConditional(array)) {
    array.splice(0, array.length, ...spreadItems(listMethod(symOfItems(array), 'toReversed', [])));
    return { value: array };
  }
  if ((name === 'shift' || name === 'pop') && isConditional(array)) return { value: takeEnd(array, name) };
  if (name === 'sort' && args[0] !== undefined && !isConditional(array)) {
    array.splice(0, array.length, ...sortedKnown(array, args[0]));
    return { value: array };
  }
  if (!isConditional(array) && !isSymbolicDeep(positionsOf(name, args)))
    return { value: callNative(array, name, args) };
  if (isConditional(array) || isSymbolicDeep(args)) {
    return refuse(
      'no-cel',
      `.${name}() on a list with conditional or symbolic elements has no CEL form`,
      'build the list with map and filter',
    );
  }
  return { value: callNative(array, name, args) };
}

/** A list of known elements, sorted by the author's comparator. */
function sortedKnown(array: readonly unknown[], comparator: unknown): unknown[] {
  return array.toSorted((a, b) => {
    const order = resolveMerged(interpreter.call(comparator, undefined, [a, b], 'the comparator'));
    if (symbolic(order) === undefined) return Number(order);
    return refuse(
      'no-cel',
      'the comparator of a known list depends on the spec, so that the order is not known',
      'sort it in each way, and choose: condition ? list.toSorted(f) : list.toSorted(g)',
    );
  });
}

/** The arguments that select the changed elements. The other arguments are inserted as they are. */
function positionsOf(name: string, args: readonly unknown[]): readonly unknown[] {
  if (name === 'fill') return args.slice(1);
  return name === 'splice' ? args.slice(0, 2) : args;
}

function callNative(array: unknown[], name: string, args: readonly unknown[]): unknown {
  const result: unknown = (array as unknown as Record<string, (...values: unknown[]) => unknown>)[name]?.(...args);
  return Array.isArray(result) && result !== array ? activeTrace().track(result) : result;
}

/** Calls `shift` or `pop` of a list with elements that may be missing. */
function takeEnd(array: unknown[], name: 'shift' | 'pop'): unknown {
  const list = symOfItems(array);
  const taken = listMethod(list, 'at', [name === 'shift' ? 0 : -1]);
  array.splice(0, array.length, ...spreadItems(listMethod(list, 'slice', name === 'shift' ? [1] : [0, -1])));
  return taken;
}

const VISITING = new Set(['map', 'flatMap', 'forEach']);
const CALLING = new Set([...VISITING, 'filter', 'some', 'every']);

/**
 * Calls a method of a list with elements that may be missing: element by element where the method allows it, and on the
 * whole list as one expression where it does not.
 */
function conditionalArrayMethod(array: unknown[], name: string, args: readonly unknown[]): unknown {
  const trace = activeTrace();
  // The position of an element depends on the presence of the elements before it. A call with such a position is
  // possible only on the list as one expression.
  if (CALLING.has(name) && usesIndex(args[0])) return listMethod(symOfItems(array), name, args);
  if (name === 'map' || name === 'flatMap' || name === 'forEach') return eachItem(array, name, args[0]);
  if (name === 'filter') {
    return trace.track(
      array.flatMap((item) => {
        if (item instanceof Splice)
          return spreadItems(listMethod(new Sym(item.list, { waits: item.waits }), 'filter', args));
        const [test, value] = item instanceof Maybe ? [item.test, item.value] : [TRUE(), item];
        const keep = trace.under(test, () => truthy(interpreter.call(args[0], undefined, [value], 'the callback')));
        if (keep === false) return [];
        return keep === true ? [item] : [new Maybe(and(test, keep), value)];
      }),
    );
  }
  if (name === 'some' || name === 'every') {
    const parts = array.map((item) => {
      if (item instanceof Splice) return asCondition(listMethod(new Sym(item.list, { waits: item.waits }), name, args));
      const [test, value] = item instanceof Maybe ? [item.test, item.value] : [TRUE(), item];
      const holds = trace.under(test, () => asCondition(interpreter.call(args[0], undefined, [value], 'the callback')));
      return name === 'some' ? and(test, holds) : or(not(test), holds);
    });
    return bool(name === 'some' ? parts.reduce(or, literal(false)) : parts.reduce(and, TRUE()));
  }
  const hasNoSplice = array.every((item) => !(item instanceof Splice));
  if (name === 'reduce' && hasNoSplice && args.length > 1 && argumentCount(args[0]) < 3)
    return reduceItems(array, args);
  if (name === 'find' && hasNoSplice && !usesIndex(args[0])) return findItem(array, args[0]);
  return listMethod(symOfItems(array), name, args);
}

/** `reduce` over elements that may be missing: the callback runs under the condition that its element is present. */
function reduceItems(array: readonly unknown[], [fn, initial]: readonly unknown[]): unknown {
  return array.reduce<unknown>((value, item) => {
    const callWith = (element: unknown) =>
      interpreter.call(fn, undefined, [value, resolveMerged(element)], 'the callback');
    if (!(item instanceof Maybe)) return callWith(item);
    const test = decide(item.test);
    if (typeof test === 'boolean') return test ? callWith(item.value) : value;
    const [after] = activeTrace().fork<unknown>(
      test,
      () => callWith(item.value),
      () => value,
      (result) => result === DEAD,
      mergeValues,
    );
    return phi(test, after, value);
  }, initial);
}

/** `find` over elements that may be missing. */
function findItem(array: readonly unknown[], fn: unknown): unknown {
  const trace = activeTrace();
  return array.reduceRight<unknown>((rest, item) => {
    const [test, value] = item instanceof Maybe ? [item.test, item.value] : [TRUE(), item];
    const holds = trace.under(test, () =>
      asCondition(interpreter.call(fn, undefined, [resolveMerged(value)], 'the callback')),
    );
    return phi(and(test, holds), value, rest);
  }, undefined);
}

/** The truthiness of a value in JavaScript, as an expression. */
export function asCondition(value: unknown): Node {
  const test = truthy(value);
  return typeof test === 'boolean' ? literal(test) : test;
}

/** The elements that `concat`, `flat` and `flatMap` insert for a value: the elements of a list, or the value itself. */
export function asItems(raw: unknown): unknown[] {
  if (isOpen(raw)) return oneLevel(raw);
  const value = resolveMerged(raw);
  if (isListValue(value)) return spreadItems(value);
  const inner = symbolic(value);
  if (!(inner instanceof Phi)) return [value];
  const side = (test: Node, of: unknown) =>
    activeTrace()
      .under(test, () => asItems(of))
      .map((item) => itemWhen(test, item));
  return [...side(inner.test, inner.then), ...side(not(inner.test), inner.otherwise)];
}

/** `flat(depth)` of a native list. */
function flatItems(items: readonly unknown[], depth: unknown): readonly unknown[] {
  const levels = resolveMerged(depth) ?? 1;
  if (typeof levels !== 'number') return refuse('no-cel', '.flat() with a symbolic depth has no CEL form');
  // JavaScript treats NaN as 0.
  return !(levels >= 1) || !items.some(isNested)
    ? items
    : flatItems(
        items.flatMap((item) => oneLevel(item)),
        levels - 1,
      );
}

function isNested(item: unknown): boolean {
  if (item instanceof Splice) return item.list.type.kind === 'list' && item.list.type.element.kind === 'list';
  return isListValue(item instanceof Maybe ? item.value : item);
}

function oneLevel(item: unknown): unknown[] {
  if (item instanceof Splice) return spreadItems(listMethod(new Sym(item.list, { waits: item.waits }), 'flat', []));
  return item instanceof Maybe ? asItems(item.value).map((inner) => itemWhen(item.test, inner)) : asItems(item);
}

/** `map`, `flatMap` and `forEach` over elements that may be missing. */
function eachItem(array: readonly unknown[], name: 'map' | 'flatMap' | 'forEach', fn: unknown): unknown {
  const trace = activeTrace();
  const results: unknown[] = [];
  const add = (value: unknown, test: Node | undefined) => {
    const items = name === 'flatMap' ? asItems(value) : [value];
    results.push(...(test === undefined ? items : items.map((item) => itemWhen(test, item))));
  };
  for (const item of array) {
    if (item instanceof Splice) {
      const mapped = interpreter.symbolicMap(viewOf(wrap(new Sym(item.list, { waits: item.waits }))), fn, name);
      if (name !== 'forEach') results.push(...spreadItems(mapped));
    } else if (item instanceof Maybe) {
      const test = decide(item.test);
      if (test === false) continue;
      if (test === true) add(interpreter.call(fn, undefined, [item.value], 'the callback'), undefined);
      else {
        const [value] = trace.fork<unknown>(
          test,
          () => interpreter.call(fn, undefined, [resolveMerged(item.value)], 'the callback'),
          () => undefined,
          (result) => result === DEAD,
          mergeValues,
        );
        add(value, test);
      }
    } else add(interpreter.call(fn, undefined, [item], 'the callback'), undefined);
  }
  return name === 'forEach' ? undefined : trace.track(results);
}

/** Calls a method of a list whose elements are all present. */
function denseArrayMethod(array: unknown[], name: string, args: readonly unknown[]): unknown {
  const trace = activeTrace();
  const [fn] = args;
  if ((name === 'includes' || name === 'indexOf') && resolveMerged(args[1]) !== undefined)
    return searchFrom(array, name, args);
  const visit = (item: unknown, position: number) =>
    interpreter.call(fn, args[1], [item, position, array], 'the callback');
  const positions = [...array.keys()];
  const test = (position: number) => asCondition(visit(array[position], position));
  switch (name) {
    case 'map':
      return trace.track(array.map(visit));
    case 'forEach':
      array.forEach(visit);
      return undefined;
    case 'flatMap':
      return trace.track(array.flatMap((item, position) => asItems(visit(item, position))));
    case 'filter':
      return trace.track(
        array.flatMap((item, position) => {
          const keep = truthy(visit(item, position));
          return keep === true ? [item] : keep === false ? [] : [new Maybe(keep, item)];
        }),
      );
    case 'some':
      return bool(testsOf(positions, test, true).map(testOf).reduce(or, literal(false)));
    case 'every':
      return bool(testsOf(positions, test, false).map(testOf).reduce(and, TRUE()));
    case 'find':
      return firstOf(testsOf(positions, test, true), (position) => array[position], undefined);
    case 'findIndex':
      return firstOf(testsOf(positions, test, true), (position) => position, -1);
    case 'findLast':
      return firstOf(testsOf(positions.toReversed(), test, true), (position) => array[position], undefined);
    case 'findLastIndex':
      return firstOf(testsOf(positions.toReversed(), test, true), (position) => position, -1);
    case 'lastIndexOf':
      if (args.length > 1)
        return refuse('no-cel', '.lastIndexOf() of a list with a position has no CEL form', 'take a .slice() first');
      return array.reduce<unknown>(
        (rest, item, position) => phi(asCondition(equals(item, fn, false)), position, rest),
        -1,
      );
    case 'includes':
      return bool(array.map(isSearched(fn)).reduce(or, literal(false)));
    case 'indexOf':
      return array.reduceRight<unknown>(
        (rest, item, position) => phi(asCondition(equals(item, fn, false)), position, rest),
        -1,
      );
    case 'join':
      return join(array, fn);
    case 'reduce':
      return reduce(array, args);
    case 'at':
    case 'slice':
    case 'toReversed':
    case 'entries':
    case 'keys':
    case 'values':
      return isSymbolicDeep(args) ? listMethod(symOfItems(array), name, args) : callNativeReader(array, name, args);
    case 'flat':
      return trace.track([...flatItems(array, fn)]);
    case 'toSorted':
      if (args[0] !== undefined && !isSymbolicDeep(array)) return trace.track(sortedKnown(array, args[0]));
      return listMethod(symOfItems(array), name, args);
    default:
      return NOT_HANDLED;
  }
}

/** The position of a list element, and the condition that the callback returns for this element. */
type Tested = readonly [position: number, test: Node];

const testOf = ([, test]: Tested): Node => test;

/**
 * The conditions of the elements at these positions, in this order. Ends after the first condition that is the constant
 * `stop`. JavaScript does not call the callback for later elements, and the callback may be unable to read them.
 */
function testsOf(positions: readonly number[], test: (position: number) => Node, stop: boolean): Tested[] {
  const tests: Tested[] = [];
  for (const position of positions) {
    const condition = test(position);
    tests.push([position, condition]);
    if (isLiteral(condition, stop)) break;
  }
  return tests;
}

/** The result of `valueOf` for the first element whose condition is true; `none` when no condition is true. */
function firstOf(tests: readonly Tested[], valueOf: (position: number) => unknown, none: unknown): unknown {
  return tests.reduceRight((rest, [position, test]) => phi(test, valueOf(position), rest), none);
}

/** The condition that an element is the one that `includes` looks for. Unlike `===`, `includes` finds NaN. */
function isSearched(wanted: unknown): (item: unknown) => Node {
  const isNotNumber = (value: unknown): Node => {
    const inner = symbolic(resolveMerged(value));
    if (inner instanceof Sym && inner.type.kind !== 'number') return literal(false);
    return asCondition(interpreter.call(Number.isNaN, Number, [value], 'Number.isNaN'));
  };
  const wantsNaN = isNotNumber(wanted);
  return (item) => {
    const isEqual = asCondition(equals(item, wanted, false));
    return isLiteral(wantsNaN, false) ? isEqual : or(isEqual, and(wantsNaN, isNotNumber(item)));
  };
}

/** Calls `includes` or `indexOf` with a start position. */
function searchFrom(
  array: readonly unknown[],
  name: 'includes' | 'indexOf',
  [wanted, position]: readonly unknown[],
): unknown {
  const start = resolveMerged(position);
  if (typeof start !== 'number')
    return refuse('no-cel', `.${name}() of a list from a symbolic position has no CEL form`, 'take a .slice() first');
  const whole = Math.trunc(start) || 0;
  const first = whole < 0 ? Math.max(0, array.length + whole) : whole;
  const same = (item: unknown) => asCondition(equals(item, wanted, false));
  if (name === 'includes') return bool(array.slice(first).map(isSearched(wanted)).reduce(or, literal(false)));
  return array.reduceRight<unknown>((rest, item, at) => (at < first ? rest : phi(same(item), at, rest)), -1);
}

/**
 * Calls a native method that returns elements or positions without inspecting the elements. Registers a list that the
 * method makes as a new list of the trace.
 */
function callNativeReader(array: unknown[], name: string, args: readonly unknown[]): unknown {
  if (name === 'toReversed') return activeTrace().track([...array].reverse());
  const result: unknown = (array as unknown as Record<string, (...values: unknown[]) => unknown>)[name]?.(...args);
  return Array.isArray(result) ? activeTrace().track(result) : result;
}

function join(array: readonly unknown[], separator: unknown): unknown {
  const by = resolveMerged(separator) === undefined ? literal(',') : textNode(separator);
  const parts = array.flatMap((item, position) => {
    const value = resolveMerged(item);
    return position === 0 ? [joinedText(value)] : [by, joinedText(value)];
  });
  return textValue(
    concat(parts),
    array.some((item) => (symbolic(item) as Sym | undefined)?.waits === true),
  );
}

/**
 * The text of an element for `join`: empty where the element is null or missing. A field for which the graph waits does
 * not count as missing.
 */
function joinedText(value: unknown): Node {
  if (value === undefined || value === null) return literal('');
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    const side = (test: Node, of: unknown) => activeTrace().under(test, () => joinedText(resolveMerged(of)));
    return cond(inner.test, side(inner.test, inner.then), side(not(inner.test), inner.otherwise));
  }
  if (!(inner instanceof Sym) || inner.absence === undefined || inner.absence.waits) return textNode(value);
  return cond(inner.absence.has, textNode(wrap(inner.present())), literal(''));
}

function reduce(array: readonly unknown[], args: readonly unknown[]): unknown {
  const rest = args.length > 1 ? array : array.slice(1);
  if (args.length < 2 && array.length === 0) throw new TypeError('Reduce of empty array with no initial value');
  const start = args.length > 1 ? args[1] : array[0];
  const offset = args.length > 1 ? 0 : 1;
  return rest.reduce(
    (value, item, position) =>
      interpreter.call(args[0], undefined, [value, item, position + offset, array], 'the callback'),
    start,
  );
}
