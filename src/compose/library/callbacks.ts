import { closureOf } from '../interp/env.ts';
import { boundNames } from '../interp/names.ts';

/** The name of a callback's first parameter, for variables of macros. */
export function parameterName(fn: unknown, fallback: string): string {
  const closure = closureOf(fn);
  const first = closure?.node.params[0];
  return first === undefined ? fallback : (boundNames(first)[0] ?? fallback);
}

/** Does a callback take the position as its second argument? */
export function usesIndex(fn: unknown): boolean {
  const closure = closureOf(fn);
  return closure !== undefined && closure.node.params.length >= 2;
}
