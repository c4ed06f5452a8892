/** A problem of an expression, at a position in its text. */
export interface CelError {
  readonly message: string;
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 1, in code points. */
  readonly column: number;
  /** UTF-16 offset into the expression text; -1 for an error without a position (limits). */
  readonly offset: number;
}

/** The reason why an evaluation gave no value. */
export interface CelEvalError {
  readonly message: string;
  /** Is the data not there yet, by kro's rule (`no such key` …)? The caller may then wait and try again. */
  readonly pending: boolean;
}
