/** A syntax error that acorn reports. */
export interface JavaScriptSyntaxError {
  readonly message: string;
  /** The offset of the error in the text, in UTF-16 units. */
  readonly offset: number;
}

/** Returns a syntax error that acorn threw, without the place at the end of its message. Throws any other error. */
export function syntaxErrorOf(thrown: unknown): JavaScriptSyntaxError {
  if (!(thrown instanceof SyntaxError)) throw thrown;
  const { pos: offset = 0 } = thrown as SyntaxError & { readonly pos?: number };
  return { message: thrown.message.replace(/ \(\d+:\d+\)$/, ''), offset };
}
