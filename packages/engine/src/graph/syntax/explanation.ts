/** The explanation of a syntax error in an expression, with its remedy. */
export interface SyntaxExplanation {
  readonly message: string;
  readonly hint?: string;
  /** The offset of the mistake in the expression, in UTF-16 units; absent when the parser stopped at the mistake. */
  readonly offset?: number;
}
