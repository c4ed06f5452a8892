/** Waits for the messages and for the end of processes that benchmarks fork. */
import type { ChildProcess, Serializable } from 'node:child_process';
import { once } from 'node:events';

/** The exit code or the signal of a process that has ended. */
export const endingOf = (child: ChildProcess): number | string | undefined =>
  child.exitCode ?? child.signalCode ?? undefined;

const endedEarly = (child: ChildProcess): Error => new Error(`a process has ended with ${endingOf(child)}`);

/**
 * Sends `order` to the process, if given. Resolves with the next message of the process. Rejects when the process ends
 * before this message, or when the order cannot be sent.
 */
export function message<T>(child: ChildProcess, order?: Serializable): Promise<T> {
  return new Promise((resolve, reject) => {
    if (endingOf(child) !== undefined) return reject(endedEarly(child));
    const forget = (): void => {
      child.off('exit', onExit);
      child.off('message', onMessage);
    };
    const fail = (error: Error): void => {
      forget();
      reject(error);
    };
    const onExit = (): void => fail(endedEarly(child));
    const onMessage = (value: unknown): void => {
      forget();
      resolve(value as T);
    };
    child.on('exit', onExit).on('message', onMessage);
    if (order !== undefined) child.send(order, (error) => void (error === null || fail(error)));
  });
}

/** Resolves when a process has ended with the exit code 0. Rejects after any other end. */
export async function orderlyEnd(child: ChildProcess): Promise<void> {
  if (endingOf(child) === undefined) await once(child, 'exit');
  if (child.exitCode !== 0) throw endedEarly(child);
}
