import type { Ast, Comprehension, Expr, Ident, MacroCall } from './ast.ts';
import { withParts } from './rewrite.ts';

/**
 * Renames the free variables of an expression. Variables of comprehensions keep their names, even if they hide a free
 * variable. Macro calls are renamed together with their expansions, so that the result can be checked. All positions
 * stay the same, so messages quote the original source.
 */
export function renameVariables({ text, expr }: Ast, rename: (name: string) => string): Ast {
  // `.x` and `x` name the same variable.
  const renamed = ({ name }: Ident) => (name.startsWith('.') ? `.${rename(name.slice(1))}` : rename(name));
  return { text, expr: new Renamer(renamed).visit(expr, NOTHING_BOUND) };
}

/** The uses of the free variables of an expression, in source order. */
export function freeIdentifiers({ expr }: Ast): Ident[] {
  const found = new Set<Ident>();
  new Renamer((ident) => {
    found.add(ident);
    return ident.name;
  }).visit(expr, NOTHING_BOUND);
  return [...found].toSorted((a, b) => a.start - b.start);
}

type Bound = ReadonlySet<string>;

const NOTHING_BOUND: Bound = new Set();

class Renamer {
  /** Returns the new name of a free variable. */
  readonly #rename: (ident: Ident) => string;
  /** Maps each visited node to its renamed copy. */
  readonly #renamed = new Map<Expr, Expr>();

  constructor(rename: (ident: Ident) => string) {
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
        return bound.has(expr.name) ? expr : { ...expr, name: this.#rename(expr) };
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
   * Renames a part of a macro call. Most parts also occur in the expansion, and the same renamed node is used for the
   * call. Two kinds of names do not occur in the expansion and are not renamed: names that the macro binds, and the
   * bare keys of `runtime.newCondition`.
   */
  readonly #written = (expr: Expr): Expr => this.#renamed.get(expr) ?? withParts(expr, this.#written);

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
 * Returns the names in the arguments of a macro call that the expansion binds: the loop variables, or the name in
 * `cel.bind`. Each other name in the arguments reads a variable.
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
