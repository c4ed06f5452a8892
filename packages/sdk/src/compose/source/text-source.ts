import { listed } from '@typekro/kit/core';
import { refuse } from '../refusal/refusal.ts';
import { freeNames } from '../../javascript/index.ts';
import { parseFunction } from './parse-function.ts';
import type { FunctionLike, FunctionSource } from './function-source.ts';

/** Is this the string that `toString` returns for a native or a bound function? Such a function has no source. */
export const isNativeText = (text: string): boolean => /\{\s*\[native code\]\s*\}\s*$/.test(text);

/**
 * The source of a function from its text. The variables come from the option `scope`. `undefined` for native functions.
 */
export function textSource(fn: FunctionLike, names: Readonly<Record<string, unknown>>): FunctionSource | undefined {
  const text = Function.prototype.toString.call(fn);
  if (isNativeText(text)) return undefined;
  const { node, shift } = parseFunction(text);
  return {
    text,
    node,
    shift,
    lookup: (name) => (Object.hasOwn(names, name) ? { value: names[name] } : undefined),
    locate: () => undefined,
  };
}

/** The maximum number of variables that a message names. */
const MAX_NAMED_VARIABLES = 8;

/** Refuses a function whose source or captured variables cannot be read. */
export function refuseWithoutProvider(fn: FunctionLike, problem: string | undefined): never {
  const text = Function.prototype.toString.call(fn);
  if (isNativeText(text)) {
    return fn.name.startsWith('bound ')
      ? refuse(
          'unsupported',
          `a bound function cannot be traced: ${fn.name.trim()} has no source`,
          'pass a function that calls the method: (spec) => object.method(spec)',
        )
      : refuse('unsupported', 'a native function cannot be traced', 'pass a function of your own');
  }
  const names = freeNames(parseFunction(text).node);
  return refuse(
    'provider',
    `the composition reads variables around it (${listed(names, MAX_NAMED_VARIABLES)}), and this host does not allow reading them: ${problem ?? 'no provider'}`,
    `run with --import typekro/register, add the typekro plugin to the bundler, or pass { scope: () => ({ ${names.join(', ')} }) }`,
  );
}
