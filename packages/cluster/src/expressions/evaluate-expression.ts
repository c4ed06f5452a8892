import { type Value, fail } from '@typekro/cel';
import { type JsonObject, type KubeObject, oncePerObject } from '@typekro/kit/core';
import { LIMIT_EXCEEDED, limitedRun, ObjectBudget, PERMISSION_CHECK_COST } from '../crd/rule-limits.ts';
import { AuthorizerValue, ResourceCheck } from './authorizer-library.ts';
import type { CompiledExpression, ExpressionCompiler } from './cel-compiler.ts';

/** The data of one evaluation. An object that the request does not have is `null`. */
export interface ExpressionData {
  readonly object: KubeObject | null;
  readonly oldObject: KubeObject | null;
  readonly request: JsonObject;
  readonly namespaceObject: JsonObject | null;
  readonly params: KubeObject | null;
  readonly authorizer: AuthorizerValue;
  readonly requestResource: ResourceCheck;
  /** The rest of the cost that all policies of the request may have. Default: no limit. */
  readonly total?: { left: number };
}

/** The value of an expression, or the message of its error. */
export type Evaluated = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly message: string };

const limitedRunOf = oncePerObject(({ program, checked }: CompiledExpression & { ok: true }) =>
  limitedRun(program, checked),
);

/** Maps the variables of one evaluation to the cost budget that all expressions with these variables share. */
const budgets = new WeakMap<Record<string, unknown>, ObjectBudget>();

const OUT_OF_BUDGET: Evaluated = {
  ok: false,
  message: 'validation failed due to running out of cost budget, no further validation rules will be run',
};

function run(compiled: CompiledExpression, variables: Record<string, unknown>): Evaluated {
  if (!compiled.ok) return { ok: false, message: compiled.problem };
  const budget = budgets.get(variables);
  if (budget?.isExhausted === true) return OUT_OF_BUDGET;
  const outcome = limitedRunOf(compiled)(variables, budget);
  const isExhausted = budget?.spend(outcome.cost) === false;
  // If the limit for one expression has stopped the evaluation, the outcome already has its own error.
  if (isExhausted && !outcome.isOverLimit) return OUT_OF_BUDGET;
  const { result } = outcome;
  return result.ok ? result : { ok: false, message: result.error.message };
}

/**
 * Binds the variables for all expressions of a policy or webhook. The expressions share one cost budget. A policy
 * variable is evaluated once, at its first use. If its evaluation fails, all expressions that use the variable fail.
 */
export function bindVariables(compiler: ExpressionCompiler, data: ExpressionData): Record<string, unknown> {
  const { requestResource, authorizer, total, ...direct } = data;
  const budget = new ObjectBudget(total);
  const counted = new AuthorizerValue(authorizer.content.user, (...check) =>
    budget.spend(PERMISSION_CHECK_COST) ? authorizer.content.decide(...check) : fail(LIMIT_EXCEEDED),
  );
  const bound: Record<string, unknown> = {
    ...direct,
    authorizer: counted,
    'authorizer.requestResource': new ResourceCheck(counted, requestResource.content),
  };
  budgets.set(bound, budget);
  for (const { name, compiled } of compiler.variables) {
    let known: Evaluated | undefined;
    Object.defineProperty(bound, `variables.${name}`, {
      enumerable: true,
      get() {
        known ??= run(compiled, bound);
        return known.ok ? known.value : fail(`composited variable "${name}" fails to evaluate: ${known.message}`);
      },
    });
  }
  return bound;
}

/** Evaluates an expression. An error has the API server's message. */
export function evaluateExpression(
  compiled: CompiledExpression,
  text: string,
  variables: Record<string, unknown>,
): Evaluated {
  const result = run(compiled, variables);
  if (result.ok || result === OUT_OF_BUDGET) return result;
  if (!compiled.ok) return { ok: false, message: `compilation error: ${result.message}` };
  return { ok: false, message: `expression '${text}' resulted in error: ${result.message}` };
}

/** A condition that a request must meet so that a policy or webhook applies to the request. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
  readonly compiled: CompiledExpression;
}

/**
 * Are all conditions true? The result is false when one condition is false, even if the evaluation of another condition
 * fails. If no condition is false and an evaluation fails, the result is the error that refuses the request. With
 * `ignoresErrors`, the result is false instead.
 */
export function conditionsHold(
  conditions: readonly MatchCondition[],
  variables: Record<string, unknown>,
  ignoresErrors: boolean,
): boolean | { readonly problem: string } {
  const problems: string[] = [];
  for (const { compiled, expression } of conditions) {
    const result = evaluateExpression(compiled, expression, variables);
    if (!result.ok) problems.push(result.message);
    else if (result.value === false) return false;
  }
  if (problems.length === 0) return true;
  if (ignoresErrors) return false;
  const [first = ''] = problems;
  return { problem: problems.length === 1 ? first : `[${problems.join(', ')}]` };
}
