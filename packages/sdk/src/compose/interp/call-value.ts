import type { TreeInterpreter } from './env.ts';
import { atCaller, refuseHostCall, refuseNativeCall, refuseNew } from './host-calls.ts';
import { refuseMovedName } from '@typekro/kit/core';
import { builtin, constructBuiltin, takesAnyNumber } from '../library/builtins.ts';
import { isOpen, refuseOpen } from '../value/open.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { distribute, resolveMerged } from '../value/merge.ts';
import { hasTokens, labelOf, splitTokens, symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { describeValue, textNode } from '../value/ops.ts';
import { callClosure } from './functions.ts';
import { refuseCodeMaker, refuseConfinedCall } from '../library/confined.ts';
import { type Closure, closureOf } from '../value/closure.ts';
import { isPlain, isSymbolicDeep } from '../value/symbolic-deep.ts';
import { isNativeFactory, makesResources } from '../value/native-functions.ts';
import { mayAssignVariables, mustBeTraced, outerClosure } from './outside-functions.ts';
import { mayChangeOutside, refuseNativeChange, refuseSymbolicFilling } from '../library/side-effects.ts';
import { forgetVariables } from '../source/current-run.ts';
import type { FunctionLike } from '../source/function-source.ts';

/** Calls a function value: interprets the function, or runs it natively where the rules allow this. */
export function callValue(
  interpreter: TreeInterpreter,
  raw: unknown,
  self: unknown,
  args: readonly unknown[],
  label: string,
): unknown {
  const fn = resolveMerged(raw);
  const inner = symbolic(fn);
  if (inner instanceof Phi) return distribute(inner, (side) => callValue(interpreter, side, self, args, label));
  if (inner instanceof Sym) {
    if (inner.absence !== undefined) {
      return refuse(
        'maybe-undefined',
        `${labelOf(inner)} may be undefined here, so calling it may fail`,
        'test it first',
      );
    }
    return refuse('member', `${labelOf(inner)} is not a function`);
  }
  if (typeof fn !== 'function') throw new TypeError(`${label} is not a function`);
  const closure = closureOf(fn);
  if (closure !== undefined) return callClosure(interpreter, closure, selfOf(closure, self), args);
  refuseMovedName(fn);
  refuseConfinedCall(fn, self, args.map(resolveMerged));
  const callable = fn as FunctionLike;
  if (args.some(isOpen)) return callWithOpen(interpreter, callable, self, args, label);
  if (isNativeFactory(callable)) return factoryCall(callable, self, args);
  if (self === console) return native(callable, self, args);
  const known = builtin(callable, args);
  if (known !== undefined) return known.value;
  const outer = outerClosure(callable);
  if (isSymbolicDeep([...args, self])) {
    if (outer !== undefined) return callOuter(interpreter, outer, callable, self, args, label);
    const first = [...args, self].map(symbolic).find((value) => value !== undefined);
    refuseHostCall(self, callable, label);
    refuseSymbolicFilling(self, callable.name, first === undefined ? 'values of the spec' : labelOf(first));
    return refuseNativeCall(callable, self, args, label);
  }
  if (outer !== undefined && activeTrace().inBranch && mayChangeOutside(outer.node)) {
    return callClosure(interpreter, outer, { value: self, known: true }, args);
  }
  refuseNativeChange(self, callable.name);
  if (outer !== undefined && mustBeTraced(callable))
    return callClosure(interpreter, outer, { value: self, known: true }, args);
  return mayAssignVariables(callable) ? assigningCall(callable, self, args) : native(callable, self, args);
}

/** Calls a function that is defined outside the composition. Its arguments or its `this` are symbolic. */
function callOuter(
  interpreter: TreeInterpreter,
  outer: Closure,
  fn: FunctionLike,
  self: unknown,
  args: readonly unknown[],
  label: string,
): unknown {
  const caller = activeTrace().site;
  try {
    return callClosure(interpreter, outer, { value: self, known: true }, args);
  } catch (error) {
    throw atCaller(error, caller, () => refuseNativeCall(fn, self, args, label));
  }
}

/** Calls a function with an unknown number of spread arguments (`f(...list)`). */
function callWithOpen(
  interpreter: TreeInterpreter,
  fn: FunctionLike,
  self: unknown,
  args: readonly unknown[],
  label: string,
): unknown {
  if (takesAnyNumber(fn)) return builtin(fn, args)?.value;
  const outer = isNativeFactory(fn) ? undefined : outerClosure(fn);
  return outer === undefined ? refuseOpen(label) : callClosure(interpreter, outer, { value: self, known: true }, args);
}

function selfOf(closure: Closure, self: unknown): Closure['self'] {
  return closure.node.type === 'ArrowFunctionExpression' ? closure.self : { value: self, known: true };
}

/**
 * Runs natively a function that may assign outer variables. Discards the cached values of these variables afterwards.
 */
function assigningCall(fn: FunctionLike, self: unknown, args: readonly unknown[]): unknown {
  try {
    return native(fn, self, args);
  } finally {
    forgetVariables();
  }
}

/**
 * Calls a function of the SDK or an opaque function. The trace notes the outermost such function, which the author
 * called.
 */
function factoryCall(fn: FunctionLike, self: unknown, args: readonly unknown[]): unknown {
  const trace = activeTrace();
  const outer = trace.factory;
  trace.factory ??= fn;
  try {
    return makesResources(fn) ? native(fn, self, args) : assigningCall(fn, self, args);
  } finally {
    trace.factory = outer;
  }
}

/** Runs a function natively. The composition owns the lists and plain objects that the function makes. */
function native(fn: FunctionLike, self: unknown, args: readonly unknown[]): unknown {
  for (const arg of args) activeTrace().noteRead(arg);
  const result: unknown = Reflect.apply(fn, self, [...args] as never[]);
  if (result instanceof Promise) {
    // The call is refused in any case. A later rejection of the promise must not end the process.
    result.catch(() => {});
    return refuse(
      'async',
      `${fn.name === '' ? 'this function' : `${fn.name}()`} returns a promise, but a graph is built synchronously`,
      'call and await it before the composition, and use its result',
    );
  }
  if (typeof result === 'string' && hasTokens(result)) return textOf(result);
  refuseCodeMaker(result);
  if (isPlain(result) && !args.includes(result) && result !== self) adopt(result, 0);
  return result;
}

function textOf(text: string): unknown {
  const parts = splitTokens(text);
  const only = parts[0];
  return parts.length === 1 && only instanceof Sym ? wrap(only) : wrap(new Sym(textNode(text)));
}

/** Tracks the new object that a native call returned, and its contents, so that the composition may change both. */
function adopt(value: object, level: number): void {
  const trace = activeTrace();
  if (trace.isTracked(value) || level > 8) return;
  trace.track(value);
  for (const [key, item] of Object.entries(value) as [string, unknown][]) {
    refuseCodeMaker(item);
    if (typeof item === 'string' && hasTokens(item)) Reflect.set(value, key, textOf(item));
    else if (isPlain(item)) adopt(item, level + 1);
  }
}

/** Interprets `new X(…)`. */
export function construct(raw: unknown, args: readonly unknown[]): unknown {
  const fn = resolveMerged(raw);
  if (typeof fn !== 'function') throw new TypeError(`${describeValue(fn)} is not a constructor`);
  refuseMovedName(fn);
  refuseConfinedCall(fn, undefined, args.map(resolveMerged));
  if (args.some(isOpen)) return refuseOpen(`new ${fn.name}`);
  const known = constructBuiltin(fn as FunctionLike, args);
  if (known !== undefined) return known.value;
  if (isSymbolicDeep(args)) return refuseNew(fn, args);
  const made: unknown = Reflect.construct(fn, [...args]);
  if (mayAssignVariables(fn as FunctionLike)) forgetVariables();
  return typeof made === 'object' && made !== null ? activeTrace().track(made) : made;
}
