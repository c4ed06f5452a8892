/** Calls every listener, even after one has thrown. Returns the thrown values. */
export function callEach<Values extends readonly unknown[]>(
  listeners: Iterable<(...values: Values) => void>,
  ...values: Values
): unknown[] {
  const failures: unknown[] = [];
  for (const listener of listeners) {
    try {
      listener(...values);
    } catch (thrown) {
      failures.push(thrown);
    }
  }
  return failures;
}

/**
 * Throws a single failure unchanged, and several failures as one `AggregateError`. Does nothing if there are no
 * failures.
 */
export function throwTogether(failures: readonly unknown[]): void {
  const [first] = failures;
  if (failures.length === 1) throw first;
  const reason = first instanceof Error ? first.message : String(first);
  if (failures.length > 1) throw new AggregateError(failures, `${failures.length} listeners failed, first: ${reason}`);
}
