import type { Call, Comprehension, Expr } from '@typekro/cel';
import type { PathStep, ReadPart } from '../model.ts';

/**
 * The meaning of names in an expression. Node ids and `schema` are variables. Other names may denote parts of
 * variables.
 */
export interface ReadScope {
  /** Is the variable a list of objects? The paths of such a variable begin at its items. */
  isCollection(id: string): boolean;
  isVariable(id: string): boolean;
  /**
   * Maps forEach iterators and `each` to the parts that they denote. An item of a collection is mapped to the
   * collection. If a name is mapped to `undefined`, its uses do not count as reads.
   */
  readonly names: ReadonlyMap<string, ReadPart | undefined>;
}

/**
 * The parts of variables that an expression reads. If the text of the expression does not determine the part, for
 * example because of a computed key, the whole enclosing part counts as read. A path ends at a list, because an index
 * or a loop reads the whole list. The paths of a collection begin at its items. An expression that counts the items of
 * a collection reads their names.
 */
export function readPaths(root: Expr, scope: ReadScope): ReadPart[] {
  const reader = new Reader(scope);
  reader.use(root, scope.names);
  return reader.found;
}

/** The part that a whole expression denotes; undefined when the expression computes a new value. */
export function partOf(root: Expr, scope: ReadScope): ReadPart | undefined {
  return new Reader(scope).visit(root, scope.names);
}

/** The path that counts as read when an expression counts items. Every projection keeps it. */
const NAME: readonly PathStep[] = ['metadata', 'name'];

type Names = ReadonlyMap<string, ReadPart | undefined>;

class Reader {
  readonly found: ReadPart[] = [];
  readonly #scope: ReadScope;

  constructor(scope: ReadScope) {
    this.#scope = scope;
  }

  /** Visits an expression, and counts the part that it denotes as read. */
  use(expr: Expr, names: Names): void {
    const part = this.visit(expr, names);
    if (part !== undefined) this.found.push(part);
  }

  /** Visits an expression. Returns the part that it denotes, but does not count this part as read. */
  visit(expr: Expr, names: Names): ReadPart | undefined {
    switch (expr.kind) {
      case 'literal':
        return undefined;
      case 'ident':
        if (names.has(expr.name)) return names.get(expr.name);
        return this.#scope.isVariable(expr.name) ? { id: expr.name, steps: [] } : undefined;
      case 'select': {
        const operand = this.visit(expr.operand, names);
        // An escaped name (`a__dash__b`) differs from the name in the data. Therefore the enclosing part counts as
        // read.
        const part = expr.field.includes('__') ? operand : below(operand, expr.field);
        if (part === undefined || (!expr.test && part !== operand)) return part;
        this.found.push(part);
        return undefined;
      }
      case 'call':
        return this.#call(expr, names);
      case 'macro':
        return this.#isFilter(expr.call) ? this.#filter(expr.call, names) : this.visit(expr.expansion, names);
      case 'comprehension':
        return this.#comprehension(expr, names);
      case 'list':
        for (const element of expr.elements) this.use(element, names);
        return undefined;
      case 'map':
        for (const { key, value } of expr.entries) {
          this.use(key, names);
          this.use(value, names);
        }
        return undefined;
      case 'struct':
        for (const { value } of expr.fields) this.use(value, names);
        return undefined;
    }
  }

  #call(call: Call, names: Names): ReadPart | undefined {
    const [first, second] = call.args;
    if (call.target === undefined && call.name === 'dyn' && first !== undefined) return this.visit(first, names);
    if ((call.name === '_[_]' || call.name === '_[?_]') && first !== undefined && second !== undefined) {
      const part = this.visit(first, names);
      this.use(second, names);
      if (part === undefined || this.#isItems(part)) return part;
      if (second.kind === 'literal' && typeof second.value === 'string') return below(part, second.value);
      this.found.push(part);
      return undefined;
    }
    const operands = call.target === undefined ? call.args : [call.target, ...call.args];
    const counts = call.name === 'size' && operands.length === 1;
    for (const operand of operands) {
      const part = this.visit(operand, names);
      // To count items, a cache needs only their names.
      if (part !== undefined)
        this.found.push(counts && this.#isList(operand, names) ? { id: part.id, steps: NAME } : part);
    }
    return undefined;
  }

  /** Is the part the list of a collection, or one of its items? */
  #isItems(part: ReadPart): boolean {
    return part.steps.length === 0 && this.#scope.isCollection(part.id);
  }

  /** Is the expression the list of a collection or a filtered list of it, and not one of the items? */
  #isList(expr: Expr, names: Names): boolean {
    if (expr.kind === 'ident') return !names.has(expr.name) && this.#scope.isCollection(expr.name);
    if (expr.kind !== 'macro' || !this.#isFilter(expr.call)) return false;
    return expr.call.target !== undefined && this.#isList(expr.call.target, names);
  }

  #isFilter({ name, target, args }: Call): boolean {
    return name === 'filter' && target !== undefined && args.length === 2 && args[0]?.kind === 'ident';
  }

  /** Visits `list.filter(x, …)`, which denotes the same part as the list. */
  #filter({ target, args }: Call, names: Names): ReadPart | undefined {
    const [variable, condition] = args;
    if (target === undefined || variable?.kind !== 'ident' || condition === undefined) return undefined;
    const part = this.visit(target, names);
    if (part !== undefined && !this.#isItems(part)) this.found.push(part);
    const item = part !== undefined && this.#isItems(part) ? part : undefined;
    this.use(condition, new Map(names).set(variable.name, item));
    return part;
  }

  #comprehension(expr: Comprehension, names: Names): ReadPart | undefined {
    const range = this.visit(expr.range, names);
    const items = range !== undefined && this.#isItems(range) ? range : undefined;
    if (range !== undefined && items === undefined) this.found.push(range);
    const bound = this.visit(expr.init, names);
    const inner = new Map(names).set(expr.accumulator, bound).set(expr.variable, items);
    if (expr.variable2 !== undefined) inner.set(expr.variable, undefined).set(expr.variable2, items);
    this.use(expr.condition, inner);
    const passesOn = expr.step.kind === 'ident' && expr.step.name === expr.accumulator;
    if (!passesOn) this.use(expr.step, inner);
    return this.visit(expr.result, inner);
  }
}

function below(part: ReadPart | undefined, step: PathStep): ReadPart | undefined {
  return part === undefined ? undefined : { id: part.id, steps: [...part.steps, step] };
}
