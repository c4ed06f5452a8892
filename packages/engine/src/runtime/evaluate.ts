import { type SharedBudget, type Value, BUDGET_EXCEEDED, toJson } from '@typekro/cel';
import type { JsonValue } from '@typekro/kit/core';
import { goJsonProblem, goQuote, goTypeOf } from '@typekro/kit/golang';
import type { Expression, Hole, ReadPart } from '../graph/index.ts';
import type { Deferral } from '../graph/model.ts';
import { type SecretUse, maskedLiterals, maskedReason } from './secrets/secret-failures.ts';

/** The names that expressions can read: `schema`, node ids, iterators, `each`. */
export type Variables = ReadonlyMap<string, unknown>;

/** The result of an expression. */
export type Evaluated =
  /** `undefined` is the result of `omit()`: the field is omitted. */
  | { readonly state: 'value'; readonly value: JsonValue | undefined }
  /** The expression reads data that does not exist (yet). */
  | { readonly state: 'pending'; readonly failure: EvaluationFailure }
  | { readonly state: 'error'; readonly failure: EvaluationFailure };

/** Describes why an expression has no value. */
export interface EvaluationFailure {
  /** The expression as the author wrote it. */
  readonly expression: string;
  /** The CEL that was evaluated. */
  readonly cel: string;
  /**
   * kro's message: `eval "<CEL>": <reason>`, or `convert "<CEL>": <reason>` for a value that cannot be converted to
   * JSON.
   */
  readonly message: string;
  /** CEL's reason alone. */
  readonly reason: string;
  /** The missing name, if the reason contains it. */
  readonly missing?: string;
  /** The names that the expression reads, without `schema` and `runtime`. */
  readonly references: readonly string[];
  /** The parts of nodes that the expression reads. */
  readonly reads: readonly ReadPart[];
}

/** The inputs of an evaluation, except the expression and its variables. */
export interface EvaluateContext {
  /** The value of `now()`, in milliseconds since the epoch. */
  readonly now: number;
  /** The maximum cost of the expression. Default: the default of `Program.evaluate`. */
  readonly budget?: number;
  /** Are all variables plain JSON data, so that they need no check? Default false. */
  readonly trusted?: boolean;
  /**
   * Additional variables that only deferred fields can read. A later map in the list takes precedence over an earlier
   * one. The variables of the evaluation take precedence over all maps.
   */
  readonly later?: readonly Variables[];
  /**
   * Returns how an expression uses values of Secrets, so that its failure can be masked. Default: no expression uses
   * such values.
   */
  readonly secretUse?: (expression: Expression) => SecretUse | undefined;
  /** Counts the expressions that were evaluated. */
  readonly tally?: { evaluations: number };
  /** The budget that all expressions of a step share, see `stepBudget`. Default: none. */
  readonly shared?: StepBudget;
}

/** The budget of a step. With it, a step takes at most a few seconds, in which the controller does nothing else. */
interface StepBudget extends SharedBudget {
  readonly total: number;
}

/** The budget of a step whose expressions have the given budget. */
export function stepBudget(budget = 0): StepBudget {
  const total = Math.max(10_000_000, budget);
  return { total, left: total };
}

/** Evaluates an expression and converts its value to JSON as kro does. */
export function evaluateToJson(expression: Expression, variables: Variables, context: EvaluateContext): Evaluated {
  const result = evaluateRaw(expression, variables, context);
  if (result.state !== 'value') return result;
  const converted = toJson(result.value, context);
  if (!converted.ok) return { state: 'error', failure: failureOf(expression, 'convert', converted.error, context) };
  return { state: 'value', value: converted.value };
}

/** An expression whose value becomes a field or a member name, with the flags that determine the use of the value. */
export type FieldExpression = Pick<Hole, 'expression' | 'leavesOutEmpty' | 'deferred' | 'isKey'>;

const isPresent = (value: JsonValue | undefined): boolean => value !== null && value !== undefined;

/**
 * Evaluates an expression whose value is written into an object. A number that JSON cannot represent is an error, with
 * the message of kro's encoder.
 */
export function evaluateField(
  { expression, leavesOutEmpty, deferred, isKey }: FieldExpression,
  variables: Variables,
  context: EvaluateContext,
): Evaluated {
  const result =
    deferred === undefined
      ? evaluateToJson(expression, variables, context)
      : evaluateDeferred(expression, deferred, variables, context);
  if (leavesOutEmpty === true && result.state === 'value' && result.value === null) {
    return { state: 'value', value: undefined };
  }
  if (isKey === true && result.state === 'value' && typeof result.value !== 'string' && isPresent(result.value)) {
    const reason = `a key must be a string, got ${goTypeOf(result.value)}`;
    return { state: 'error', failure: failureOf(expression, 'convert', reason, context) };
  }
  const reason = result.state === 'value' ? goJsonProblem(result.value) : undefined;
  if (reason === undefined) return result;
  return { state: 'error', failure: failureOf(expression, 'convert', reason, context) };
}

/** A deferred field does not wait for data. While its data is missing, the field is null or omitted. */
function evaluateDeferred(
  expression: Expression,
  deferred: Deferral,
  variables: Variables,
  context: EvaluateContext,
): Evaluated {
  const later = (context.later ?? []).flatMap((values) => [...values]);
  const result = evaluateToJson(expression, new Map([...later, ...variables]), context);
  if (result.state === 'error' || (result.state === 'value' && result.value !== null)) return result;
  return { state: 'value', value: deferred === 'omit' ? undefined : null };
}

/** Go's name for the type of a condition's value, if the value is neither a boolean nor null; otherwise undefined. */
export function wrongTypeOfCondition(value: JsonValue | undefined): string | undefined {
  return typeof value === 'boolean' || value === null || value === undefined ? undefined : goTypeOf(value);
}

/** The result of an expression as a CEL value. */
export type RawEvaluated =
  | { readonly state: 'value'; readonly value: Value }
  | { readonly state: 'pending' | 'error'; readonly failure: EvaluationFailure };

/** Evaluates an expression to a CEL value, which need not be JSON (e.g. a condition of the author). */
export function evaluateRaw(expression: Expression, variables: Variables, context: EvaluateContext): RawEvaluated {
  const { tally } = context;
  if (tally !== undefined) tally.evaluations += 1;
  const result = expression.program.evaluate(variables, context);
  if (result.ok) return { state: 'value', value: result.value };
  const { message, pending } = result.error;
  return { state: pending ? 'pending' : 'error', failure: failureOf(expression, 'eval', message, context) };
}

/** Matches the missing name in messages like `no such key: ready`. */
const MISSING = /no such (?:key|field|attribute)(?:\(s\))?: ?['"]?([^\s'",]+)/;

/** The failure of a computed key that equals the key of another member of its map. */
export function keyCollision(
  { expression }: FieldExpression,
  key: string,
  context: Pick<EvaluateContext, 'secretUse'>,
): EvaluationFailure {
  return failureOf(expression, 'convert', `duplicate key ${goQuote(key)}`, context);
}

const exhausted = ({ total }: StepBudget): string =>
  `evaluation budget exceeded: the expressions up to this one cost more than ${total.toLocaleString('en')} together; ` +
  'make the lists that they read shorter, or divide the definition';

function failureOf(
  expression: Expression,
  phase: 'eval' | 'convert',
  celReason: string,
  { secretUse, shared }: Pick<EvaluateContext, 'secretUse' | 'shared'>,
): EvaluationFailure {
  const use = secretUse?.(expression);
  const known = use === undefined ? celReason : maskedReason(celReason, expression.cel);
  const reason = shared?.left === 0 && celReason === BUDGET_EXCEEDED ? exhausted(shared) : known;
  const cel = use === 'writes' ? maskedLiterals(expression.cel) : expression.cel;
  const missing = MISSING.exec(reason)?.[1];
  return {
    expression: use === 'writes' ? cel : (expression.template ?? expression.cel),
    cel,
    message: `${phase} ${goQuote(cel)}: ${reason}`,
    reason,
    ...(missing === undefined ? {} : { missing }),
    references: expression.references.filter((name) => name !== 'schema' && name !== 'runtime'),
    reads: expression.reads.filter(({ id }) => id !== 'schema'),
  };
}
