/** What the library needs of the interpreter: calls of the author's functions. */
export interface CallHooks {
  call(fn: unknown, self: unknown, args: readonly unknown[], label: string): unknown;
  callMethod(object: unknown, key: string, args: readonly unknown[]): unknown;
  isSymbolicDeep(value: unknown): boolean;
  arrayMethod(array: unknown[], key: string, args: readonly unknown[]): { readonly value: unknown } | undefined;
  regexMethod(pattern: RegExp, key: string, args: readonly unknown[]): unknown;
  /** Runs the body of a loop over a symbolic list; the answer is the list of its results. */
  symbolicMap(
    list: unknown,
    body: unknown,
    mode: 'map' | 'flatMap' | 'forEach',
    /** The object that the body's turns fill, and the callback whose first parameter it is. */
    filled?: { readonly by: unknown; readonly object: object },
  ): unknown;
}

let installed: CallHooks | undefined;

/** Connects the library with the interpreter; called once when the tracer is loaded. */
export function installCallHooks(hooks: CallHooks): void {
  installed = hooks;
}

export function hooksCall(): CallHooks {
  if (installed === undefined) throw new Error('the interpreter is not installed');
  return installed;
}
