/** A problem of an expression, at a position in its text. */
export interface CelError {
  readonly message: string;
  /** The line, from 1; -1 for an error without a position, such as an exceeded limit. */
  readonly line: number;
  /** The column, from 1, in code points; 0 for an error without a position or in an empty text. */
  readonly column: number;
  /** UTF-16 offset into the expression text; -1 for an error without a position, such as an exceeded limit. */
  readonly offset: number;
}

/** The error of an evaluation that produced no value. */
export interface CelEvalError {
  readonly message: string;
  /**
   * Does kro take the error (`no such key`, …) as a sign that the data does not exist yet? If so, the caller may wait
   * and try again.
   */
  readonly pending: boolean;
}
