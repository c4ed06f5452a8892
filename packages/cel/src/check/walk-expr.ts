import type { Expr } from '../ast.ts';
import { expanded } from '../syntax/macro-expander.ts';

/** The child nodes of a node, in source order. The only child of a macro call is its expansion. */
export function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return [expr.operand];
    case 'call':
      return expr.target === undefined ? expr.args : [expr.target, ...expr.args];
    case 'list':
      return expr.elements;
    case 'map':
      return expr.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return expr.fields.map((field) => field.value);
    case 'comprehension':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    case 'macro':
      return [expanded(expr)];
  }
}

/** Visits every node once, parents first. */
export function walkExpr(expr: Expr, visit: (expr: Expr) => void): void {
  const seen = new Set<Expr>();
  const work = [expr];
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    visit(node);
    work.push(...[...operandsOf(node)].reverse());
  }
}
