import type { Ast } from './ast.ts';
import type { Library } from './library.ts';
import type { TypeProvider } from './provider.ts';
import type { DataShape } from './shape.ts';
import type { CelType } from './types.ts';
import type { Value } from './values.ts';

/** A problem of an expression, at a position in its text. */
export interface CelError {
  readonly message: string;
  /** The line, from 1; -1 for an error without a position, such as an exceeded limit. */
  readonly line: number;
  /** The column, from 1, in code points; 0 for an error without a position or in an empty text. */
  readonly column: number;
  /** UTF-16 offset into the expression text; -1 for an error without a position, such as an exceeded limit. */
  readonly offset: number;
}

/** The error of an evaluation that produced no value. */
export interface CelEvalError {
  readonly message: string;
  /**
   * Does kro take the error (`no such key`, …) as a sign that the data does not exist yet? If so, the caller may wait
   * and try again.
   */
  readonly pending: boolean;
}

/**
 * How evaluation reads the values of a variable:
 *
 * - with a `shape`: as kro reads an object with its schema (null fields are absent, dates are parsed, kinds are
 *   checked);
 * - with `raw`: unchanged, as in kro's `readyWhen`. Only the checker uses the declared type;
 * - with neither: by the declared type.
 */
export interface VariableOptions {
  readonly type: CelType;
  readonly shape?: DataShape;
  readonly raw?: boolean;
}

/** The options of an environment. */
export interface EnvironmentOptions {
  readonly variables?: Readonly<Record<string, CelType | VariableOptions>>;
  /** Resolves struct types. */
  readonly types?: TypeProvider;
  /**
   * Libraries in addition to the standard library. The standard library is present unless `standardLibrary` is false.
   */
  readonly libraries?: readonly Library[];
  readonly standardLibrary?: boolean;
  /** The namespace in which names are looked up first, for example `a.b`. Default: none. */
  readonly container?: string;
  /**
   * Does `has(x.f)` fail for a value `x` that has no fields, such as an int? Without this option, `has` returns false
   * for such a value. Default false, as in kro.
   */
  readonly strictPresence?: boolean;
  /**
   * Can programs use names of types (`int`, `list`) as values? With false, as in kro's typed environments, the checker
   * accepts such a name and the planner refuses the program. Default true.
   */
  readonly typeNames?: boolean;
}

/** The tree of an expression, or its syntax errors. `text` contains all errors as cel-go prints them. */
export type ParseResult =
  | { readonly ok: true; readonly ast: Ast }
  | { readonly ok: false; readonly errors: readonly CelError[]; readonly text: string };

/** A checked expression: its tree with a type for each node. Its form is internal: pass it to `plan`. */
export interface Checked {
  readonly ast: Ast;
  readonly type: CelType;
  /** The checked type of a node, by its id. */
  typeOf(id: number): CelType;
}

/** A checked expression, or the errors of the parser or of the checker (`phase`). */
export type CheckResult =
  | { readonly ok: true; readonly checked: Checked; readonly type: CelType }
  | {
      readonly ok: false;
      readonly phase: 'check' | 'parse';
      readonly errors: readonly CelError[];
      /** cel-go's full text: `ERROR: <input>:1:5: …`, source line and caret, errors joined by newlines. */
      readonly text: string;
    };

/** A program, or the reason why cel-go refuses to plan the expression. */
export type PlanResult =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly phase: 'program'; readonly errors: readonly CelError[]; readonly text: string };

/** A program with its checked expression, or the errors of the first phase that failed. */
export type CompileResult =
  | { readonly ok: true; readonly program: Program; readonly checked: Checked; readonly type: CelType }
  | Exclude<CheckResult, { ok: true }>
  | Exclude<PlanResult, { ok: true }>;

/** A budget that evaluations reduce by their cost. */
export interface SharedBudget {
  left: number;
}

/** The options of one evaluation. */
export interface EvaluateOptions {
  /**
   * The budget in units of work. One unit is an element that is created or visited, or a character of a new string.
   * Default 2,000,000.
   */
  readonly budget?: number;
  /** The result of `now()`, in milliseconds since 1970. Default: the clock. */
  readonly now?: number;
  /**
   * Do the variables hold plain JSON, as `JSON.parse` returns it, without accessors or custom prototypes? If so, the
   * data is not inspected before the evaluation. Default false.
   */
  readonly trusted?: boolean;
  /**
   * When the evaluation ends, it stores the remaining budget in `left`. The number is negative when the budget was
   * exceeded. Default: the remaining budget is not reported.
   */
  readonly meter?: { left: number };
  /**
   * A second budget, which all evaluations with the same object share. It also counts the work that the first budget
   * does not count, such as parsing a quantity, so a unit takes at most about half a microsecond. Each evaluation
   * reduces `left` by its cost. An evaluation that exceeds `left` fails, and sets `left` to 0. Default: none.
   */
  readonly shared?: SharedBudget;
  /**
   * Counts the work of searches of regular expressions. All evaluations with the same object share the limit of one
   * evaluation, which is about half a second. Default: each search has the limit.
   */
  readonly searches?: { visits: number };
}

/** The value of an expression, or the error of its evaluation. */
export type EvalResult =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: CelEvalError };

/** A planned expression. It has no state and can be evaluated any number of times. */
export interface Program {
  readonly type: CelType;
  /**
   * Evaluates the expression. Never throws. Reads only own properties of the data. Undeclared names in `variables` are
   * ignored.
   */
  evaluate(
    variables: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    options?: EvaluateOptions,
  ): EvalResult;
}

/** The declarations and options that decide what an expression means. Immutable. */
export interface Environment {
  /** Parses an expression and expands its macros. */
  parse(text: string): ParseResult;
  /** Checks the types of an expression. If the input is a string, parses it first. */
  check(input: string | Ast): CheckResult;
  /**
   * Plans a checked expression, or a parsed expression without types. Without types, overloads are chosen by the values
   * at run time, and undeclared names and unsuitable values are evaluation errors.
   */
  plan(expression: Ast | Checked): PlanResult;
  /** Parses, checks and plans an expression. */
  compile(text: string): CompileResult;
  /**
   * Returns a child environment with additional variables and, if given, another type provider (`types`) and another
   * value of `typeNames`. The child shares all other declarations and options with its parent. Entries that are added
   * to a map of variables later are declared for later expressions.
   */
  extend(
    variables: Readonly<Record<string, CelType | VariableOptions>> | ReadonlyMap<string, VariableOptions>,
    options?: Pick<EnvironmentOptions, 'typeNames' | 'types'>,
  ): Environment;
  /** Is a function of this name declared? */
  isFunction(name: string): boolean;
}
