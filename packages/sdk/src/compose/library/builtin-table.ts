import { interpreter } from '../trace/current-trace.ts';
import type { FunctionLike } from '../source/function-source.ts';
import { distribute, resolveMerged } from '../value/merge.ts';
import { textNode } from '../value/ops.ts';
import { symbolic } from '../value/proxy.ts';
import { isSymbolicDeep } from '../value/symbolic-deep.ts';
import { Phi, Sym } from '../value/symbolic.ts';

/** Translates the call of a built-in function. */
export type Handler = (args: readonly unknown[]) => unknown;

/** The result of a handler that leaves the call to native code. */
export const NATIVE = Symbol('native');

const handlers = new Map<unknown, Handler>();

/** Defines the translation of a built-in function. */
export function define(fn: unknown, handler: Handler): void {
  handlers.set(fn, handler);
}

/** Does the function have a translation? */
export const isDefined = (fn: unknown): boolean => handlers.has(fn);

/**
 * Calls the translation of a built-in function. Returns `undefined` when there is none, or when it leaves the call to
 * native code.
 */
export function callDefined(fn: FunctionLike, args: readonly unknown[]): { readonly value: unknown } | undefined {
  const handler = handlers.get(fn);
  if (handler === undefined) return undefined;
  const value = handler(args);
  return value === NATIVE ? undefined : { value };
}

/** Does an argument contain a symbolic value? */
export const symbolicSome = (args: readonly unknown[]): boolean => args.some((arg) => isSymbolicDeep(arg));

/**
 * Defines a translation for a function whose first argument is a scalar. When that argument is known, the call is
 * native; when it is conditional, the function is applied to the value of each branch.
 */
export function scalar(fn: unknown, work: (value: Sym, args: readonly unknown[]) => unknown): void {
  define(fn, (args) => {
    const value = resolveMerged(args[0]);
    const inner = symbolic(value);
    if (inner instanceof Phi)
      return distribute(inner, (side) => interpreter.call(fn, undefined, [side, ...args.slice(1)], ''));
    if (inner instanceof Sym) return work(inner, args);
    if (typeof value === 'string' && symbolicSome([value])) return work(new Sym(textNode(value)), args);
    return NATIVE;
  });
}
