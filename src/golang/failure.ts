/** What a parser answers instead of a value, as Go's `error`: a text. It is returned, never thrown. */
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
