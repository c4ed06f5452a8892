import type { CallContext, FunctionDeclaration, Implementation, Overload } from '../library.ts';
import { Failure } from '@typekro/kit/golang';
import type { CelType } from '../types.ts';
import { CelDuration, CelTimestamp, fail, type Value } from '../values.ts';

/** A function with its overloads. */
export const declare = (name: string, ...overloads: readonly Overload[]): FunctionDeclaration => ({ name, overloads });

/** A function that is called as `name(args)`. */
export function overload(id: string, params: readonly CelType[], result: CelType, call: Implementation): Overload {
  return { id, params, result, call };
}

/** A function that is called as `receiver.name(args)`; the receiver is the first parameter. */
export function member(id: string, params: readonly CelType[], result: CelType, call: Implementation): Overload {
  return { id, member: true, params, result, call };
}

/** Returns a result. Raises a `Failure` as an evaluation error. */
export function orFail<T>(result: T | Failure): T {
  return result instanceof Failure ? fail(result.message) : result;
}

/** The work for an entry of a map that a macro or function makes. Unlike the keys of a literal, its keys are hashed. */
export const ENTRY_WORK = 8;

/** The work of a parser, such as that of a quantity, in addition to that for its characters. */
const PARSER_WORK = 8;

/** Charges a function that parses a string: one unit per four characters, and `PARSER_WORK`. */
export function chargeParser(context: CallContext, { length }: string): void {
  context.charge(length >> 2);
  context.work(PARSER_WORK);
}

/** Makes the implementation of a function that parses a whole string. */
export function reading<T extends Value>(read: (text: string) => T): (text: string, context: CallContext) => T {
  return (text, context) => {
    chargeParser(context, text);
    return read(text);
  };
}

/** Charges for one pass over a string that makes no new string. Short strings are free. */
export function chargePass(context: CallContext, { length }: string): void {
  if (length > 256) context.charge(length >> 4);
}

/** The number of comparisons of characters that cost one unit. */
const COMPARISONS_PER_UNIT = 2_048;

/**
 * Charges the search for a substring. In the worst case, JavaScript compares the whole substring at each position of
 * the string.
 */
export function chargeSearch(context: CallContext, text: string, part: string): void {
  const comparisons = (text.length - part.length + 1) * part.length;
  if (comparisons >= COMPARISONS_PER_UNIT) context.charge(Math.floor(comparisons / COMPARISONS_PER_UNIT));
}

/**
 * Makes the "no such overload" message of a function that cel-go looks up among the methods of the receiver. The
 * message has the name of the function, but no types. For a string, timestamp or duration, the message does not have
 * the name either, because these types look up their own methods first.
 */
export function receiverMismatch(name: string): (args: readonly Value[]) => string {
  return ([first]) =>
    typeof first === 'string' || first instanceof CelTimestamp || first instanceof CelDuration
      ? 'no such overload'
      : `no such overload: ${name}`;
}
