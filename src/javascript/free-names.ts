import type { AnyNode } from 'acorn';
import { analyseScopes } from './scope-analysis.ts';
import type { FunctionSyntax } from './syntax.ts';

/** The names that a function reads from around it, without globals, in the order of their first use. */
export function freeNames(node: FunctionSyntax): string[] {
  const isVariable = (name: string) => !name.startsWith('#') && !(name in globalThis) && name !== 'undefined';
  return [...analyseScopes(node).free].filter(isVariable);
}

/** The variables around a piece of code that it assigns; an inner variable of the same name is another one. */
export function assignedAround(node: AnyNode): ReadonlySet<string> {
  return analyseScopes(node).assigned;
}
