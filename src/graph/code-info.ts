/** What a diagnostic code means; the documentation has a section for each, made from one list. */
export interface CodeInfo {
  /** `area/kebab-name`, as in `Diagnostic.code`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, in one sentence. */
  readonly summary: string;
  /** A file that gets this diagnostic; checked by a test. */
  readonly example: string;
  /** What to do about it. */
  readonly remedy: string;
}
