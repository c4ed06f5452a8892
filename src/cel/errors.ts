/** A problem of an expression, at a position of its text. */
export interface CelError {
  readonly message: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in code points. */
  readonly column: number;
  /** UTF-16 offset into the expression text; -1 where the error belongs to no position (limits). */
  readonly offset: number;
}

/** Why an evaluation gave no value. */
export interface CelEvalError {
  readonly message: string;
  /** kro's rule: data that is not there yet (`no such key` …); the caller may wait and try again. */
  readonly pending: boolean;
}
