import { TypeKroError } from './error.ts';

type AnyFunction = (...args: never[]) => unknown;

/**
 * The function, with its errors placed at the call of it: what Node prints of one that nothing catches shows the caller's
 * line and no frame of this package, also after an `await`. For functions of the API that users call in scripts. Errors
 * of another class, which no one foresaw, keep the place where they were thrown.
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
    // Taken while the caller is on the stack; of a promise that is rejected later nothing else tells it.
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
 * The error as one that was made at the place: Node tells the line by where an error was made, which a text that is
 * written into `stack` does not change.
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
