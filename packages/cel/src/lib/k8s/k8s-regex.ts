import type { CallContext, Implementation, Library, Overload, PlanRefusal } from '../../library.ts';
import { Failure } from '@typekro/kit/golang';
import { INT, listType, STRING } from '../../types.ts';
import { fail, typeNameOf, type Int, type Value } from '../../values.ts';
import { member, declare } from '../define.ts';
import { cachedPattern, compilePattern, type Pattern } from '../re2.ts';

/** Kubernetes' `find` and `findAll`. An invalid constant pattern is an error when the program is planned. */
export const kubernetesRegex: Library = {
  name: 'kubernetes.regex',
  functions: [
    declare('find', {
      ...member('string_find_string', [STRING, STRING], STRING, (text: string, source: string, context: CallContext) =>
        dynamicPattern(source, context).find(text, context),
      ),
      mismatch: mismatch('find'),
      specialize: withConstant(
        (pattern) => (text: string, _source: string, context: CallContext) => pattern.find(text, context),
      ),
    }),
    declare(
      'findAll',
      {
        ...member(
          'string_find_all_string',
          [STRING, STRING],
          listType(STRING),
          (text: string, source: string, context: CallContext) =>
            dynamicPattern(source, context).findAll(text, -1, context),
        ),
        mismatch: mismatch('findAll'),
        specialize: withConstant(
          (pattern) => (text: string, _source: string, context: CallContext) => pattern.findAll(text, -1, context),
        ),
      },
      {
        ...member(
          'string_find_all_string_int',
          [STRING, STRING, INT],
          listType(STRING),
          (text: string, source: string, limit: Int, context: CallContext) =>
            dynamicPattern(source, context).findAll(text, Number(limit), context),
        ),
        mismatch: mismatch('findAll'),
        specialize: withConstant(
          (pattern) => (text: string, _source: string, limit: Int, context: CallContext) =>
            pattern.findAll(text, Number(limit), context),
        ),
      },
    ),
  ],
};

function dynamicPattern(source: string, context: CallContext): Pattern {
  const pattern = cachedPattern(source, context);
  return pattern instanceof Failure ? fail(`Illegal regex: ${pattern.message}`) : pattern;
}

/**
 * The error for arguments of wrong types. With a constant pattern, Kubernetes does not check the types first, and its
 * error names neither the function nor the types.
 */
function mismatch(name: string): NonNullable<Overload['mismatch']> {
  return (args, constants) =>
    typeof constants[1] === 'string'
      ? 'no such overload'
      : `no such overload: ${name}(${args.map(typeNameOf).join(', ')})`;
}

function withConstant(make: (pattern: Pattern) => Implementation) {
  return (constants: readonly (Value | undefined)[]): Implementation | PlanRefusal | undefined => {
    const source = constants[1];
    if (typeof source !== 'string') return undefined;
    const pattern = compilePattern(source);
    return pattern instanceof Failure ? { refused: pattern.message } : make(pattern);
  };
}
