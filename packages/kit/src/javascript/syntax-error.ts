/** A syntax error that acorn reports. */
export interface JavaScriptSyntaxError {
  readonly message: string;
  /** The offset of the error in the text, in UTF-16 units. */
  readonly offset: number;
}

/** Converts a syntax error of acorn, and removes the position from the end of its message. Rethrows any other error. */
export function syntaxErrorOf(thrown: unknown): JavaScriptSyntaxError {
  if (!(thrown instanceof SyntaxError)) throw thrown;
  const { pos: offset = 0 } = thrown as SyntaxError & { readonly pos?: number };
  return { message: thrown.message.replace(/ \(\d+:\d+\)$/, ''), offset };
}
