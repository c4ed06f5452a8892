import { abortedError } from './error.ts';

/**
 * Resolves to the result of work that several callers share. If the caller's signal aborts first, the returned promise
 * rejects, and the work continues for the other callers.
 */
export async function whileWanted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let listener = (): void => undefined;
  const gaveUp = new Promise<never>((_resolve, reject) => {
    listener = () => reject(abortedError());
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
  });
  try {
    return await Promise.race([gaveUp, work]);
  } finally {
    signal.removeEventListener('abort', listener);
  }
}
