import * as ir from '../ir/build.ts';
import { type Node, makeNode } from '../ir/node.ts';
import { numberTest } from '../ir/parse-numbers.ts';
import { isDouble } from '../ir/numeric.ts';
import { type StaticType, BOOL, describeType, DYN, FLOAT, INTEGER, listOf, mapOf, STRING } from '../ir/types.ts';
import type { FunctionLike } from '../source/function-source.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, decide, interpreter } from '../trace/current-trace.ts';
import { inListingOrder } from '../value/key-order.ts';
import { ownKeys } from '../value/set-member.ts';
import { distribute, resolveMerged } from '../value/merge.ts';
import { freshList, keysNode, mergedPieces, objectNode, toNode, undefinedKeys } from '../value/value-nodes.ts';
import { arithmetic, bool, describeValue, needPresent, textNode, textValue, truthy, unary } from '../value/ops.ts';
import { labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Maybe, Phi, Splice, Sym, testedPresence } from '../value/symbolic.ts';
import { opaque } from '../value/native-functions.ts';
import { defineBuildTime } from './build-time.ts';
import { callDefined, define, isDefined, NATIVE, scalar, symbolicSome } from './builtin-table.ts';
import { isEndless } from './carried.ts';
import { defineNumbers } from './number-builtins.ts';
import { defineTexts } from './text-builtins.ts';
import { markSet } from './marked-sets.ts';
import { fromEntries, mergeEach } from './from-entries.ts';
import { hasKey } from './has-key.ts';
import { getMember } from './member.ts';
import { mergeSpread } from './objects.ts';
import { spreadItems } from './spread.ts';
import { isOpen, refuseOpen } from '../value/open.ts';
import { freezeWritten, isFrozen, owned } from './write-member.ts';
import { entriesView, keysOf, isSymbolicList, positionsBelow, View, converted } from './view.ts';
import { requireInteger } from '../ir/lower.ts';

defineNumbers();
defineTexts();

/** Calls a built-in function that has a translation; `undefined` when it has none. */
export function builtin(fn: FunctionLike, args: readonly unknown[]): { readonly value: unknown } | undefined {
  defineBuildTime(fn);
  return callDefined(fn, args);
}

/** May a list of unknown length be spread into the arguments of this function, as in `Math.max(...list)`? */
export function takesAnyNumber(fn: unknown): boolean {
  return fn === Math.max || fn === Math.min || fn === Array.of || fn === Object.assign;
}

const numeric = (value: Sym, name: string): Node => {
  if (value.type.kind !== 'number' && value.type.kind !== 'dyn') {
    return refuse(
      'types',
      `${name}() of ${labelOf(value)} (${describeType(value.type)}) has no CEL form`,
      'convert it with Number() first',
    );
  }
  return needPresent(value, 'used in a computation (the result would be NaN)').node;
};

for (const op of ['floor', 'ceil', 'round', 'trunc'] as const) {
  scalar(Math[op], (value) => wrap(new Sym(rounded(op, numeric(value, `Math.${op}`)), { waits: value.waits })));
}

function rounded(op: 'floor' | 'ceil' | 'round' | 'trunc', node: Node): Node {
  return makeNode({ kind: op, args: [node], type: activeTrace().isCheck && isDouble(node) ? FLOAT : INTEGER });
}

scalar(Math.abs, (value) => {
  const node = numeric(value, 'Math.abs');
  return wrap(new Sym(ir.cond(ir.compare('lt', node, ir.literal(0)), ir.negate(node), node), { waits: value.waits }));
});
scalar(Math.sign, (value) => {
  const node = numeric(value, 'Math.sign');
  const sign = ir.cond(
    ir.compare('gt', node, ir.literal(0)),
    ir.literal(1),
    // The sign of NaN is NaN.
    ir.cond(
      ir.compare('lt', node, ir.literal(0)),
      ir.literal(-1),
      numberTest(node) === undefined ? ir.literal(0) : node,
    ),
  );
  return wrap(new Sym(sign, { waits: value.waits }));
});

for (const name of ['max', 'min'] as const) {
  define(Math[name], (args) => {
    if (!symbolicSome(args)) return NATIVE;
    const given = args.map((arg) => resolveMerged(arg));
    const open = given.findIndex(hasEndlessSide);
    if (open >= 0) {
      const choice = symbolic(given[open]) as Phi;
      return distribute(choice, (side) => builtin(Math[name], given.with(open, side))?.value);
    }
    // Infinity is never the least of several numbers, so `min` leaves it out. In the same way, `max` leaves out
    // -Infinity. The infinity with the other sign is the result, if it is among the numbers.
    const [neutral, last] = name === 'min' ? [Infinity, -Infinity] : [-Infinity, Infinity];
    if (given.includes(last) && given.every((item) => symbolic(item) instanceof Sym || typeof item === 'number'))
      return last;
    const items = given.filter((item) => item !== neutral);
    const lists = items.filter((item): item is Splice => item instanceof Splice);
    if (lists.length > 0 || items.some((item) => item instanceof Maybe)) {
      const all = toNode(items);
      const element = all.type.kind === 'list' ? all.type.element : FLOAT;
      if (element.kind !== 'number') return refuse('types', `Math.${name}() of a list that does not hold numbers`);
      return wrap(new Sym(ir.method(name, all, [], element)));
    }
    const waits = items.some((item) => (symbolic(item) as Sym | undefined)?.waits === true);
    const nodes = items.map((item) => numericOf(item, `Math.${name}`));
    return wrap(
      new Sym(
        nodes.reduce((a, b) => further(name, a, b)),
        { waits },
      ),
    );
  });
}

/** Is the value a conditional value with an infinity on one side? */
function hasEndlessSide(value: unknown): boolean {
  const inner = symbolic(value);
  return inner instanceof Phi && [inner.then, inner.otherwise].some(isEndless);
}

/** The larger or smaller of two numbers; NaN stays NaN, as in JavaScript. */
function further(name: 'max' | 'min', a: Node, b: Node): Node {
  const test = ir.compare(name === 'max' ? 'gt' : 'lt', a, b);
  const number = numberTest(a);
  return ir.cond(number === undefined ? test : ir.or(test, ir.not(number)), a, b);
}

function numericOf(item: unknown, name: string): Node {
  const inner = symbolic(item);
  if (inner instanceof Sym) return numeric(inner, name);
  if (inner instanceof Phi) return toNode(item);
  const value = typeof item === 'object' && item !== null ? NaN : Number(item);
  if (Number.isFinite(value)) return ir.literal(value);
  return refuse('types', `${name}() of ${describeValue(item)} is not a number in JavaScript`, 'pass numbers');
}

define(Math.pow, (args) =>
  symbolicSome(args) ? arithmetic('**', resolveMerged(args[0]), resolveMerged(args[1])) : NATIVE,
);

for (const [name, fn] of Object.entries(Object.getOwnPropertyDescriptors(Math))) {
  const value: unknown = fn.value;
  if (typeof value === 'function' && !isDefined(value) && name !== 'random') {
    define(value, (args) => (symbolicSome(args) ? refuse('no-cel', `Math.${name}() has no CEL form`) : NATIVE));
  }
}

define(Date, () =>
  refuse(
    'no-cel',
    'Date() would be read once, while the graph is built: a graph has no clock',
    'pass the time with the spec',
  ),
);

define(String, (args) => {
  if (args.length === 0 || !symbolicSome(args)) return NATIVE;
  return textValue(textNode(args[0]), (symbolic(args[0]) as Sym | undefined)?.waits === true);
});
define(Boolean, (args) => {
  const test = truthy(args[0]);
  return typeof test === 'boolean' ? test : bool(test);
});
define(Array.isArray, (args) => {
  const value = resolveMerged(args[0]);
  const inner = symbolic(value);
  if (inner instanceof Phi)
    return distribute(inner, (side) => interpreter.call(Array.isArray, Array, [side], 'Array.isArray'));
  if (inner instanceof Sym) {
    const { kind } = inner.type;
    if (kind !== 'list' && kind !== 'dyn') return false;
    const isList =
      kind === 'list'
        ? ir.TRUE()
        : makeNode({ kind: 'raw', args: [inner.node], pieces: ['type(', ') == type([])'], type: BOOL });
    return bool(inner.absence === undefined ? isList : ir.and(testedPresence(inner.absence), isList));
  }
  return value instanceof View || Array.isArray(value);
});
define(Array.of, (args) => activeTrace().track([...args]));
define(Array.from, (args) => {
  const source = resolveMerged(args[0]);
  if (!symbolicSome(args)) return NATIVE;
  const inner = symbolic(source);
  const length =
    inner === undefined &&
    !Array.isArray(source) &&
    typeof source === 'object' &&
    source !== null &&
    'length' in source;
  if (length) return generated(source, args[1], args[2]);
  if (inner instanceof Sym && !['string', 'list', 'dyn'].includes(inner.type.kind)) {
    return refuse(
      'types',
      `Array.from() of ${labelOf(inner)} (${describeType(inner.type)}) is an empty list in JavaScript`,
      'pass a list or a string, or list a map with Object.keys(), Object.values() or Object.entries()',
    );
  }
  const items = isSymbolicList(source) && args[1] !== undefined ? source : copied(source);
  return args[1] === undefined ? items : interpreter.callMethod(items, 'map', args.slice(1));
});

/** Copies a list value to a new list that the composition owns. */
function copied(value: unknown): unknown {
  return activeTrace().track(spreadItems(value));
}

/** `Array.from({ length: n }, (_, i) => …)`. */
function generated(source: { readonly length: unknown }, fn: unknown, self: unknown): unknown {
  const length = resolveMerged(source.length);
  if (typeof length === 'number') {
    const items = Array.from({ length }, (_, position) => {
      const item: unknown = Reflect.get(source, position);
      return fn === undefined ? item : interpreter.call(fn, self, [item, position], 'the callback');
    });
    return activeTrace().track(items);
  }
  if (Object.keys(source).length > 1)
    return refuse('no-cel', 'Array.from() of elements with a symbolic length has no CEL form', 'pass a list');
  const count = toNode(length);
  requireInteger(count);
  const view = new View(new Sym(positionsBelow(count)), (loop) => wrap(loop));
  if (fn === undefined)
    return refuse(
      'no-cel',
      'Array.from() with a symbolic length needs a function for the elements',
      'pass (_, i) => …',
    );
  return interpreter.symbolicMap(
    view,
    opaque((position: unknown) => interpreter.call(fn, self, [undefined, position], 'the callback')),
    'map',
  );
}

const mapLike = (type: StaticType): boolean => type.kind === 'map' || type.kind === 'dyn';
const mapTyped = (value: Sym): Sym =>
  value.type.kind === 'map' ? value : new Sym({ ...value.node, type: mapOf(DYN) }, { waits: value.waits });

/**
 * Defines one of `Object.keys`, `Object.values` and `Object.entries`. A map is listed in the sorted order of its keys,
 * and an object with known fields field by field.
 */
function listing(
  fn: (value: object) => unknown,
  pick: (map: Sym) => unknown,
  known: (key: string, value: unknown) => unknown,
  readsValues: boolean,
): void {
  define(fn, (args) => {
    const value = resolveMerged(args[0]);
    const inner = symbolic(value);
    if (inner instanceof Phi) return distribute(inner, (side) => interpreter.call(fn, Object, [side], fn.name));
    if (inner instanceof Sym) {
      // For a missing map JavaScript throws, and the expression fails in the same way.
      const sure = mapLike(inner.type) ? inner.present() : needPresent(inner, 'enumerated');
      if (mapLike(sure.type)) return pick(mapTyped(sure));
      if (sure.type.kind === 'object') {
        const copy: Record<string, unknown> = activeTrace().track({});
        mergeSpread(copy, wrap(sure));
        return listed(copy, known);
      }
      return refuse('types', `${labelOf(sure)} has no keys to list`);
    }
    if (typeof value !== 'object' || value === null || !symbolicSome([value])) return NATIVE;
    if (mergedPieces(value) !== undefined) {
      const members = value as Record<string, unknown>;
      if (readsValues) refuseUndefined(members, fn.name);
      return pick(new Sym(readsValues ? objectNode(members) : keysNode(members)));
    }
    return Array.isArray(value) ? NATIVE : listed(value as Record<string, unknown>, known);
  });
}

/**
 * Refuses to list an object with an `undefined` value: JavaScript lists the key, but the map of the graph has no such
 * key.
 */
function refuseUndefined(members: Record<string, unknown>, name: string): void {
  const [found] = [{ keys: members }, ...(mergedPieces(members) ?? [])].flatMap(undefinedKeys);
  if (found === undefined) return;
  const { key } = found;
  refuse(
    'absent',
    `${key} may be absent, and Object.${name}() lists it as undefined`,
    `give it a default with ??, or leave the key out: ...(x !== undefined && { ${key}: x })`,
  );
}

/** The entries of a known object. An entry that was set in a branch has the condition of the branch. */
function listed(value: Record<string, unknown>, known: (key: string, value: unknown) => unknown): unknown[] {
  const trace = activeTrace();
  trace.noteRead(value);
  const items = inListingOrder(ownKeys(value)).flatMap(({ key, test }) => {
    const presentWhen = decide(test);
    if (typeof presentWhen === 'boolean') return presentWhen ? [known(key, value[key])] : [];
    return [
      new Maybe(
        presentWhen,
        trace.under(presentWhen, () => known(key, resolveMerged(value[key]))),
      ),
    ];
  });
  return trace.track(items);
}

listing(
  Object.keys,
  (map) => freshList(keysOf(map.node), map.waits),
  (key) => key,
  false,
);
listing(Object.entries, entriesView, (key, value) => activeTrace().track([key, value]), true);
listing(
  Object.values,
  (map) => {
    const key = ir.macroVariable('k');
    const type = map.type.kind === 'map' ? map.type.value : DYN;
    const value = converted(new Sym(ir.index(map.node, ir.variable(key, STRING), type))).node;
    const values = ir.macro('map', keysOf(map.node), [key], [value], listOf(value.type));
    return freshList(values, map.waits);
  },
  (_, value) => value,
  true,
);

// Compilers define the name of a function by this call (esbuild's and tsx's `__name(f, 'f')`). The name has no effect
// on a graph.
define(Object.defineProperty, ([target, key]) => {
  const fn = resolveMerged(target);
  return typeof fn === 'function' && symbolic(fn) === undefined && key === 'name' ? fn : NATIVE;
});

define(Object.fromEntries, ([given]) => {
  const made = fromEntries(resolveMerged(given));
  return made === undefined ? NATIVE : made.value;
});

define(Object.hasOwn, (args) => (symbolicSome(args) ? hasKey(args[1], args[0], true) : NATIVE));

define(Object.assign, (args) => {
  if (isOpen(args[0])) return refuseOpen('Object.assign');
  if (!symbolicSome(args) && !activeTrace().isTracked(resolveMerged(args[0]) as object)) return NATIVE;
  const either = symbolic(resolveMerged(args[0]));
  if (either instanceof Phi)
    return distribute(either, (side) => interpreter.call(Object.assign, Object, [side, ...args.slice(1)], 'assign'));
  const target = owned(resolveMerged(args[0]), symbolic(resolveMerged(args[0])) as Sym | undefined);
  activeTrace().recordUndo(target);
  for (const source of args.slice(1)) {
    if (source instanceof Splice) mergeEach(target as Record<string, unknown>, source);
    else if (source instanceof Maybe)
      mergeSpread(target as Record<string, unknown>, wrap(new Phi(source.test, source.value, undefined)));
    else mergeSpread(target as Record<string, unknown>, source);
  }
  return target;
});
define(Object.freeze, ([value]) => {
  if (currentOwns(value)) return freezeWritten(value);
  return symbolicSome([value]) ? value : NATIVE;
});
define(Reflect.deleteProperty, ([object, key]) =>
  currentOwns(object) && isFrozen(object) && symbolic(key) === undefined
    ? !Object.hasOwn(object, key as PropertyKey)
    : NATIVE,
);
define(Object.isFrozen, ([value]) => (currentOwns(value) ? isFrozen(value) : NATIVE));

const currentOwns = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && activeTrace().isTracked(value);

/** `new X(…)` for the built-in classes that have a translation. */
export function constructBuiltin(fn: FunctionLike, args: readonly unknown[]): { readonly value: unknown } | undefined {
  const constructor: unknown = fn;
  if (constructor === Date && args.length === 0) {
    return refuse(
      'no-cel',
      'new Date() would be read once, while the graph is built: a graph has no clock',
      'pass the time with the spec',
    );
  }
  if (constructor === Set && symbolicSome(args)) {
    const list = new Sym(toNode(resolveMerged(args[0])));
    return { value: wrap(markSet(new Sym(ir.method('distinct', list.node, [], list.type), { waits: list.waits }))) };
  }
  if (constructor === Map && args.length === 1 && symbolicSome(args)) {
    const pairs = spreadItems(args[0]);
    const known = pairs.map((pair) => {
      if (isOpen(pair)) return undefined;
      const key = resolveMerged(getMember(pair, '0'));
      return symbolicSome([key]) ? undefined : ([key, getMember(pair, '1')] as const);
    });
    const entries = known.filter((entry) => entry !== undefined);
    if (entries.length === pairs.length) return { value: activeTrace().track(new Map(entries)) };
    return refuse('native-call', 'new Map() takes known keys only', 'use an object: Object.fromEntries(list)');
  }
  if (constructor === Array && args.length === 1 && symbolicSome(args)) return refuseLength();
  if (constructor === Error || constructor === TypeError || constructor === RangeError) {
    const message = resolveMerged(args[0]);
    if (symbolicSome([message])) {
      const error = new (constructor as ErrorConstructor)('a precondition of the composition does not hold');
      // The first read makes the text of the stack, and a source map may print the message for it.
      void error.stack;
      Object.defineProperty(error, 'message', { value: message, configurable: true });
      return { value: error };
    }
  }
  return undefined;
}

define(Array, (args) => (args.length === 1 && symbolicSome(args) ? refuseLength() : NATIVE));

function refuseLength(): never {
  return refuse(
    'no-cel',
    'new Array() with a symbolic length has no CEL form',
    'use Array.from({ length: n }, (_, i) => …)',
  );
}

/** `+value`, which converts as `Number(value)` does. */
export function toNumber(value: unknown): unknown {
  const converted = builtin(Number, [value]);
  return converted === undefined ? unary('+', value) : converted.value;
}
