import { type Node, isLiteral, mentions } from '../ir/node.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { phi, resolveMerged } from '../value/merge.ts';
import { isOpen, iterable } from '../value/open.ts';
import { needPresent, textNode } from '../value/ops.ts';
import { listNode, plainList, toNode } from '../value/value-nodes.ts';
import { hasTokens, labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Maybe, Phi, Splice, Sym } from '../value/symbolic.ts';
import { and, cond, literal, not, TRUE } from '../ir/build.ts';
import { elementAt } from './member-access.ts';
import { stringMethod } from './string-methods.ts';
import { listMethod } from './list-methods.ts';
import { elements, View } from './view.ts';

const GROUPED =
  'list the keys first, then what belongs to each: const keys = [...new Set(list.map((x) => x.key))]; ' +
  'Object.fromEntries(keys.map((k) => [k, list.filter((x) => x.key === k)]))';

/** The elements that `...value` puts into a list. */
export function spreadItems(raw: unknown): unknown[] {
  const value = resolveMerged(raw);
  activeTrace().noteRead(value);
  if (value instanceof View) return [new Splice(plainList(elements(value).node), value.list.waits)];
  const inner = symbolic(value);
  if (inner instanceof Phi) {
    const trace = activeTrace();
    const a = trace.under(inner.test, () => spreadItems(inner.then));
    const b = trace.under(not(inner.test), () => spreadItems(inner.otherwise));
    const plain = [...a, ...b].every((item) => !(item instanceof Maybe) && !(item instanceof Splice));
    if (plain)
      return [...a.map((item) => new Maybe(inner.test, item)), ...b.map((item) => new Maybe(not(inner.test), item))];
    // A side can have an unknown number of elements, such as the characters of a spread string. Therefore each side
    // becomes one list, and the conditional list is spliced.
    const items = cond(
      inner.test,
      trace.under(inner.test, () => listNode(a)),
      trace.under(not(inner.test), () => listNode(b)),
    );
    return [new Splice(items, false)];
  }
  if (inner instanceof Sym) {
    if (inner.type.kind === 'string') return spreadItems(stringMethod(inner, 'split', ['']));
    if (inner.type.kind !== 'list') {
      if (mentions(inner.node, (of) => of.role === 'accumulator'))
        return refuse(
          'loop-carried',
          'a loop fills an object, and a list in this object grows from iteration to iteration',
          GROUPED,
        );
      return refuse('types', `${labelOf(inner)} is not a list and cannot be spread`, 'spread a list');
    }
    const sure = needPresent(inner, 'spread into a list');
    return [new Splice(plainList(sure.node), sure.waits)];
  }
  if (typeof value === 'string' && hasTokens(value)) return spreadItems(wrap(new Sym(textNode(value))));
  return [...iterable(value)];
}

/** Is the value a string, or a conditional value that is a string in some case? */
function mayBeString(value: unknown): boolean {
  const inner = symbolic(value);
  if (inner instanceof Phi) return mayBeString(inner.then) || mayBeString(inner.otherwise);
  return inner instanceof Sym ? inner.type.kind === 'string' : typeof value === 'string';
}

/** The elements of a list for an array pattern that reads the first `count` elements. */
export function patternElements(
  raw: unknown,
  count: number,
): { at(position: number): unknown; rest(from: number): unknown } {
  const value = resolveMerged(raw);
  activeTrace().noteRead(value);
  if (mayBeString(value)) return writtenElements(spreadItems(value));
  const inner = symbolic(value);
  if (value instanceof View) {
    const list = () => elements(value);
    return { at: (position) => shownElement(value, position), rest: (from) => listMethod(list(), 'slice', [from]) };
  }
  if (inner instanceof Sym && inner.type.kind === 'list') {
    const sure = needPresent(inner, 'taken apart');
    return {
      at: (position) => elementAt(sure, new Sym(literal(position))),
      rest: (from) => listMethod(sure, 'slice', [from]),
    };
  }
  if (inner instanceof Sym) {
    if (inner.type.kind !== 'dyn')
      return refuse('types', `${labelOf(inner)} is not a list and cannot be taken apart`, 'take a list apart');
  }
  if (inner !== undefined) {
    return {
      at: (position) =>
        inner instanceof Sym
          ? elementAt(inner, new Sym(literal(position)))
          : elementAt(new Sym(toNode(value)), new Sym(literal(position))),
      rest: (from) => listMethod(new Sym(toNode(value)), 'slice', [from]),
    };
  }
  const items = Array.isArray(value) ? (value as unknown[]) : [...takeFirst(iterable(value), count)];
  return writtenElements(items);
}

/** The elements, by position, of a list that the author wrote. Some of the elements may be conditional. */
export function writtenElements(items: readonly unknown[]): {
  at(position: number): unknown;
  rest(from: number): unknown;
} {
  const open = items.findIndex(isOpen);
  const sure = open < 0 ? items.length : open;
  const tail = items.slice(sure);
  if (tail.some((item) => item instanceof Splice)) {
    const list = () => new Sym(toNode(tail));
    return {
      at: (position) =>
        position < sure ? items[position] : elementAt(list(), new Sym(literal(position - sure)), false),
      rest: (from) => (from <= sure ? track(items.slice(from)) : listMethod(list(), 'slice', [from - sure])),
    };
  }
  return {
    at: (position) => (position < sure ? items[position] : present(tail, position - sure)),
    rest: (from) => track(from <= sure ? items.slice(from) : after(tail, from - sure)),
  };
}

const track = (items: unknown[]): unknown[] => activeTrace().track(items);

const testOf = (item: unknown): Node => (item instanceof Maybe ? item.test : TRUE());
const valueOf = (item: unknown): unknown => (item instanceof Maybe ? item.value : item);

/**
 * The element at a position of a list with conditional elements: the first present element that has `position` present
 * elements before it.
 */
function present(items: readonly unknown[], position: number): unknown {
  const tests = items.map(testOf);
  return items.reduceRight<unknown>(
    (rest, item, place) =>
      phi(and(tests[place] as Node, atLeast(tests.slice(0, place), position)), valueOf(item), rest),
    undefined,
  );
}

/** The elements from a position on. */
function after(items: readonly unknown[], from: number): unknown[] {
  const tests = items.map(testOf);
  return items.flatMap((item, place) => {
    const isReached = and(tests[place] as Node, atLeast(tests.slice(0, place), from));
    return isLiteral(isReached, false) ? [] : [isLiteral(isReached, true) ? item : new Maybe(isReached, valueOf(item))];
  });
}

/** The condition that at least `count` of the given conditions are true. */
function atLeast(tests: readonly Node[], count: number): Node {
  if (count <= 0) return TRUE();
  const last = tests.at(-1);
  if (last === undefined) return literal(false);
  const before = tests.slice(0, -1);
  return cond(last, atLeast(before, count - 1), atLeast(before, count));
}

function* takeFirst(iterable: Iterable<unknown>, count: number): Iterable<unknown> {
  let taken = 0;
  for (const item of iterable) {
    if (taken++ >= count) return;
    yield item;
    if (taken >= count) return;
  }
}

/**
 * An element of a list in the form that the author sees. When the element may be missing, its form is conditional as a
 * whole: a pair of `Object.entries(map)` has both parts or is missing.
 */
export function shownElement(view: View, position: number): unknown {
  const found = symbolic(elementAt(view.list, new Sym(literal(position))));
  if (!(found instanceof Sym)) return undefined;
  const { absence } = found;
  if (absence === undefined) return view.show(found);
  const shown = activeTrace().under(absence.has, () => view.show(found.present()));
  return phi(absence.has, shown, undefined);
}
