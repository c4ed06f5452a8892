import { declare } from './define.ts';
import type { CallContext, Implementation, Library, Overload } from '../library.ts';
import { Failure } from '@typekro/kit/golang';
import { BOOL, STRING } from '../types.ts';
import { fail, type Value } from '../values.ts';
import { cachedPattern, compilePattern } from './re2.ts';

/**
 * The standard library's `matches`. An invalid constant pattern is an evaluation error. In contrast, `find` reports it
 * when the program is planned.
 */
export const standardMatches: Library = {
  name: 'stdlib.matches',
  functions: [declare('matches', matchesOverload('matches', false), matchesOverload('matches_string', true))],
};

function matchesOverload(id: string, member: boolean): Overload {
  return {
    id,
    ...(member ? { member } : {}),
    params: [STRING, STRING],
    result: BOOL,
    call: (text: string, source: string, context: CallContext) => {
      const pattern = cachedPattern(source, context);
      return pattern instanceof Failure ? fail(pattern.message) : pattern.test(text, context);
    },
    specialize: constantPattern,
  };
}

function constantPattern(constants: readonly (Value | undefined)[]): Implementation | undefined {
  const source = constants[1];
  if (typeof source !== 'string') return undefined;
  const pattern = compilePattern(source);
  if (pattern instanceof Failure) return () => fail(pattern.message);
  return (text: string, _source: string, context: CallContext) => pattern.test(text, context);
}
