/** What a parser or function of a value module answers instead of a value: the text of the CEL error. */
export class Failure {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Short for `new Failure(message)`. */
export function fail(message: string): Failure {
  return new Failure(message);
}
