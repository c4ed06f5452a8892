import type { EvaluateOptions, SharedBudget } from '../api.ts';
import type { CallContext } from '../library.ts';
import { type Value, BUDGET_EXCEEDED, EvalFailure } from '../values.ts';

/** The parts of the context of calls that do not depend on the evaluation. */
type FrameOptions = Pick<EvaluateOptions, 'now' | 'searches' | 'shared'>;

/** The state of one evaluation: the values of variables and loop variables, and the remaining budget. */
export class Frame implements CallContext {
  /**
   * The values of variables, indexed by the number of the variable in the program. The value of an unbound variable is
   * undefined.
   */
  readonly variables: readonly unknown[];
  /** The values of the variables of loops and of `cel.bind`. */
  readonly locals: Value[];
  /** The time of `now()`; undefined until the clock is read. */
  time: number | undefined;
  left: number;
  /** The units that the budget refused, and whose work was therefore not done. */
  refused = 0;
  readonly shared: SharedBudget | undefined;
  readonly searches: CallContext['searches'];

  constructor(variables: readonly unknown[], locals: number, budget: number, options: FrameOptions | undefined) {
    this.variables = variables;
    this.locals = locals === 0 ? NO_LOCALS : [];
    this.left = budget;
    this.time = options?.now;
    this.searches = options?.searches;
    this.shared = options?.shared;
  }

  /** All calls in one evaluation get the same time, so the clock is read once. */
  get now(): number {
    return (this.time ??= Date.now());
  }

  charge(units: number): void {
    this.left -= units;
    if (this.left < 0) {
      this.refused = units;
      // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
      throw new EvalFailure(BUDGET_EXCEEDED, true);
    }
  }

  work(units: number): void {
    const { shared } = this;
    if (shared === undefined) return;
    shared.left -= units;
    // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
    if (shared.left < 0) throw new EvalFailure(BUDGET_EXCEEDED, true);
  }
}

const NO_LOCALS: Value[] = [];
