import type { Ast, Call, Expr } from './ast.ts';
import { operandsOf } from './check/walk-expr.ts';

/**
 * Visits the nodes of an expression in source order, parents before children. For a macro, visits the call and not the
 * expansion.
 */
export function walkAst(ast: Ast | Expr, visit: (expr: Expr) => void): void {
  const work: Expr[] = ['expr' in ast ? ast.expr : ast];
  for (let node = work.pop(); node !== undefined; node = work.pop()) {
    visit(node);
    work.push(...[...written(node)].reverse());
  }
}

/** The children of a node in the source. For a macro, these are the children of its call. */
function written(expr: Expr): readonly Expr[] {
  return operandsOf(expr.kind === 'macro' ? expr.call : expr);
}

/**
 * Replaces nodes, innermost first. `replace` receives a node whose children are already replaced, and returns its
 * replacement or the node itself. Use the result only for `unparse`, because its positions and macro expansions are
 * those of the old expression. To check or run the new expression, parse the unparsed string.
 */
export function rewriteAst(ast: Ast, replace: (expr: Expr) => Expr): Ast {
  const visit = (expr: Expr): Expr => replace(withParts(expr, visit));
  return { text: ast.text, expr: visit(ast.expr) };
}

/** Returns the node with its children replaced. For a macro, these are the children of its call. */
export function withParts<T extends Expr>(expr: T, visit: (expr: Expr) => Expr): T;
export function withParts(expr: Expr, visit: (expr: Expr) => Expr): Expr {
  switch (expr.kind) {
    case 'select':
      return { ...expr, operand: visit(expr.operand) };
    case 'call':
      return callParts(expr, visit);
    case 'list':
      return { ...expr, elements: expr.elements.map(visit) };
    case 'map':
      return {
        ...expr,
        entries: expr.entries.map((entry) => ({ ...entry, key: visit(entry.key), value: visit(entry.value) })),
      };
    case 'struct':
      return { ...expr, fields: expr.fields.map((field) => ({ ...field, value: visit(field.value) })) };
    case 'macro':
      return { ...expr, call: callParts(expr.call, visit) };
    default:
      return expr;
  }
}

function callParts(call: Call, visit: (expr: Expr) => Expr): Call {
  const target = call.target === undefined ? undefined : visit(call.target);
  return { ...call, target, args: call.args.map(visit) };
}
