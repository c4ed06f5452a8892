import type { Call, Expr } from '../cel/index.ts';

/** Calls `see` with each node of a tree as it was written: of a macro its call, not its expansion. */
export function visitWritten(root: Expr, see: (expr: Expr) => void): void {
  const stack: Expr[] = [root];
  for (let expr = stack.pop(); expr !== undefined; expr = stack.pop()) {
    see(expr);
    stack.push(...children(expr).toReversed());
  }
}

function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return [expr.operand];
    case 'call':
      return callParts(expr);
    case 'list':
      return expr.elements;
    case 'map':
      return expr.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return expr.fields.map((field) => field.value);
    case 'comprehension':
      return [expr.range, expr.init, expr.condition, expr.step, expr.result];
    case 'macro':
      return callParts(expr.call);
  }
}

function callParts(call: Call): readonly Expr[] {
  return call.target === undefined ? call.args : [call.target, ...call.args];
}

/** Does the expression call this global function anywhere? */
export function callsGlobal(root: Expr, name: string): boolean {
  let found = false;
  visitWritten(root, (expr) => {
    if (expr.kind === 'call' && expr.target === undefined && expr.name === name) found = true;
  });
  return found;
}
