import { oncePerObject } from '@typekro/kit/core';
import * as ir from '../ir/build.ts';
import { type Node, type Variable, bodyOf, isLiteral, substitute } from '../ir/node.ts';
import { type StaticType, INTEGER, listOf, STRING } from '../ir/types.ts';
import { activeTrace, decide } from '../trace/current-trace.ts';
import { symbolic, wrap } from '../value/proxy.ts';
import { SeenList, Sym } from '../value/symbolic.ts';
import { listSym, toNode } from '../value/value-nodes.ts';

/**
 * A symbolic list as the author iterates it: an expression for the list of loop values, and a function that converts
 * each loop value to the author's element. For `Object.entries(m)`, the loop values are keys, and the author's elements
 * are pairs.
 */
export class View extends SeenList {
  readonly list: Sym;
  readonly show: (loop: Sym) => unknown;
  /**
   * Is this the iterator of a method such as `matchAll()`? A copy of such an iterator is a list with the same elements.
   */
  readonly iterates: boolean;

  constructor(list: Sym, show?: (loop: Sym) => unknown, iterates = false) {
    super();
    this.list = list;
    this.show = show ?? plainShow;
    this.iterates = iterates;
  }

  elements(): Sym {
    return elements(this);
  }

  /** Type of the loop values. */
  get element(): StaticType {
    return this.list.type.kind === 'list' ? this.list.type.element : { kind: 'dyn' };
  }

  /**
   * Is each of the author's elements the loop value itself? If so, the list expression is the list that the author
   * sees.
   */
  get plain(): boolean {
    return this.show === plainShow;
  }
}

const plainShow = (loop: Sym): unknown => wrap(loop);

/** Is the list known to be empty on the current path? If so, a loop over it has no iterations. */
export function isKnownEmpty(view: View): boolean {
  const { facts } = activeTrace();
  const list = facts.resolve(view.list.node);
  if (list.kind === 'list') return list.args.length === 0;
  return isLiteral(facts.simplify(ir.compare('gt', ir.size(list, INTEGER), ir.literal(0))), false);
}

/** The view of a list value. */
export function viewOf(value: unknown): View {
  return value instanceof View ? value : new View(listSym(value), plainShow);
}

/**
 * The view of a list for a loop over it. A loop over pairs that a `map` made (`list.map((x, i) => [x, i])`) runs over
 * the original list, and makes the pair of each element. A destructuring pattern then reads the parts that the author
 * wrote.
 */
export function loopView(value: unknown): View {
  const view = viewOf(value);
  const { node, waits } = view.list;
  if (!view.plain || node.kind !== 'macro' || node.name !== 'map' || node.args.length !== 2) return view;
  const [list, pair] = node.args;
  const [of] = node.vars;
  if (of === undefined || pair?.kind !== 'list' || pair.args.length === 0) return view;
  const parts = pair.args.map((part) => (part.kind === 'dyn' ? part.args[0] : part));
  return new View(new Sym(list, { waits }), (loop) =>
    activeTrace().track(parts.map((part) => wrap(new Sym(substitute(part, of, loop.node), { waits })))),
  );
}

/** Makes the loop value for a new variable. */
export function loopValue(view: View, of: Variable): Sym {
  return new Sym(ir.variable(of, view.element), { waits: view.list.waits, label: of.name });
}

const gaps = new WeakMap<Node, View>();

/**
 * Records a list whose elements may be missing. A filter of this list then filters `view` instead, and can test the
 * presence of each element.
 */
export function noteGaps(list: Node, view: View): void {
  gaps.set(list, view);
}

/** The view of a list whose elements may be missing; undefined for other lists. */
export function listWithGaps(list: Node): View | undefined {
  return gaps.get(list);
}

/**
 * The list of the positions below a count. For a negative count the list is empty, as in JavaScript; CEL's
 * `lists.range` would fail.
 */
export function positionsBelow(count: Node): Node {
  const sure = isNeverNegative(count)
    ? count
    : ir.cond(activeTrace().facts.simplify(ir.compare('gt', count, ZERO())), count, ZERO());
  return ir.call('lists.range', [sure], listOf(INTEGER));
}

const ZERO = (): Node => ir.literal(0);

/** Does the expression show that the number is not negative? */
function isNeverNegative(node: Node): boolean {
  if (node.kind === 'lit') return Number(node.value) >= 0;
  if (node.kind === 'call' && node.name === 'size') return true;
  if (node.kind !== 'cond') return false;
  // `Math.max(a, b)` is not negative if `a` or `b` is not negative.
  const [test, a, b] = node.args;
  const larger = (test.kind === 'gt' || test.kind === 'ge') && test.args[0] === a && test.args[1] === b;
  return larger ? isNeverNegative(a) || isNeverNegative(b) : isNeverNegative(a) && isNeverNegative(b);
}

/**
 * The fact that holds for an element `loop` of a list: the condition of a filter, the bounds of a range, or the
 * presence of a key in its map. Undefined when no fact is known.
 */
export function factOf(list: Node, loop: Node): Node | undefined {
  const map = mapOfKeys(list);
  if (map !== undefined)
    return map.kind === 'cond' ? ir.and(ir.isIn(loop, map), inSide(loop, map)) : ir.isIn(loop, map);
  if (list.kind === 'call' && list.name === 'lists.range') {
    return list.args.map((count) => ir.compare('lt', loop, count)).reduce(ir.and, ir.compare('ge', loop, ZERO()));
  }
  if (list.kind === 'cond') {
    const [test, a, b] = [
      decide(list.args[0]),
      factOf(list.args[1], loop) ?? ir.TRUE(),
      factOf(list.args[2], loop) ?? ir.TRUE(),
    ];
    return typeof test === 'boolean' ? (test ? a : b) : ir.cond(test, a, b);
  }
  if (list.kind === 'append') return list.args.map((part) => factOf(part, loop) ?? ir.TRUE()).reduce(ir.or);
  // These return elements of their list, in another order or fewer.
  if (isCopy(list) || (list.kind === 'method' && KEEPING.has(list.name))) return factOf(list.args[0] as Node, loop);
  if (list.kind !== 'macro' || list.name !== 'filter') return undefined;
  const [of, test] = [list.vars[0], list.args.at(-1)];
  if (of === undefined || test === undefined) return undefined;
  const before = factOf(list.args[0], loop);
  const kept = substitute(test, of, loop);
  return before === undefined ? kept : ir.and(before, kept);
}

/** Is the list the copy that `plainList` makes? */
function isCopy(list: Node): boolean {
  if (list.kind !== 'macro' || list.name !== 'map') return false;
  const body = bodyOf(list);
  return body.kind === 'var' && body.variable === list.vars[0] && list.args[0].type.kind === 'list';
}

/** The condition that a key is in the map that a conditional selects. */
function inSide(key: Node, map: Node): Node {
  if (map.kind !== 'cond') return ir.isIn(key, map);
  const [test, a, b] = map.args;
  return ir.cond(test, inSide(key, a), inSide(key, b));
}

const KEEPING: ReadonlySet<string> = new Set(['sort', 'reverse', 'slice', 'distinct']);

/** The map whose keys a list contains, if `keysOf` made the list. */
function mapOfKeys(list: Node): Node | undefined {
  if (list.kind !== 'method' || list.name !== 'sort') return undefined;
  const [keys] = list.args;
  const [map, key] = keys?.args ?? [];
  const isKeys = keys?.kind === 'macro' && keys.name === 'map' && map?.type.kind === 'map';
  return isKeys && key?.kind === 'var' && key.variable === keys.vars[0] ? map : undefined;
}

/**
 * The keys of a map as a sorted list. All calls for the same map return the same expression, so that facts about the
 * keys hold in all places.
 */
export const keysOf = oncePerObject((map: Node): Node => {
  const key = ir.macroVariable('k');
  return ir.method('sort', ir.macro('map', map, [key], [ir.variable(key, STRING)], listOf(STRING)), [], listOf(STRING));
});

/** Runs `work` for an element of a list, with the facts that hold for the element. */
export function forElement<T>(list: Node, loop: Node, work: () => T): T {
  return knowing(factOf(list, loop), work);
}

/** Runs `work` with an additional known fact. */
export function knowing<T>(fact: Node | undefined, work: () => T): T {
  return activeTrace().facts.assuming(fact === undefined ? [] : [fact], work);
}

/** A list whose elements are read by position. */
export interface IndexedView {
  readonly view: View;
  /** The element at a position, as the author sees it. */
  readonly at: (position: Sym) => unknown;
  /** The fact that holds for the element at a position. */
  readonly factAt: (position: Node) => Node | undefined;
}

/** The list with access by position, for callbacks that also read the index. */
export function indexed(view: View): IndexedView {
  const list = view.list.node;
  const positions = ir.call('lists.range', [ir.size(list, INTEGER)], listOf(INTEGER));
  const element = (position: Node) => ir.index(list, position, view.element);
  const at = (position: Sym) => view.show(new Sym(element(position.node), { waits: view.list.waits }));
  return { view: new View(new Sym(positions)), at, factAt: (position) => factOf(list, element(position)) };
}

/** `Object.entries(map)`: the sorted keys, shown as pairs. */
export function entriesView(map: Sym): View {
  const value = map.type.kind === 'map' ? map.type.value : ({ kind: 'dyn' } as const);
  return new View(new Sym(keysOf(map.node), { waits: map.waits }), (loop) =>
    activeTrace().track([
      wrap(loop),
      wrap(converted(new Sym(ir.index(map.node, loop.node, value), { waits: map.waits }))),
    ]),
  );
}

/** Is the value a list that is iterated symbolically? */
export function isSymbolicList(value: unknown): boolean {
  if (value instanceof View) return true;
  const inner = symbolic(value);
  return inner instanceof Sym && inner.type.kind === 'list';
}

/** The list that the author sees, as an expression. */
export function elements(view: View): Sym {
  if (view.plain) return view.list;
  const loop = ir.macroVariable('x');
  const value = loopValue(view, loop);
  const shown = forElement(view.list.node, value.node, () => toNode(view.show(value)));
  return new Sym(ir.macro('map', view.list.node, [loop], [shown], listOf(shown.type)), { waits: view.list.waits });
}

/** Converts a value to its form in JavaScript: times and durations become strings, and bytes become base64. */
export function converted(value: Sym): Sym {
  const { type } = value;
  const as = (node: Node) => new Sym(node, { absence: value.absence, waits: value.waits, label: value.label });
  if (type.kind === 'timestamp' || type.kind === 'duration')
    return withoutShort(as(ir.call('string', [value.node], STRING)));
  if (type.kind === 'bytes') return withoutShort(as(ir.call('base64.encode', [value.node], STRING)));
  return value;
}

/**
 * Returns a converted value without the CEL optional in its `absence`, because this optional contains the value before
 * the conversion.
 */
export function withoutShort(value: Sym): Sym {
  if (value.absence === undefined) return value;
  const { optional: _, ...absence } = value.absence;
  return new Sym(value.node, { absence, waits: value.waits, label: value.label });
}
