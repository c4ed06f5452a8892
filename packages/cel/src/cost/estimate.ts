import type { Checked } from '../api.ts';
import type { Call, Comprehension, Expr, Literal } from '../ast.ts';
import { CheckedAst } from '../check/checker.ts';
import { ACCUMULATOR } from '../macros.ts';
import { expanded } from '../syntax/macro-expander.ts';
import type { CelType } from '../types.ts';
import { type CallCost, type Operand, libraryCost, PATTERN, TRAVERSAL } from './call-costs.ts';
import { listCost } from './list-costs.ts';
import type { Range } from './range.ts';
import {
  addRanges,
  fixed,
  LIST,
  multiplyRanges,
  ONE,
  scaleRange,
  UNBOUNDED,
  unionRange,
  UNKNOWN,
  ZERO,
} from './range.ts';

/**
 * Returns the possible sizes of the data at a path: the number of characters, bytes, elements or entries. `undefined`
 * if the sizes are not known. A path begins with the name of a variable. The path segments `@items` and `@indices` mean
 * the elements of a list and their indices. `@keys` and `@values` mean the keys and values of a map.
 */
export type SizeAt = (path: readonly string[]) => Range | undefined;

/** The meaning of the name of a loop variable or a binding. */
interface Local {
  readonly path: readonly string[];
  readonly size: Range | undefined;
  readonly entries: Entries | undefined;
}

/** Sizes of the keys and values of a list or map that the expression itself makes. */
interface Entries {
  readonly container: 'list' | 'map';
  readonly key: Range;
  readonly value: Range;
}

/** The cost of making a map or an object, without its parts. */
const MAP = fixed(30);
const STRUCT = fixed(40);

/**
 * Estimates the least and the greatest cost of an expression, in cel-go's units and with the function costs of a
 * Kubernetes API server. The estimate uses the syntax, the types, and the sizes that the data can have.
 */
export function estimateCost(checked: Checked, sizeAt: SizeAt): Range {
  if (!(checked instanceof CheckedAst)) return UNKNOWN;
  return new Estimate(checked, sizeAt).of(checked.ast.expr);
}

/**
 * The least cost of one iteration, over all loops and all possible data; `undefined` for an expression without loops.
 * An evaluation costs at least its number of iterations multiplied by this cost.
 */
export function minRoundCost(checked: Checked): number | undefined {
  if (!(checked instanceof CheckedAst)) return undefined;
  const estimate = new Estimate(checked, () => UNKNOWN);
  estimate.of(checked.ast.expr);
  return estimate.rounds.length === 0 ? undefined : Math.max(1, Math.min(...estimate.rounds));
}

class Estimate {
  /** For each loop, the least cost of one iteration. */
  readonly rounds: number[] = [];
  readonly #checked: CheckedAst;
  readonly #sizeAt: SizeAt;
  readonly #paths = new Map<number, readonly string[]>();
  readonly #sizes = new Map<number, Range>();
  readonly #entries = new Map<number, Entries>();
  readonly #locals = new Map<string, Local[]>();

  constructor(checked: CheckedAst, sizeAt: SizeAt) {
    this.#checked = checked;
    this.#sizeAt = sizeAt;
  }

  of(written: Expr): Range {
    const expr = expanded(written);
    switch (expr.kind) {
      case 'literal':
      case 'macro':
        return ZERO;
      case 'ident':
        this.#paths.set(expr.id, this.#local(expr.name)?.path ?? [expr.name]);
        return ONE;
      case 'select': {
        const operand = this.of(expr.operand);
        // In an API server's cost model, `has(…)` is free, and so is the selection of the path to the tested field.
        if (expr.test) return ZERO;
        const { kind } = this.#checked.typeOf(expanded(expr.operand).id);
        this.#paths.set(expr.id, [...this.#path(expr.operand), expr.field]);
        return kind === 'map' || kind === 'struct' || kind === 'param' ? addRanges(operand, ONE) : operand;
      }
      case 'call':
        return this.#call(expr);
      case 'list':
        return this.#list(expr.id, expr.elements);
      case 'map':
        return this.#map(
          expr.id,
          expr.entries.map(({ key, value }) => [key, value] as const),
        );
      case 'struct':
        return expr.fields.reduce((sum, { value }) => addRanges(sum, this.of(value)), STRUCT);
      case 'comprehension':
        return isBinding(expr) ? this.#binding(expr) : this.#comprehension(expr);
    }
  }

  #list(id: number, elements: readonly Expr[]): Range {
    let [cost, size] = [LIST, { min: elements.length === 0 ? 0 : UNBOUNDED, max: 0 }];
    for (const element of elements) {
      cost = addRanges(cost, this.of(element));
      size = unionRange(size, this.#size(element) ?? UNKNOWN);
    }
    this.#entries.set(id, { container: 'list', key: ONE, value: size });
    return cost;
  }

  #map(id: number, entries: readonly (readonly [Expr, Expr])[]): Range {
    const none = { min: entries.length === 0 ? 0 : UNBOUNDED, max: 0 };
    let [cost, keys, values] = [MAP, none, none];
    for (const [key, value] of entries) {
      cost = addRanges(cost, addRanges(this.of(key), this.of(value)));
      keys = unionRange(keys, this.#size(key) ?? UNKNOWN);
      values = unionRange(values, this.#size(value) ?? UNKNOWN);
    }
    this.#entries.set(id, { container: 'map', key: keys, value: values });
    return cost;
  }

  #call(expr: Call): Range {
    const [first] = expr.args;
    if (expr.name === 'dyn' && first !== undefined) {
      const cost = addRanges(ONE, this.of(first));
      this.#like(expr.id, first);
      return cost;
    }
    const costs = expr.args.map((arg) => this.of(arg));
    const operands = expr.args.map((arg) => this.#operand(arg));
    const reference = this.#checked.reference(expr.id);
    if (reference?.kind !== 'function' || reference.overloads.length === 0) return ZERO;
    const member = expr.target !== undefined && !reference.namespaced;
    const before = member && expr.target !== undefined ? this.of(expr.target) : ZERO;
    const target = member && expr.target !== undefined ? this.#operand(expr.target) : undefined;
    let total: Range = { min: UNBOUNDED, max: 0 };
    let size: Range | undefined;
    for (const { id } of reference.overloads) {
      const made = this.#overload(expr, reference.declaration.name, id, target, operands, costs);
      total = unionRange(total, made.cost);
      if (made.size !== undefined) size = size === undefined ? made.size : unionRange(size, made.size);
      if (first !== undefined && (id === 'index_list' || id === 'index_map')) {
        size = this.#entriesOf(first)?.value;
        this.#paths.set(expr.id, [...this.#path(first), id === 'index_list' ? '@items' : '@values']);
      }
      size ??= this.#size(expr);
    }
    if (size !== undefined) this.#sizes.set(expr.id, size);
    return addRanges(before, total);
  }

  #overload(
    expr: Call,
    name: string,
    id: string,
    target: Operand | undefined,
    args: readonly Operand[],
    costs: readonly Range[],
  ): CallCost {
    const [a = ZERO, b = ZERO, c = ZERO] = costs;
    switch (id) {
      case 'logical_or':
      case 'logical_and':
        // The second operand is not evaluated when the first operand decides the result. In an iteration of `all` or
        // `exists`, the first operand is the accumulator. The loop ends as soon as the accumulator decides the result,
        // so each iteration evaluates the second operand.
        return { cost: isAccumulator(expr.args[0]) ? addRanges(a, b) : { min: a.min, max: addRanges(a, b).max } };
      case 'conditional': {
        const [, yes, no] = expr.args;
        this.#join(expr.id, yes, no);
        const size = unionRange(args[1]?.size ?? UNKNOWN, args[2]?.size ?? UNKNOWN);
        return { cost: addRanges(a, unionRange(b, c)), size };
      }
      default: {
        if (id.startsWith('add_')) this.#join(expr.id, expr.args[0], expr.args[1]);
        const own = libraryCost(name, id, target, args) ?? listCost(id, target, args) ?? standardCost(id, target, args);
        return { ...own, cost: costs.reduce(addRanges, own.cost) };
      }
    }
  }

  #comprehension(expr: Comprehension): Range {
    let cost = addRanges(this.of(expr.range), this.of(expr.init));
    const names: string[] = [];
    const enter = (name: string, local: Local) => {
      const stack = this.#locals.get(name);
      if (stack === undefined) this.#locals.set(name, [local]);
      else stack.push(local);
      names.push(name);
    };
    enter(expr.accumulator, this.#bound(expr.init));
    const list = (this.#entriesOf(expr.range)?.container ?? this.#typeOf(expr.range).kind) === 'list';
    if (expr.variable2 === undefined) enter(expr.variable, this.#element(expr.range, list ? '@items' : '@keys'));
    else {
      enter(expr.variable, this.#element(expr.range, list ? '@indices' : '@keys'));
      enter(expr.variable2, this.#element(expr.range, list ? '@items' : '@values'));
    }
    const round = addRanges(this.of(expr.condition), this.of(expr.step));
    this.rounds.push(round.min);
    for (const name of names.slice(1)) this.#locals.get(name)?.pop();
    cost = addRanges(cost, this.of(expr.result));
    this.#locals.get(expr.accumulator)?.pop();
    const rounds = this.#size(expr.range) ?? UNKNOWN;
    const init = expanded(expr.init);
    if (init.kind === 'literal') this.#remember(expr.id, this.#size(init));
    else if (init.kind === 'list' || init.kind === 'map') {
      this.#sizes.set(expr.id, rounds);
      const entries = this.#entriesOf(expr.step);
      if (entries !== undefined) this.#entries.set(expr.id, entries);
    }
    return addRanges(cost, multiplyRanges(rounds, round));
  }

  /**
   * The cost of `cel.bind` and similar folds: a comprehension over an empty list, which only binds a name to a value.
   */
  #binding(expr: Comprehension): Range {
    const cost = addRanges(this.of(expr.range), this.of(expr.init));
    const stack = this.#locals.get(expr.accumulator) ?? [];
    this.#locals.set(expr.accumulator, stack);
    stack.push(this.#bound(expr.init));
    const result = this.of(expr.result);
    stack.pop();
    this.#like(expr.id, expr.result);
    return addRanges(cost, result);
  }

  #bound(expr: Expr): Local {
    return { path: this.#path(expr), size: this.#size(expr), entries: this.#entriesOf(expr) };
  }

  #element(range: Expr, part: '@indices' | '@items' | '@keys' | '@values'): Local {
    const entries = this.#entriesOf(range);
    const size = part === '@items' || part === '@values' ? entries?.value : entries?.key;
    return { path: [...this.#path(range), part], size, entries: undefined };
  }

  #operand(written: Expr): Operand {
    const expr = expanded(written);
    const path = this.#path(expr);
    return {
      type: this.#checked.typeOf(expr.id),
      size: this.#size(expr) ?? UNKNOWN,
      integer: expr.kind === 'literal' && expr.type === 'int' ? Number(expr.value) : undefined,
      elements: () => (path.length === 0 ? undefined : this.#sizeAt([...path, '@items'])) ?? UNKNOWN,
    };
  }

  #typeOf(expr: Expr): CelType {
    return this.#checked.typeOf(expanded(expr).id);
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1);
  }

  #path(written: Expr): readonly string[] {
    const expr = expanded(written);
    const local = expr.kind === 'ident' ? this.#local(expr.name) : undefined;
    return local?.path ?? this.#paths.get(expr.id) ?? [];
  }

  #size(written: Expr): Range | undefined {
    const expr = expanded(written);
    const known = this.#sizes.get(expr.id) ?? literalSize(expr);
    if (known !== undefined) return known;
    const path = this.#path(expr);
    const declared = path.length === 0 ? undefined : this.#sizeAt(path);
    if (declared !== undefined) {
      this.#sizes.set(expr.id, declared);
      return declared;
    }
    if (isScalar(this.#checked.typeOf(expr.id))) return ONE;
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined;
  }

  #entriesOf(written: Expr): Entries | undefined {
    const expr = expanded(written);
    return this.#entries.get(expr.id) ?? (expr.kind === 'ident' ? this.#local(expr.name)?.entries : undefined);
  }

  #remember(id: number, size: Range | undefined): void {
    if (size !== undefined) this.#sizes.set(id, size);
  }

  #like(id: number, source: Expr): void {
    this.#remember(id, this.#size(source));
    const entries = this.#entriesOf(source);
    if (entries !== undefined) this.#entries.set(id, entries);
  }

  /**
   * Stores the sizes of the entries of a node. The value of the node is either `a` or `b` (a conditional), or has the
   * entries of both (a sum of lists).
   */
  #join(id: number, a: Expr | undefined, b: Expr | undefined): void {
    const [left, right] = [a, b].map((expr) => (expr === undefined ? undefined : this.#entriesOf(expr)));
    if (left === undefined || right === undefined) return;
    const { container } = left;
    this.#entries.set(id, {
      container,
      key: unionRange(left.key, right.key),
      value: unionRange(left.value, right.value),
    });
  }
}

const isAccumulator = (expr: Expr | undefined): boolean => expr?.kind === 'ident' && expr.name === ACCUMULATOR;

function isBinding({ range, condition, accumulator }: Comprehension): boolean {
  const [over, again] = [expanded(range), expanded(condition)];
  if (over.kind !== 'list' || over.elements.length > 0 || accumulator === ACCUMULATOR) return false;
  return again.kind === 'literal' && again.value === false;
}

function literalSize(expr: Expr): Range | undefined {
  if (expr.kind === 'list') return fixed(expr.elements.length);
  if (expr.kind === 'map') return fixed(expr.entries.length);
  return expr.kind === 'literal' ? fixed(lengthOf(expr)) : undefined;
}

function lengthOf({ value }: Literal): number {
  if (typeof value === 'string') return Array.from(value).length;
  return value instanceof Uint8Array ? value.length : 1;
}

const SCALARS = new Set(['bool', 'double', 'duration', 'int', 'timestamp', 'uint']);

function isScalar(type: CelType): boolean {
  const [inner] = type.params;
  if (type.kind === 'opaque' && type.name === 'optional_type' && inner !== undefined) return isScalar(inner);
  return SCALARS.has(type.kind);
}

const COMPARISONS = /^(?:equals|not_equals|(?:less|less_equals|greater|greater_equals)_(?:string|bytes))$/;

/** The cost that cel-go charges for an overload of its standard library. */
function standardCost(id: string, target: Operand | undefined, [first, second]: readonly Operand[]): CallCost {
  if (first === undefined) return { cost: ONE };
  switch (id) {
    case 'string_format':
      return target === undefined ? { cost: ONE } : { cost: scaleRange(target.size, TRAVERSAL) };
    case 'string_to_bytes':
      return {
        cost: scaleRange(first.size, TRAVERSAL),
        size: { min: first.size.min, max: Math.min(UNBOUNDED, first.size.max * 4) },
      };
    case 'bytes_to_string':
      return {
        cost: scaleRange(first.size, TRAVERSAL),
        size: { min: Math.floor(first.size.min / 4), max: first.size.max },
      };
    case 'strings_quote':
      return {
        cost: scaleRange(first.size, TRAVERSAL),
        size: addRanges(multiplyRanges(first.size, { min: 1, max: 2 }), fixed(2)),
      };
    case 'starts_with_string':
    case 'ends_with_string':
      return { cost: scaleRange(first.size, TRAVERSAL) };
    case 'in_list':
      return { cost: second?.size ?? UNKNOWN };
    case 'matches_string':
      if (target === undefined) return { cost: ONE };
      return {
        cost: multiplyRanges(scaleRange(addRanges(target.size, ONE), TRAVERSAL), scaleRange(first.size, PATTERN)),
      };
    case 'contains_string':
      if (target === undefined) return { cost: ONE };
      return { cost: multiplyRanges(scaleRange(target.size, TRAVERSAL), scaleRange(first.size, TRAVERSAL)) };
    case 'add_list':
      return { cost: ONE, size: addRanges(first.size, second?.size ?? UNKNOWN) };
    case 'add_string':
    case 'add_bytes': {
      const size = addRanges(first.size, second?.size ?? UNKNOWN);
      return { cost: scaleRange(size, TRAVERSAL), size };
    }
    default: {
      if (!COMPARISONS.test(id)) return { cost: ONE };
      const max = Math.min(first.size.max, second?.size.max ?? UNBOUNDED);
      return { cost: scaleRange({ min: max > 0 ? 1 : 0, max }, TRAVERSAL) };
    }
  }
}
