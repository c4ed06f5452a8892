import type { Expr } from '@typekro/cel';

/**
 * The variables that an expression reads outside of the branches of `a ? b : c`. If a variable is read only in
 * branches, the expression needs it only while one of these branches is taken. Names of loop variables stay in the
 * result, because a variable of the graph may have the same name.
 */
export function necessaryNames(roots: readonly Expr[]): ReadonlySet<string> {
  const names = new Set<string>();
  const work = [...roots];
  for (let expr = work.pop(); expr !== undefined; expr = work.pop()) {
    switch (expr.kind) {
      case 'literal':
        break;
      case 'ident':
        names.add(expr.name.replace(/^\./, ''));
        break;
      case 'select':
        work.push(expr.operand);
        break;
      case 'macro':
        // Searches the call instead of its expansion, because the expansions of some macros contain conditional
        // operators that the author did not write.
        work.push(expr.call);
        break;
      case 'call':
        if (expr.target !== undefined) work.push(expr.target);
        work.push(...(expr.name === '_?_:_' ? expr.args.slice(0, 1) : expr.args));
        break;
      case 'list':
        work.push(...expr.elements);
        break;
      case 'map':
        work.push(...expr.entries.flatMap(({ key, value }) => [key, value]));
        break;
      case 'struct':
        work.push(...expr.fields.map(({ value }) => value));
        break;
      case 'comprehension':
        work.push(expr.range, expr.init, expr.condition, expr.step, expr.result);
        break;
    }
  }
  return names;
}
