/** A syntax error that acorn reports. */
export interface JavaScriptSyntaxError {
  readonly message: string;
  /** The offset of the error in the text, in UTF-16 units. */
  readonly offset: number;
}

/** Returns what acorn's parser threw as a syntax error without the place at the end of its message; throws other errors. */
export function syntaxErrorOf(thrown: unknown): JavaScriptSyntaxError {
  if (!(thrown instanceof SyntaxError)) throw thrown;
  const { pos: offset = 0 } = thrown as SyntaxError & { readonly pos?: number };
  return { message: thrown.message.replace(/ \(\d+:\d+\)$/, ''), offset };
}
