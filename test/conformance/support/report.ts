/** The result of a conformance run for one topic. */
export interface TopicResult {
  readonly topic: string;
  readonly passed: number;
  /** The number of cases that no runner knows. */
  readonly notRun?: number;
  readonly failures: readonly { readonly id: string; readonly detail: string }[];
}

/**
 * Formats the results as one line per topic and a last line `N passed, N failed`, with the number of cases that were
 * not run. With `verbose`, the details of each failure follow the line of its topic.
 */
export function formatReport(results: readonly TopicResult[], verbose: boolean): string {
  const lines: string[] = [];
  for (const { topic, passed, notRun = 0, failures } of results) {
    lines.push(`${topic}: ${passed} passed, ${failures.length} failed${notRunText(notRun)}`);
    if (verbose) for (const { id, detail } of failures) lines.push(`--- ${id}`, detail);
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failures.length, 0);
  const notRun = results.reduce((sum, result) => sum + (result.notRun ?? 0), 0);
  return [...lines, `${passed} passed, ${failed} failed${notRunText(notRun)}`].join('\n');
}

const notRunText = (count: number): string => (count === 0 ? '' : `, ${count} not run`);
