import type { Ast, Call, Comprehension, Expr, MacroCall } from './ast.ts';

/**
 * Renames the free variables of an expression. Variables of comprehensions keep their names, also where they hide a
 * free variable. Macro calls are renamed together with their expansions, so that the result can be checked. All
 * positions stay the same, so messages show the text as written.
 */
export function renameVariables({ text, expr }: Ast, rename: (name: string) => string): Ast {
  return { text, expr: new Renamer(rename).visit(expr, NOTHING_BOUND) };
}

type Bound = ReadonlySet<string>;

const NOTHING_BOUND: Bound = new Set();

class Renamer {
  readonly #rename: (name: string) => string;

  constructor(rename: (name: string) => string) {
    this.#rename = rename;
  }

  visit(expr: Expr, bound: Bound): Expr {
    switch (expr.kind) {
      case 'literal':
        return expr;
      case 'ident':
        return bound.has(expr.name) ? expr : { ...expr, name: this.#name(expr.name) };
      case 'select':
        return { ...expr, operand: this.visit(expr.operand, bound) };
      case 'call':
        return this.#call(expr, bound, bound);
      case 'list':
        return { ...expr, elements: expr.elements.map((each) => this.visit(each, bound)) };
      case 'map':
        return {
          ...expr,
          entries: expr.entries.map((entry) => ({
            ...entry,
            key: this.visit(entry.key, bound),
            value: this.visit(entry.value, bound),
          })),
        };
      case 'struct':
        return { ...expr, fields: expr.fields.map((field) => ({ ...field, value: this.visit(field.value, bound) })) };
      case 'macro': {
        const own = new Set([...bound, ...namesBoundBy(expr)]);
        return { ...expr, call: this.#call(expr.call, bound, own), expansion: this.visit(expr.expansion, bound) };
      }
      case 'comprehension':
        return this.#comprehension(expr, bound);
    }
  }

  /** A name with a leading dot is the same variable. */
  #name(name: string): string {
    return name.startsWith('.') ? `.${this.#rename(name.slice(1))}` : this.#rename(name);
  }

  #call(call: Call, outer: Bound, inner: Bound): Call {
    const target = call.target === undefined ? undefined : this.visit(call.target, outer);
    return { ...call, target, args: call.args.map((each) => this.visit(each, inner)) };
  }

  #comprehension(expr: Comprehension, bound: Bound): Comprehension {
    const { variable, variable2, accumulator } = expr;
    const result = new Set([...bound, accumulator]);
    const loop = new Set([...result, variable, ...(variable2 === undefined ? [] : [variable2])]);
    return {
      ...expr,
      range: this.visit(expr.range, bound),
      init: this.visit(expr.init, bound),
      condition: this.visit(expr.condition, loop),
      step: this.visit(expr.step, loop),
      result: this.visit(expr.result, result),
    };
  }
}

/**
 * The names in the arguments of a macro that its expansion binds: the variables of a loop, or the name of `cel.bind`.
 * Other names in the arguments are reads.
 */
export function namesBoundBy({ call, expansion }: MacroCall): string[] {
  const named = new Set(call.args.flatMap((each) => (each.kind === 'ident' ? [each.name] : [])));
  const found: string[] = [];
  const work: Expr[] = named.size === 0 ? [] : [expansion];
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    if (node.kind === 'comprehension') {
      const names = [node.variable, node.variable2, node.accumulator];
      found.push(...names.filter((name) => name !== undefined && named.has(name)).map(String));
      work.push(node.result);
    } else if (node.kind === 'call') work.push(...node.args);
  }
  return found;
}
