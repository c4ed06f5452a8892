import type { Expr } from '../cel/index.ts';
import { walkAst } from '../cel/index.ts';

/** Does the expression call this global function anywhere? */
export function callsGlobal(root: Expr, name: string): boolean {
  let found = false;
  walkAst(root, (expr) => {
    if (expr.kind === 'call' && expr.target === undefined && expr.name === name) found = true;
  });
  return found;
}
