import { refuse } from '../refusal/refusal.ts';
import { freeNames } from '../../javascript/index.ts';
import { parseFunction } from './parse.ts';
import type { FunctionLike, FunctionSource } from './provider.ts';

/**
 * The source of a function by its text alone, with variables that the author passed in; `undefined` for native
 * functions.
 */
export function textSource(fn: FunctionLike, names: Readonly<Record<string, unknown>>): FunctionSource | undefined {
  const text = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) return undefined;
  const { node, shift } = parseFunction(text);
  return {
    text,
    node,
    shift,
    lookup: (name) => (Object.hasOwn(names, name) ? { value: names[name] } : undefined),
    locate: () => undefined,
  };
}

/** Refuses a function whose source or captured variables cannot be read. */
export function refuseWithoutProvider(fn: FunctionLike, problem: string | undefined): never {
  const text = Function.prototype.toString.call(fn);
  if (/\{\s*\[native code\]\s*\}\s*$/.test(text)) {
    return fn.name.startsWith('bound ')
      ? refuse(
          'unsupported',
          `a bound function cannot be traced: ${fn.name.trim()} has no source`,
          'pass a function that calls the method: (spec) => object.method(spec)',
        )
      : refuse('unsupported', 'a native function cannot be traced', 'pass a function of your own');
  }
  const names = freeNames(parseFunction(text).node).slice(0, 8).join(', ');
  return refuse(
    'provider',
    `the composition reads variables around it (${names}), and this host does not allow to read them: ${problem ?? 'no provider'}`,
    `run with --import typekro/register, add the typekro plugin to the bundler, or pass { scope: () => ({ ${names} }) }`,
  );
}
