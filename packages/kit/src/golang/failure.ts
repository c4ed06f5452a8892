/**
 * The error message of a parser. A parser returns a failure, like a Go function that returns an `error`, and never
 * throws it.
 */
export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Short for `new Failure(message)`. */
export function failure(message: string): Failure {
  return new Failure(message);
}
