import { oncePerObject } from '@typekro/kit/core';
import { type Checked, type Program, BUDGET_EXCEEDED, minRoundCost } from '@typekro/cel';

/** The maximum cost of one evaluation of a rule, in the units of an API server. */
const MAX_CALL_COST = 1_000_000;

/** The error of an evaluation that costs more than `MAX_CALL_COST`. */
export const LIMIT_EXCEEDED = 'operation cancelled: actual cost limit exceeded';

/** The maximum cost of all rules of one object. */
const MAX_OBJECT_COST = 10_000_000;

/** The maximum cost of all policies of one request, each with all of its parameters. An API server has no such limit. */
const MAX_REQUEST_COST = 10 * MAX_OBJECT_COST;

/** The rest of the cost that the policies of a request may have, by the attributes of the request. */
export const requestBudget = oncePerObject((_attributes: object) => ({ left: MAX_REQUEST_COST }));

/** The cost of `authorizer.….check(…)` in an API server, also outside of loops. */
export const PERMISSION_CHECK_COST = 350_000;

/** The result of an evaluation of a rule. */
export interface LimitedResult {
  readonly result: ReturnType<Program['evaluate']>;
  /** Did the evaluation cost more than `MAX_CALL_COST`? If so, the result is the error `LIMIT_EXCEEDED`. */
  readonly isOverLimit: boolean;
  /** A lower bound of the cost of the evaluation: the exact cost is not counted. */
  readonly cost: number;
}

/** The budget of the rules of one object. */
export class ObjectBudget {
  /** Has a limit stopped the rules of the object? */
  isExhausted = false;
  /** The work of all searches of regular expressions: the cost of an API server does not show how long they take. */
  readonly searches = { visits: 0 };
  /** The work of all rules that the cost does not show either, such as collecting the entries of a map. */
  readonly shared = { left: MAX_OBJECT_COST };
  #left = MAX_OBJECT_COST;
  readonly #total: { left: number };

  /** @param total the rest of a budget that several objects share */
  constructor(total: { left: number } = { left: Infinity }) {
    this.#total = total;
    this.isExhausted = total.left < 0;
  }

  /**
   * Subtracts the cost of an evaluation or a permission check from the budget. Returns false and sets `isExhausted` when the budget is
   * exceeded.
   */
  spend(cost: number): boolean {
    this.#left -= cost;
    this.#total.left -= cost;
    if (this.#left < 0 || this.#total.left < 0) this.isExhausted = true;
    return !this.isExhausted;
  }
}

/** Evaluates an expression with variables. `budget` is that of the object (default: a new one). */
export type LimitedRun = (variables: Record<string, unknown>, budget?: ObjectBudget) => LimitedResult;

/**
 * Makes an evaluation that stops at the cost limit of an API server. The exact cost is not counted; instead, the number
 * of loop iterations is limited, and each iteration counts with its minimum cost. An evaluation that an API server
 * completes is therefore stopped only if the work of all rules of the object takes seconds. An evaluation that an API server stops may complete here, because long strings
 * cost no more than short strings, and an expression without loops costs nothing.
 */
export function limitedRun(program: Program, checked: Checked): LimitedRun {
  const round = minRoundCost(checked);
  return (variables, { searches, shared } = new ObjectBudget()) => {
    const budget = round === undefined ? undefined : Math.floor(MAX_CALL_COST / round);
    const meter = { left: 0 };
    const limit = budget === undefined ? {} : { budget };
    const result = program.evaluate(variables, { trusted: true, meter, searches, shared, ...limit });
    if (result.ok || result.error.message !== BUDGET_EXCEEDED) {
      const cost = budget === undefined || round === undefined ? 0 : (budget - meter.left) * round;
      return { result, isOverLimit: false, cost };
    }
    const error = { ...result.error, message: LIMIT_EXCEEDED };
    return { result: { ok: false, error }, isOverLimit: true, cost: MAX_CALL_COST };
  };
}

/** The maximum length of a message that an expression returns. */
const MAX_MESSAGE_BYTES = 5 * 1024;

/** The message that a `messageExpression` has returned; `undefined` for a value that an API server does not show. */
export function shownMessage(value: unknown): string | undefined {
  const message = typeof value === 'string' ? value.trim() : '';
  const isShown = message !== '' && !message.includes('\n') && Buffer.byteLength(message) <= MAX_MESSAGE_BYTES;
  return isShown ? message : undefined;
}
