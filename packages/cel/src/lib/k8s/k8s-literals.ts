import type { Literal } from '../../ast.ts';
import { Failure, goParseDuration } from '@typekro/kit/golang';
import type { Library, Validator } from '../../library.ts';
import { compilePattern } from '../re2.ts';
import { MAX_SECONDS, MIN_SECONDS, parseTimestamp } from '../timestamp.ts';

/**
 * The API server's checks of literals. A literal that is the first argument of `duration`, `timestamp` or `matches`
 * must be valid. In an environment with this library, the type checker also refuses a list or map literal whose
 * elements, keys or values have types that do not fit together.
 */
export const kubernetesLiterals: Library = {
  name: 'kubernetes.literals',
  validators: [
    firstArgument('duration', (value) => typeof value !== 'string' || goParseDuration(value) !== undefined),
    firstArgument('timestamp', isTimestamp),
    // In a call `matches(text, pattern)`, the first argument is the text. cel-go nevertheless checks that the first
    // argument is a valid pattern.
    firstArgument('matches', (value) => typeof value !== 'string' || !(compilePattern(value) instanceof Failure)),
  ],
};

/** Makes a validator that reports the first argument of a function if it is a literal and `accepts` returns false. */
function firstArgument(functionName: string, accepts: (value: Literal['value']) => boolean): Validator {
  return {
    functionName,
    validate({ args: [argument] }, context) {
      if (argument?.kind !== 'literal' || accepts(argument.value)) return;
      context.report(argument, `invalid ${functionName} argument`);
    },
  };
}

function isTimestamp(value: Literal['value']): boolean {
  if (typeof value === 'string') return !(parseTimestamp(value) instanceof Failure);
  return (typeof value !== 'number' && typeof value !== 'bigint') || (value >= MIN_SECONDS && value <= MAX_SECONDS);
}
