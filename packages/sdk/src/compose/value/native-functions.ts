import type { FunctionLike } from '../source/function-source.ts';

/** Functions that are called natively with symbolic values: functions of the SDK, and opaque functions. */
const natives = new WeakSet<FunctionLike>();
/** The functions of the SDK among the native functions. */
const factories = new WeakSet<FunctionLike>();

/**
 * Marks a function that passes values through without decisions on them. The function is called natively, with
 * placeholders for symbolic values.
 */
export function opaque<F extends (...args: never[]) => unknown>(fn: F): F {
  natives.add(fn);
  return fn;
}

natives.add(opaque);

/**
 * Marks a function of the SDK, which may make resources. The function is called natively, and accepts symbolic values.
 */
export function defineFactory<F extends (...args: never[]) => unknown>(fn: F): F {
  natives.add(fn);
  factories.add(fn);
  return fn;
}

/** Is the function called natively, also with symbolic values? */
export function isNativeFactory(fn: FunctionLike): boolean {
  return natives.has(fn);
}

/** Is the function one of the SDK, which may make resources? */
export function makesResources(fn: FunctionLike): boolean {
  return factories.has(fn);
}
