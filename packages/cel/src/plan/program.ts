import type { EvalResult, EvaluateOptions, PlanResult, Program } from '../api.ts';
import type { CheckedAst } from '../check/checker.ts';
import { Frame } from '../eval/frame.ts';
import { safeData } from '../eval/safe-data.ts';
import { raise } from '../eval/shaped.ts';
import { type CelType, STRING } from '../types.ts';
import { type Value, EvalFailure } from '../values.ts';
import { describing } from './coerce.ts';
import { chargeJoined } from './plan-operators.ts';
import { type PlannedNode, PlanError } from './planned-node.ts';
import { Planner } from './planner.ts';

const DEFAULT_BUDGET = 2_000_000;

/** Parts of messages. kro takes an error with one of them as a sign that the data does not exist yet. */
const PENDING = ['no such key', 'no such field', 'no such attribute', 'index out of bounds'];

/** Plans a checked expression. When the planner refuses it, the reason is returned and not thrown. */
export function planProgram(checked: CheckedAst): PlanResult {
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

/**
 * Joins strings and programs into one program without planning again. The result is the same as that of a program for
 * the whole concatenation. Returns undefined when a program may evaluate to another type than string.
 */
export function joinPrograms(parts: readonly (string | Program)[]): Program | undefined {
  const isText = (part: string | Program) => typeof part === 'string' || isPlannedText(part);
  return parts.every(isText) ? new JoinedProgram(parts as readonly (string | PlannedProgram)[]) : undefined;
}

/**
 * Copies a program that `joinPrograms` made, with other strings in the same order. The copy shares the joined programs.
 * Returns undefined if the program is not joined, or if the number of strings differs.
 */
export function replaceStrings(program: Program, strings: readonly string[]): Program | undefined {
  return program instanceof JoinedProgram ? program.withStrings(strings) : undefined;
}

const isPlannedText = (program: Program) => program instanceof PlannedProgram && program.isText;

class JoinedProgram implements Program {
  readonly type = STRING;
  readonly #parts: readonly (string | PlannedProgram)[];

  constructor(parts: readonly (string | PlannedProgram)[]) {
    this.#parts = parts;
  }

  withStrings(strings: readonly string[]): JoinedProgram | undefined {
    const left = [...strings];
    const parts = this.#parts.map((part) => (typeof part === 'string' ? left.shift() : part));
    return left.length === 0 && parts.every((part) => part !== undefined) ? new JoinedProgram(parts) : undefined;
  }

  evaluate(variables: Variables, options?: EvaluateOptions): EvalResult {
    const budget = budgetOf(options);
    let frame = new Frame([], 0, budget, options);
    try {
      let text = '';
      for (const part of this.#parts) {
        if (typeof part === 'string') {
          text += part;
          continue;
        }
        const { left, time: now } = frame;
        frame = part.frame(variables, left, now === undefined ? options : { ...options, now });
        text += part.run(frame) as string;
      }
      chargeJoined(frame, text);
      return { ok: true, value: text };
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    } finally {
      settle(frame, budget, options);
    }
  }
}

type Variables = Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>;

class PlannedProgram implements Program {
  readonly type: CelType;
  readonly #plan: PlannedNode;
  readonly #names: readonly string[];
  readonly #locals: number;

  constructor(plan: PlannedNode, names: readonly string[], locals: number, type: CelType) {
    this.#plan = plan;
    this.#names = names;
    this.#locals = locals;
    this.type = type;
  }

  /** Is the value always a JavaScript string when there is no error? */
  get isText(): boolean {
    return this.#plan.type.kind === 'string' && this.#plan.shape === undefined;
  }

  frame(variables: Variables, budget: number, options: EvaluateOptions | undefined): Frame {
    const values = bind(this.#names, variables, options?.trusted === true ? unchanged : safeData);
    return new Frame(values, this.#locals, budget, options);
  }

  run(frame: Frame): Value {
    return raise(this.#plan.run(frame));
  }

  evaluate(variables: Variables, options?: EvaluateOptions): EvalResult {
    const budget = budgetOf(options);
    let frame: Frame | undefined;
    try {
      frame = this.frame(variables, budget, options);
      return { ok: true, value: this.run(frame) };
    } catch (thrown) {
      return { ok: false, error: failureOf(thrown) };
    } finally {
      settle(frame, budget, options);
    }
  }
}

function budgetOf({ budget = DEFAULT_BUDGET, shared }: EvaluateOptions = {}): number {
  return shared === undefined ? budget : Math.min(budget, shared.left);
}

/** Reports the cost of an evaluation that began with `budget`, and reduces the shared budget by it. */
function settle(frame: Frame | undefined, budget: number, { meter, shared }: EvaluateOptions = {}): void {
  const { left = budget, refused = 0 } = frame ?? {};
  if (meter !== undefined) meter.left = left;
  if (shared === undefined) return;
  const isExhausted = shared.left < 0 || (left < 0 && budget === shared.left);
  shared.left = isExhausted ? 0 : Math.max(0, shared.left - (budget - left - refused));
}

function unchanged(data: unknown): unknown {
  return data;
}

function bind(names: readonly string[], variables: Variables, safe: (data: unknown) => unknown): unknown[] {
  if (variables instanceof Map) return names.map((name) => safe(variables.get(name)));
  const record = variables as Readonly<Record<string, unknown>>;
  return names.map((name) => (Object.hasOwn(record, name) ? safe(record[name]) : undefined));
}

/** Does kro take an error with this message as a sign that the data does not exist yet? */
export function isPendingText(message: string): boolean {
  return PENDING.some((text) => message.includes(text));
}

/**
 * Converts a value that an evaluation threw to the error of the evaluation. An `EvalFailure` is an expected error. Any
 * other value is reported as an internal error.
 */
function failureOf(thrown: unknown): { message: string; pending: boolean } {
  if (thrown instanceof EvalFailure) {
    const { message } = thrown;
    return { message, pending: isPendingText(message) };
  }
  const detail =
    thrown instanceof RangeError ? 'evaluation is too deep' : thrown instanceof Error ? thrown.message : 'unknown';
  return { message: `internal error: ${detail}`, pending: false };
}
