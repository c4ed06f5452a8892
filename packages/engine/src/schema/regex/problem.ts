/** A part of a JavaScript pattern that has no form in RE2, and a remedy. */
export class PatternProblem extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.name = 'PatternProblem';
    this.hint = hint;
  }
}
