import { endProcess } from '../process/end-process.ts';

/** The time in seconds after which a note reports that a module is still being loaded. */
const SLOW_SECONDS = 10;

/** Signals that ask a process to end: Ctrl-C, `kill`, a closed terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The error for a module that is not completely loaded when Node has no more work, or when a signal arrives. */
export class UnfinishedModule extends Error {
  override readonly name = 'UnfinishedModule';
  /** Did a signal interrupt the loading? If so, the command must end, too. */
  readonly bySignal: boolean;

  constructor(message: string, bySignal: boolean) {
    super(message);
    this.bySignal = bySignal;
  }
}

/**
 * Runs a user's code. Turns events that would silently end the process into errors: a call of `process.exit`, and a
 * top-level await that never settles. Prints a note when the code takes long. A signal ends the wait immediately.
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
  let onIdle = () => {};
  let onSignal = () => {};
  const unfinished = new Promise<never>((_resolve, reject) => {
    onIdle = () =>
      reject(new UnfinishedModule('the module never finishes loading: an await at its top level never ends', false));
    process.once('beforeExit', onIdle);
    onSignal = () =>
      reject(
        new UnfinishedModule(
          'a signal ends typekro while the module is still being loaded; this await may never end',
          true,
        ),
      );
    for (const signal of SIGNALS) process.once(signal, onSignal);
  });
  try {
    return await Promise.race([work(), unfinished]);
  } finally {
    clearTimeout(slow);
    process.off('beforeExit', onIdle);
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.exit = endProcess;
  }
}
