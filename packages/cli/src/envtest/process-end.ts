/** Prints the reasons and ends the process with 1. */
export function endWithReasons(program: string, reasons: readonly string[]): never {
  for (const reason of reasons) console.error(`${program}: ${reason}`);
  process.exit(1);
}

/**
 * The time limit for closing the servers, in milliseconds. It is less than the 20 seconds that a test harness waits
 * after its signal.
 */
const CLOSE_MS = 5000;

/**
 * Registers listeners for SIGTERM and SIGINT. The first signal calls `close` and ends the process with 0. A second
 * signal ends the process immediately with 1. The process also ends with 1 when `close` fails, or takes more than five
 * seconds.
 */
export function endOnSignal(close: () => Promise<unknown>): void {
  let ending = false;
  const end = () => {
    if (ending) process.exit(1);
    ending = true;
    setTimeout(() => endWithReasons('error', [`the servers have not closed in ${CLOSE_MS / 1000} s`]), CLOSE_MS);
    void close().then(
      () => process.exit(0),
      (error: unknown) => endWithReasons('error', [String(error)]),
    );
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
}
