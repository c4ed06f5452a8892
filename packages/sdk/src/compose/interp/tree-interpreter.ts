import { getMember } from '../library/member.ts';
import { callMethod } from '../library/methods.ts';
import type { FunctionLike } from '../source/function-source.ts';
import { closureOf } from '../value/closure.ts';
import { isNativeFactory } from '../value/native-functions.ts';
import { symbolic } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { callValue } from './call-value.ts';
import type { TreeInterpreter } from './env.ts';
import { evaluate } from './evaluate.ts';
import { outerClosure } from './outside-functions.ts';
import { bindPattern } from './patterns.ts';
import { execute, executeFresh } from './statements.ts';
import { symbolicMap } from './symbolic-map.ts';

/**
 * The interpreter of compositions. The interpreter has no state: the findings of a run are in its `Trace`, and the
 * environment of the current syntax node is in an `Env`. The parts that make an environment get the interpreter as an
 * argument; the library finds it in the current run.
 */
export const treeInterpreter: TreeInterpreter = {
  evaluate,
  execute,
  executeFresh,
  bindPattern,
  call: (fn, self, args, label) => callValue(treeInterpreter, fn, self, args, label),
  callMethod: (object, key, args) => callMethod(object, key, args),
  symbolicMap: (list, fn, mode, filled) => symbolicMap(treeInterpreter, list, fn, mode, filled),
  syntaxOf: (fn) => {
    if (typeof fn !== 'function' || isNativeFactory(fn as FunctionLike)) return undefined;
    return (closureOf(fn) ?? outerClosure(fn as FunctionLike))?.node;
  },
  member: (object, key) => {
    const found = getMember(object, key);
    // Only native code calls `member`, and native code may call a method that it reads. The result for a method is
    // therefore a native function that runs the method in the interpreter.
    return symbolic(object) instanceof Sym && typeof found === 'function'
      ? (...args: unknown[]) => callMethod(object, key, args)
      : found;
  },
};
