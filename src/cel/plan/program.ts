import type { EvalResult, EvaluateOptions, PlanResult, Program } from '../api.ts';
import type { CheckedExpression } from '../check/checker.ts';
import { Frame } from '../eval/frame.ts';
import { safeData } from '../eval/safe-data.ts';
import { raise } from '../eval/shaped.ts';
import type { CelType } from '../types.ts';
import { EvalFailure } from '../values.ts';
import { describing } from './coerce.ts';
import type { Plan } from './plan.ts';
import { PlanError } from './plan.ts';
import { Planner } from './planner.ts';

const DEFAULT_BUDGET = 2_000_000;

/** Texts by which kro tells data that is not there yet from real errors. */
const PENDING = ['no such key', 'no such field', 'no such attribute', 'index out of bounds'];

/** Plans a checked expression; a refusal is a result, not an exception. */
export function planProgram(checked: CheckedExpression): PlanResult {
  try {
    const planner = new Planner(checked);
    const plan = describing(planner.plan(checked.ast.expr));
    const names = planner.variables.map((variable) => variable.name);
    return { ok: true, program: new PlannedProgram(plan, names, planner.scope.slots, checked.type) };
  } catch (thrown) {
    if (!(thrown instanceof PlanError)) throw thrown;
    const error = { message: thrown.message, line: -1, column: 0, offset: -1 };
    return { ok: false, phase: 'program', errors: [error], text: thrown.message };
  }
}

class PlannedProgram implements Program {
  readonly type: CelType;
  readonly #plan: Plan;
  readonly #names: readonly string[];
  readonly #locals: number;

  constructor(plan: Plan, names: readonly string[], locals: number, type: CelType) {
    this.#plan = plan;
    this.#names = names;
    this.#locals = locals;
    this.type = type;
  }

  evaluate(
    variables: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    options?: EvaluateOptions,
  ): EvalResult {
    try {
      const values = bind(this.#names, variables, options?.trusted === true ? unchanged : safeData);
      const frame = new Frame(values, this.#locals, options?.budget ?? DEFAULT_BUDGET, options?.now);
      return { ok: true, value: raise(this.#plan.run(frame)) };
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    }
  }
}

function unchanged(data: unknown): unknown {
  return data;
}

function bind(
  names: readonly string[],
  variables: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
  safe: (data: unknown) => unknown,
): unknown[] {
  const values: unknown[] = [];
  if (variables instanceof Map) {
    for (const name of names) values.push(safe(variables.get(name)));
    return values;
  }
  const record = variables as Readonly<Record<string, unknown>>;
  for (const name of names) values.push(Object.hasOwn(record, name) ? safe(record[name]) : undefined);
  return values;
}

/** Anything that was thrown while evaluating, as an error value. Only failures are expected; the rest is reported as such. */
function failureOf(thrown: unknown): { message: string; pending: boolean } {
  if (thrown instanceof EvalFailure) {
    const { message } = thrown;
    return { message, pending: PENDING.some((text) => message.includes(text)) };
  }
  const detail =
    thrown instanceof RangeError ? 'evaluation is too deep' : thrown instanceof Error ? thrown.message : 'unknown';
  return { message: `internal error: ${detail}`, pending: false };
}
