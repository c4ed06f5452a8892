/** Prints the reasons and ends the process with 1. */
export function refuse(program: string, reasons: readonly string[]): never {
  for (const reason of reasons) console.error(`${program}: ${reason}`);
  process.exit(1);
}

/** On the first SIGTERM or SIGINT: calls `close` and ends the process with 0. A second signal ends it at once. */
export function endOnSignal(close: () => Promise<unknown>): void {
  let ending = false;
  const end = () => {
    if (ending) process.exit(1);
    ending = true;
    void close().then(
      () => process.exit(0),
      (error: unknown) => refuse('error', [String(error)]),
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
