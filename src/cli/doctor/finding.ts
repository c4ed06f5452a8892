/**
 * The severity of a finding: an `error` stops a part of the controller now, a `warning` may stop it later, an `info`
 * never does.
 */
export type Severity = 'error' | 'warning' | 'info';

/** Something that a check found in a cluster. */
export interface Finding {
  readonly severity: Severity;
  /** The object that the finding is about, as `Kind namespace/name`, or the part of the cluster. */
  readonly where: string;
  /** What is wrong, as a sentence without a full stop. */
  readonly what: string;
  /** The consequence or the cause, as a sentence without a full stop. */
  readonly why: string;
  /** What to do next. Absent for an `info`. */
  readonly remedy?: string;
}

/** A value that was read from the cluster, or the reason why it could not be read. */
export type Reading<T> = { readonly value: T } | { readonly unread: string };

/** The result of one check. `unread` has the reasons why parts of the check could not be done. */
export interface CheckResult {
  readonly findings: readonly Finding[];
  readonly unread: readonly string[];
  /** Has the cluster no object that the check could look at? */
  readonly isEmpty: boolean;
}

/**
 * Runs a check on a reading. A value that could not be read has no findings, and its reason is in the result.
 */
export function checkReading<T>(reading: Reading<T>, check: (value: T) => readonly Finding[]): CheckResult {
  return 'unread' in reading
    ? { findings: [], unread: [reading.unread], isEmpty: false }
    : { findings: check(reading.value), unread: [], isEmpty: isEmptyList(reading.value) };
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Joins the results of the parts of a check. Equal reasons are given once. */
export const joinResults = (...results: readonly CheckResult[]): CheckResult => ({
  findings: results.flatMap(({ findings }) => findings),
  unread: [...new Set(results.flatMap(({ unread }) => unread))],
  isEmpty: results.every(({ isEmpty }) => isEmpty),
});
