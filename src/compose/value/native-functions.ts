import type { FunctionLike } from '../source/provider.ts';

/** Functions that are called natively, with symbolic values inside: the SDK's own, and those marked opaque. */
const natives = new WeakSet<FunctionLike>();
/** Those of them that make resources. */
const factories = new WeakSet<FunctionLike>();

/**
 * Marks a function as one that passes values through without deciding on them: it is called natively, with
 * placeholders for values that are not known yet.
 */
export function opaque<F extends (...args: never[]) => unknown>(fn: F): F {
  natives.add(fn);
  return fn;
}

natives.add(opaque);

/** Marks a function of the SDK that makes resources; it is called natively and copes with symbolic values. */
export function defineFactory<F extends (...args: never[]) => unknown>(fn: F): F {
  natives.add(fn);
  factories.add(fn);
  return fn;
}

/** Is the function called natively, with symbolic values inside? */
export function isNativeFactory(fn: FunctionLike): boolean {
  return natives.has(fn);
}

/** Does the function make resources? */
export function makesResources(fn: FunctionLike): boolean {
  return factories.has(fn);
}
