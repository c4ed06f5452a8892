import type { AnyNode } from 'acorn';
import { analyseScopes } from './scope-analysis.ts';
import type { FunctionSyntax } from './syntax.ts';

/**
 * The free variables of a function: names that it uses and does not declare. Globals are left out. The order is that of
 * the first use.
 */
export function freeNames(node: FunctionSyntax): string[] {
  const isVariable = (name: string) => !name.startsWith('#') && !(name in globalThis) && name !== 'undefined';
  return [...analyseScopes(node).free].filter(isVariable);
}

/**
 * The outer variables that a piece of code assigns. Variables that the piece declares do not count, except a `var` of a
 * statement, because such a variable belongs to the enclosing function.
 */
export function assignedAround(node: AnyNode): ReadonlySet<string> {
  return analyseScopes(node).assigned;
}
