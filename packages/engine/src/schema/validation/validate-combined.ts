import type { JsonValue } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { invalid } from './field-error.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import type { Schema } from '../model.ts';
import type { Check, Context } from './validate-context.ts';

/** The separate result of checking one alternative. */
interface Attempt {
  readonly errors: readonly FieldError[];
  readonly passed: number;
}

const NONE: readonly FieldError[] = [];

/**
 * Checks a value against one alternative, and removes the result from the context. As on a server, the value is not
 * compared with the stored value.
 */
function attempt(check: Check, value: JsonValue, context: Context): Attempt {
  const errors = context.errors.length;
  const { passed, length, isCut } = context;
  check(value, context, undefined);
  const found = context.errors.length === errors ? NONE : context.errors.splice(errors);
  const result = { errors: found, passed: context.passed - passed };
  // A message can be as long as the value.
  context.applied += (context.length - length) >> 5;
  context.passed = passed;
  context.length = length;
  context.isCut = isCut;
  return result;
}

function merge(context: Context, attempt: Attempt | undefined): void {
  if (attempt === undefined) return;
  for (const error of attempt.errors) context.add(error);
  context.passed += attempt.passed;
}

const valid = (candidate: Attempt): boolean => candidate.errors.length === 0;

/** The results of the alternatives. Only two are kept, because each can have messages as long as the value. */
interface Outcome {
  readonly successes: number;
  /** The first alternative without errors. */
  readonly success: Attempt | undefined;
  /** The alternative with the most passed checks; if several have equally many, the first of these. */
  readonly nearest: Attempt | undefined;
}

function outcomeOf(attempts: Iterable<Attempt>): Outcome {
  let [successes, success, nearest]: [number, Attempt?, Attempt?] = [0];
  for (const candidate of attempts) {
    if (nearest === undefined || candidate.passed > nearest.passed) nearest = candidate;
    if (!valid(candidate)) continue;
    success ??= candidate;
    successes += 1;
  }
  return { successes, success, nearest };
}

/**
 * The check of `anyOf`, `oneOf`, `allOf` and `not`. If all alternatives of `anyOf` or `oneOf` fail, the errors of the
 * nearest alternative are reported.
 */
export function combinedCheck(schema: Schema, checkOf: (schema: Schema) => Check): Check | undefined {
  const list = (schemas: readonly Schema[] | undefined) =>
    Array.isArray(schemas) ? (schemas as readonly Schema[]) : [];
  const [any, one, all, not] = [list(schema.anyOf), list(schema.oneOf), list(schema.allOf), schema.not];
  if (any.length === 0 && one.length === 0 && all.length === 0 && not === undefined) return undefined;
  return (value, context) => {
    function* attempts(schemas: readonly Schema[]): Generator<Attempt> {
      for (const entry of schemas) {
        yield attempt(checkOf(entry), value, context);
        if (context.isFull) return;
      }
    }
    const complain = (text: string): void =>
      context.add(invalid(context.root, '', `${goQuote(context.name())} ${text}`));
    if (any.length > 0) {
      const { success, nearest } = outcomeOf(attempts(any));
      if (success === undefined) complain('must validate at least one schema (anyOf)');
      merge(context, success ?? nearest);
    }
    if (one.length > 0) {
      const { successes, success, nearest } = outcomeOf(attempts(one));
      if (successes === 1) merge(context, success);
      else {
        const found = success === undefined ? 'none valid' : `${successes} valid alternatives`;
        complain(`must validate one and only one schema (oneOf). Found ${found}`);
        if (success === undefined) merge(context, nearest);
      }
    }
    if (all.length > 0) {
      const results = [...attempts(all)];
      for (const result of results) merge(context, result);
      if (!results.every(valid)) {
        complain(`must validate all the schemas (allOf)${results.some(valid) ? '' : '. None validated'}`);
      }
    }
    if (not !== undefined && valid(attempt(checkOf(not), value, context))) {
      complain('must not validate the schema (not)');
    }
  };
}
