const exitProcess = process.exit.bind(process);

/** The time in seconds after which a note reports that a module is still being loaded. */
const SLOW_SECONDS = 10;

/** Signals that ask a process to end: Ctrl-C, `kill`, a closed terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The error for a module that is not completely loaded when Node has no more work. */
export class UnfinishedModule extends Error {
  override readonly name = 'UnfinishedModule';
}

/**
 * Runs a user's code. Turns events that would silently end the process into errors: a call of `process.exit`, and a
 * top-level await that never settles. Prints a note when the code takes long. Meanwhile the operating system handles
 * signals: a handler of this process would not run while the code is in a loop.
 *
 * @throws the error of the code, or the first of the errors above.
 */
export async function whileLoading<Result>(
  file: string,
  note: (text: string) => void,
  work: () => Promise<Result>,
): Promise<Result> {
  process.exit = (code) => {
    throw new Error(`process.exit(${code ?? ''}) is called, which would end typekro, too`);
  };
  const slow = setTimeout(() => {
    note(
      `note: ${file} is still being loaded after ${SLOW_SECONDS} s; it may await a promise at its top level that never settles`,
    );
  }, SLOW_SECONDS * 1000);
  // A running timer would keep the process alive, so that Node would not emit `beforeExit`.
  slow.unref();
  const handlers = SIGNALS.flatMap((signal) => process.listeners(signal).map((handler) => ({ signal, handler })));
  for (const { signal, handler } of handlers) process.off(signal, handler);
  let onIdle = () => {};
  const unfinished = new Promise<never>((_resolve, reject) => {
    onIdle = () =>
      reject(new UnfinishedModule('the module never finishes loading: an await at its top level never ends'));
    process.once('beforeExit', onIdle);
  });
  try {
    return await Promise.race([work(), unfinished]);
  } finally {
    clearTimeout(slow);
    process.off('beforeExit', onIdle);
    for (const { signal, handler } of handlers) process.on(signal, handler);
    process.exit = endProcess;
  }
}

/** Ends the process immediately, even while the loader of user modules has replaced `process.exit`. */
export function endProcess(code?: number | string | null): never {
  return exitProcess(code);
}
