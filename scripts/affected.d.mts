/** What a change of files affects. */
export interface Affected {
  /** The first file whose users are not known, so that everything must run. */
  readonly all: string | undefined;
  /** The packages with changed code. */
  readonly changed: ReadonlySet<string>;
  /** The packages whose tests must run: those with changed code or tests, and those that import changed code. */
  readonly affected: ReadonlySet<string>;
  /** The changed tests of `test/`. */
  readonly tests: ReadonlySet<string>;
  /** Did pages of the documentation change? */
  readonly pages: boolean;
}

/** Decides what a change of files affects. `dependencies` has the packages that each package imports. */
export function affectedBy(files: readonly string[], dependencies: ReadonlyMap<string, ReadonlySet<string>>): Affected;

/** The packages that each package imports, directly or through others. */
export function packageDependencies(): ReadonlyMap<string, ReadonlySet<string>>;

/** The tests of the built package that test one face, by package. */
export const FACE_TESTS: Readonly<Record<string, readonly string[]>>;

/** Changed files since the base, with uncommitted and new ones. `undefined` when there is no base in the history. */
export function changedFiles(): string[] | undefined;
