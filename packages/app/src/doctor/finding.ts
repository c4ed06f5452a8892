import { KubeError } from '@typekro/kube';

/**
 * The severity of a finding. An `error` means that a part of the controller does not work now. A `warning` means that a
 * part may fail later. An `info` means neither.
 */
export type Severity = 'error' | 'warning' | 'info';

/** A problem or a fact that a check reports about a cluster. */
export interface Finding {
  readonly severity: Severity;
  /** The object that the finding is about, as `Kind namespace/name`, or the part of the cluster. */
  readonly where: string;
  /** The problem, as a sentence without a full stop. Its subject is `where`. */
  readonly what: string;
  /** The consequence or the cause, as a sentence without a full stop. */
  readonly why: string;
  /** The next step for the user. Absent for an `info`. */
  readonly remedy?: string;
}

/** A value that was read from the cluster, or the reason why it could not be read. */
export type Reading<T> = { readonly value: T } | { readonly unread: string };

/** The result of one check. `unread` has the reasons why parts of the check could not be done. */
export interface CheckResult {
  readonly findings: readonly Finding[];
  readonly unread: readonly string[];
  /** Is there no object in the cluster to which the check applies? */
  readonly isEmpty: boolean;
}

/** Runs a check on a reading. If the value could not be read, the result has no findings and contains the reason. */
export function checkReading<T>(reading: Reading<T>, check: (value: T) => readonly Finding[]): CheckResult {
  return 'unread' in reading
    ? { findings: [], unread: [reading.unread], isEmpty: false }
    : { findings: check(reading.value), unread: [], isEmpty: isEmptyList(reading.value) };
}

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** Joins the results of the parts of a check. Equal reasons are included only once. */
export const joinResults = (...results: readonly CheckResult[]): CheckResult => ({
  findings: results.flatMap(({ findings }) => findings),
  unread: [...new Set(results.flatMap(({ unread }) => unread))],
  isEmpty: results.every(({ isEmpty }) => isEmpty),
});

/**
 * Reads a part of the facts. When the server responds with an error, the result has the reason. Throws when the server
 * does not respond.
 */
export async function readingOrRefusal<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await read() };
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || thrown.status < 400) throw thrown;
    return { unread: thrown.message };
  }
}
