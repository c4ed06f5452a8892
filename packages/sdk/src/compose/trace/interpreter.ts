import type { FunctionNode } from '../source/parse-function.ts';

/**
 * The interface of the interpreter for the library and the proxies. The interpreter itself is in `interp/`, in a
 * layer above them.
 */
export interface Interpreter {
  /**
   * Calls a function. Its code can be in the composition, elsewhere in the author's program, in the SDK or in the host.
   */
  call(fn: unknown, self: unknown, args: readonly unknown[], label: string): unknown;
  /** Calls `object.key(…)`. */
  callMethod(object: unknown, key: string, args: readonly unknown[]): unknown;
  /** Reads `object.key` for code that runs natively. That code may call the result if it is a method. */
  member(object: unknown, key: string): unknown;
  /**
   * Runs the body of a loop over a symbolic list.
   *
   * @param filled an object that the iterations fill, and the callback that gets this object as its first argument
   * @returns the list of the results; `undefined` for `forEach`
   */
  symbolicMap(
    list: unknown,
    body: unknown,
    mode: 'map' | 'flatMap' | 'forEach',
    filled?: { readonly by: unknown; readonly object: object },
  ): unknown;
  /** The syntax of a function; `undefined` for functions of the SDK and functions without a source. */
  syntaxOf(fn: unknown): FunctionNode | undefined;
}
