/** A syntax error of an expression, with its remedy. */
export interface SyntaxExplanation {
  readonly message: string;
  readonly hint?: string;
  /** The place of the mistake in the expression, in UTF-16 units, where it is not the place at which the parser stopped. */
  readonly offset?: number;
}
