/**
 * The meaning of a diagnostic code. The documentation has a section for each diagnostic code, generated from the lists
 * in the packages.
 */
export interface CodeInfo {
  /** `area/kebab-name`, as in `Diagnostic.code`. */
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, in one sentence. */
  readonly summary: string;
  /** An input for which the check reports this diagnostic. A test verifies it. */
  readonly example: string;
  /**
   * The kind of the example: a file with definitions (`yaml`, the default), a JSON Schema (`json`), an
   * expression whose value is used as a schema (`typescript`), or the function of a composition.
   */
  readonly language?: 'yaml' | 'json' | 'typescript' | 'composition';
  /** What to do about it. */
  readonly remedy: string;
}
