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

/** The alternative with the most passed checks; if several have equally many, the first of these. */
function nearest(attempts: readonly Attempt[]): Attempt | undefined {
  let best: Attempt | undefined;
  for (const candidate of attempts) if (best === undefined || candidate.passed > best.passed) best = candidate;
  return best;
}

const valid = (candidate: Attempt): boolean => candidate.errors.length === 0;

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
    const tryAll = (schemas: readonly Schema[]) => {
      const attempts: Attempt[] = [];
      for (const entry of schemas) {
        attempts.push(attempt(checkOf(entry), value, context));
        if (context.isFull) break;
      }
      return attempts;
    };
    const complain = (text: string): void =>
      context.add(invalid(context.root, '', `${goQuote(context.name())} ${text}`));
    if (any.length > 0) {
      const attempts = tryAll(any);
      const success = attempts.find(valid);
      if (success === undefined) complain('must validate at least one schema (anyOf)');
      merge(context, success ?? nearest(attempts));
    }
    if (one.length > 0) {
      const attempts = tryAll(one);
      const successes = attempts.filter(valid);
      const [success] = successes;
      if (successes.length === 1) merge(context, success);
      else {
        const found = success === undefined ? 'none valid' : `${successes.length} valid alternatives`;
        complain(`must validate one and only one schema (oneOf). Found ${found}`);
        if (success === undefined) merge(context, nearest(attempts));
      }
    }
    if (all.length > 0) {
      const attempts = tryAll(all);
      for (const result of attempts) merge(context, result);
      if (!attempts.every(valid)) {
        complain(`must validate all the schemas (allOf)${attempts.some(valid) ? '' : '. None validated'}`);
      }
    }
    if (not !== undefined && valid(attempt(checkOf(not), value, context))) {
      complain('must not validate the schema (not)');
    }
  };
}
