import type { CelError, Environment, TypeProvider } from '@typekro/cel';
import { BOOL, BUDGET_EXCEEDED, createEnvironment, RULE_LIBRARIES, typeToString } from '@typekro/cel';
import { oncePerObject, stringifyJson } from '@typekro/kit/core';
import type { FieldError } from '@typekro/kit/kubernetes';
import type { SimpleRule } from '../../schema/simple/simple-schema.ts';
import { markerOffset } from '../../schema/simple/simple-lexer.ts';
import { type RuleSite, type Schema, CelTypes } from '../../schema/index.ts';
import { fieldsAt, offsetOfPlace } from '../kinds/schema-paths.ts';
import { celCode, celHint, celWords } from '../warnings/hints.ts';
import type { CompileOptions } from '../options.ts';
import type { Problems } from '../problems.ts';
import { explainSyntaxError } from '../syntax/explain-syntax-error.ts';

/**
 * Matches the error about functions that the API server has and this environment does not declare. Rules with these
 * functions are not checked.
 */
const NOT_DECLARED = /^undeclared reference to '(?:format|math)'/;

let base: Environment | undefined;

/** The environment of validation rules without variables. Made for the first rule. */
function baseEnvironment(): Environment {
  base ??= createEnvironment({ libraries: RULE_LIBRARIES });
  return base;
}

/**
 * Compiles the CEL rules of the `validation` markers as the API server does when it gets the CustomResourceDefinition.
 * kro does not check the rules. A problem is therefore a warning, or an error when `strict` is set.
 */
export function checkRules(rules: readonly SimpleRule[], options: CompileOptions, problems: Problems): void {
  for (const rule of rules) {
    for (const { message, offset, hint } of faults(rule)) {
      const problem = {
        code: 'graph/invalid-rule',
        message: `the API server will refuse this validation rule: ${message}`,
        place: { path: ['spec', 'schema', ...rule.path], offset: markerOffset(rule.text, rule.marker, offset) },
        hint,
      };
      if (options.strict === true) problems.error({ phase: 'beyond', ...problem });
      else problems.warn(problem);
    }
  }
}

interface Fault {
  readonly message: string;
  /** The offset of the fault in the rule, in UTF-16 units. */
  readonly offset: number;
  readonly hint?: string | undefined;
}

/** The environment of the rules of a schema. */
function environmentOf(schema: Schema) {
  const { variables, types } = CelTypes.of({ self: { schema } });
  const { self } = variables;
  // `self` and `oldSelf` have the same struct type, because rules compare them, and values of different struct types
  // cannot be compared.
  return { environment: baseEnvironment().extend(self === undefined ? {} : { self, oldSelf: self }, { types }), types };
}

/** The maximum work for the rules of all defaults of a definition. The API server evaluates the rest. */
const MAX_DEFAULTS_WORK = 1_000_000;

/**
 * Returns a function that evaluates the rules of one part of a default. A rule that does not compile has a problem of its
 * own (`checkRules`).
 */
export function defaultRules(): (site: RuleSite) => FieldError[] {
  const limits = { shared: { left: MAX_DEFAULTS_WORK }, searches: { visits: 0 } };
  const programs = oncePerObject((schema: Schema) => {
    const { environment } = environmentOf(schema);
    return (schema['x-kubernetes-validations'] ?? []).map(({ rule }) => environment.compile(rule));
  });
  return ({ schema, rules, value, old, field }) =>
    rules.flatMap(({ rule, message = '' }, index) => {
      const compiled = programs(schema)[index];
      if (compiled?.ok !== true || (old === undefined && USES_OLD.test(rule))) return [];
      const result = compiled.program.evaluate({ self: value, oldSelf: old }, limits);
      if (result.ok ? result.value === true : result.error.message === BUDGET_EXCEEDED) return [];
      const problem = result.ok ? (message === '' ? `violates the rule ${rule}` : message) : result.error.message;
      return [{ reason: 'FieldValueInvalid', field, message: `Invalid value: ${stringifyJson(value)}: ${problem}` }];
    });
}

/** Matches a rule that reads the stored value. */
export const USES_OLD: RegExp = /\boldSelf\b/;

function faults({ rule, schema }: SimpleRule): readonly Fault[] {
  const { environment, types } = environmentOf(schema);
  const compiled = environment.compile(rule);
  if (!compiled.ok) {
    if (compiled.errors.some(({ message }) => NOT_DECLARED.test(message))) return [];
    // If the first error is a syntax error, only this error is reported, because later errors are consequences of it.
    const [first] = compiled.errors;
    const reportedErrors = first !== undefined && celCode(first.message) === 'cel/syntax' ? [first] : compiled.errors;
    return reportedErrors.map((error) => ruleProblem(rule, error, environment, types));
  }
  if (compiled.type.kind === BOOL.kind) return [];
  return [{ message: `it returns ${typeToString(compiled.type)}, not bool`, offset: 0, hint: 'compare the value' }];
}

function ruleProblem(rule: string, error: CelError, environment: Environment, types: TypeProvider): Fault {
  const offset = Math.max(0, offsetOfPlace(rule, error));
  return celCode(error.message) === 'cel/syntax' && error.offset >= 0
    ? { offset, ...explainSyntaxError(rule, offset) }
    : { message: celWords(error.message), hint: hintOf(rule, error, environment, types), offset };
}

function hintOf(rule: string, error: CelError, environment: Environment, types: TypeProvider): string | undefined {
  const parsed = environment.parse(rule);
  const name = /^undeclared reference to '([^']*)'/.exec(error.message)?.[1];
  if (name !== undefined && !environment.isFunction(name) && /^[a-z]\w*$/i.test(name)) {
    return 'a rule can use self (the value of its field) and oldSelf, but no function of kro';
  }
  return celHint(error, () => (parsed.ok ? fieldsAt(parsed.ast, error, environment, types) : []), rule);
}
