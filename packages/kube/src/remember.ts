import type { Clock } from './kube-api.ts';
import { abortedError } from './kube-error.ts';

/** A value that is loaded at its first use, and loaded again when it is too old. */
export interface Remembered<T> {
  get(): Promise<T>;
  /** Drops the value if `matches` returns true for it. A load in progress is not affected. */
  forget(matches: (value: T) => boolean): void;
}

/** A loaded value, and the time until which it is used. */
export interface Loaded<T> {
  readonly value: T;
  readonly goodUntil: number;
}

/**
 * Keeps a value until `goodUntil`. Concurrent callers share one load. A failed load rejects, and the next caller loads
 * again.
 */
export function remember<T>(clock: Clock, load: () => Promise<Loaded<T>>, initial?: Loaded<T>): Remembered<T> {
  let known = initial;
  let loading: Promise<Loaded<T>> | undefined;
  return {
    async get() {
      if (known !== undefined && clock.now() < known.goodUntil) return known.value;
      const shared = (loading ??= load());
      try {
        const loaded = await shared;
        if (loading === shared) known = loaded;
        return loaded.value;
      } finally {
        if (loading === shared) loading = undefined;
      }
    },
    forget(matches) {
      if (known !== undefined && matches(known.value)) known = undefined;
    },
  };
}

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
