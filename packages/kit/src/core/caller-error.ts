import { TypeKroError } from './error.ts';

type AnyFunction = (...args: never[]) => unknown;

/**
 * Wraps a function of the API that users call in scripts, so that the stack of its errors begins at the call. Node then
 * prints the caller's line for an uncaught error, and no frame of this package, also after an `await`. An error that is
 * not a `TypeKroError` keeps its own stack.
 */
export function failsAtCaller<F extends AnyFunction>(work: F): F {
  const called = ((...args: never[]): unknown => {
    let result: unknown;
    try {
      result = work(...args);
    } catch (error) {
      throw placedAt(error, () => holderOf(called));
    }
    if (!(result instanceof Promise)) return result;
    // Capture the stack while it still contains the caller: the stack of a later rejection does not.
    const holder = holderOf(called);
    return result.catch((error: unknown) => {
      throw placedAt(error, () => holder);
    });
  }) as F;
  return Object.defineProperty(called, 'name', { value: work.name });
}

/** An error whose stack begins at the call of a function, and ends where the frames of Node begin. */
function holderOf(called: AnyFunction): Error {
  const probe: { stack?: string } = {};
  Error.captureStackTrace(probe, called);
  const frames = (probe.stack ?? '').split('\n').slice(1);
  const own = frames.findIndex((frame) => /\(?node:internal\//.test(frame));
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = own < 0 ? limit : Math.max(own, 1);
  try {
    const holder = new Error();
    Error.captureStackTrace(holder, called);
    return holder;
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/**
 * The error as if it had been created where `holder` was created. Node prints the line where an error was created; a
 * new value of `stack` does not change that line.
 */
function placedAt(error: unknown, holder: () => Error): unknown {
  if (!(error instanceof TypeKroError)) return error;
  const placed = holder();
  const { stack: _, ...members } = Object.getOwnPropertyDescriptors(error);
  return Object.defineProperties(
    Object.setPrototypeOf(placed, Object.getPrototypeOf(error) as object) as Error,
    members,
  );
}
