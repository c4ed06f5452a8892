import { arrayMethod } from '../library/arrays.ts';
import { installCallHooks } from '../library/hooks.ts';
import { callMethod } from '../library/methods.ts';
import { getMember } from '../library/member.ts';
import { regexMethod } from '../library/matches.ts';
import { installProxyHooks, wrap } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { callValue, isSymbolicDeep } from './calls.ts';
import { evaluate } from './expressions.ts';
import { machine } from './machine.ts';
import { bindPattern } from './patterns.ts';
import { execute, executeFresh } from './statements.ts';
import { symbolicMap } from './symbolic-map.ts';

/** Connects the parts of the tracer that call each other. */
export function installInterpreter(): void {
  machine.evaluate = evaluate;
  machine.execute = execute;
  machine.block = executeFresh;
  machine.bind = bindPattern;
  machine.call = callValue;
  installCallHooks({ call: callValue, callMethod, isSymbolicDeep, arrayMethod, regexMethod, symbolicMap });
  installProxyHooks({
    member: (value, key) => {
      const found = getMember(wrap(value), key);
      // Native code calls methods on what it reads; the interpreter never comes this way.
      return value instanceof Sym && typeof found === 'function'
        ? (...args: unknown[]) => callMethod(wrap(value), key, args)
        : found;
    },
  });
}
