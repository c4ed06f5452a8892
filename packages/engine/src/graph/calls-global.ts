import type { Expr } from '@typekro/cel';
import { walkAst } from '@typekro/cel';

/** Does the expression call this global function anywhere? */
export function callsGlobal(root: Expr, name: string): boolean {
  let found = false;
  walkAst(root, (expr) => {
    if (expr.kind === 'call' && expr.target === undefined && expr.name === name) found = true;
  });
  return found;
}
