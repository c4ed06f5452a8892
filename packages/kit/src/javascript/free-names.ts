import type { AnyNode } from 'acorn';
import { analyseScopes } from './scope-analysis.ts';
import type { FunctionSyntax } from './syntax.ts';

/**
 * The free variables of a function: names that it uses without declaring them. Globals are left out. The names are in
 * the order of their first use.
 */
export function freeNames(node: FunctionSyntax): string[] {
  return [...analyseScopes(node).free].filter((name) => !name.startsWith('#') && !isGlobal(name));
}

/**
 * Is the name a global of this host? Members that the global object inherits from `Object.prototype`, such as
 * `toString`, do not count: a function that uses such a name means a variable of its own module.
 */
const isGlobal = (name: string): boolean => name in globalThis && !(name in Object.prototype);

/**
 * The outer variables that a piece of code assigns. Variables that the piece itself declares do not count. If the piece
 * is a statement, its `var` variables do count, because they belong to the enclosing function.
 */
export function assignedAround(node: AnyNode): ReadonlySet<string> {
  return analyseScopes(node).assigned;
}
