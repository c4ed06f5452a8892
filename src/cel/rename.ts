import type { Ast, Comprehension, Expr, MacroCall } from './ast.ts';
import { withParts } from './rewrite.ts';

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
  /** The renamed form of each node that was visited. */
  readonly #renamed = new Map<Expr, Expr>();

  constructor(rename: (name: string) => string) {
    this.#rename = rename;
  }

  visit(expr: Expr, bound: Bound): Expr {
    const renamed = this.#visit(expr, bound);
    this.#renamed.set(expr, renamed);
    return renamed;
  }

  #visit(expr: Expr, bound: Bound): Expr {
    switch (expr.kind) {
      case 'ident':
        return bound.has(expr.name) ? expr : { ...expr, name: this.#name(expr.name) };
      case 'macro': {
        const expansion = this.visit(expr.expansion, bound);
        return { ...expr, call: withParts(expr.call, this.#written), expansion };
      }
      case 'comprehension':
        return this.#comprehension(expr, bound);
      default:
        return withParts(expr, (part) => this.visit(part, bound));
    }
  }

  /**
   * A part of a macro's call. Most parts are also parts of the expansion, and get the renamed form that they have
   * there. Two kinds of names are not in the expansion and stay: the names that the macro binds, and the bare keys of
   * `runtime.newCondition`.
   */
  readonly #written = (expr: Expr): Expr => this.#renamed.get(expr) ?? withParts(expr, this.#written);

  /** A name with a leading dot is the same variable. */
  #name(name: string): string {
    return name.startsWith('.') ? `.${this.#rename(name.slice(1))}` : this.#rename(name);
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
