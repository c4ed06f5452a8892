/** The result of a conformance run for one topic. */
export interface TopicResult {
  readonly topic: string;
  readonly passed: number;
  readonly failures: readonly { readonly id: string; readonly detail: string }[];
}

/** A line for each topic, with `verbose` its differences, and the closing line `N passed, N failed`. */
export function formatReport(results: readonly TopicResult[], verbose: boolean): string {
  const lines: string[] = [];
  for (const { topic, passed, failures } of results) {
    lines.push(`${topic}: ${passed} passed, ${failures.length} failed`);
    if (verbose) for (const { id, detail } of failures) lines.push(`--- ${id}`, detail);
  }
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failures.length, 0);
  return [...lines, `${passed} passed, ${failed} failed`].join('\n');
}
