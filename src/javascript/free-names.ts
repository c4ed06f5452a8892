import type { AnyNode } from 'acorn';
import { analyseScopes } from './scope-analysis.ts';
import type { FunctionSyntax } from './syntax.ts';

/**
 * The free variables of a function: names that it uses and does not declare. Globals are left out. The order is that of
 * the first use.
 */
export function freeNames(node: FunctionSyntax): string[] {
  return [...analyseScopes(node).free].filter((name) => !name.startsWith('#') && !isGlobal(name));
}

/**
 * Is the name a global of this host? The global object inherits members such as `toString` from `Object.prototype`. A
 * function that uses such a name means a variable of its own module.
 */
const isGlobal = (name: string): boolean => name in globalThis && !(name in Object.prototype);

/**
 * The outer variables that a piece of code assigns. Variables that the piece declares do not count, except a `var` of a
 * statement, because such a variable belongs to the enclosing function.
 */
export function assignedAround(node: AnyNode): ReadonlySet<string> {
  return analyseScopes(node).assigned;
}
