import type { Ast } from './ast.ts';
import type { CelError, CelEvalError } from './errors.ts';
import type { Library } from './library.ts';
import type { TypeProvider } from './provider.ts';
import type { DataShape } from './shape.ts';
import type { CelType } from './types.ts';
import type { Value } from './values.ts';

/**
 * How the values of a variable are read:
 *
 * - with a `shape`: as kro reads objects by their schema (null fields absent, dates parsed, kinds checked);
 * - with `raw`: as they are, so that the declared type serves the checker only (kro's `readyWhen`);
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
  /** Libraries besides the standard library, which is always present unless `standardLibrary` is false. */
  readonly libraries?: readonly Library[];
  readonly standardLibrary?: boolean;
  /** The namespace in which names are looked up first, as `a.b`. */
  readonly container?: string;
  /**
   * Does `has(x.f)` fail where `x` is a value that has no fields at all? Otherwise it is false there. kro leaves this
   * off, which is the default.
   */
  readonly strictPresence?: boolean;
  /**
   * Can programs use names of types (`int`, `list`) as values? kro's typed environments accept them in the checker, but
   * refuse the program. Default true.
   */
  readonly typeNames?: boolean;
}

export type ParseResult =
  | { readonly ok: true; readonly ast: Ast }
  | { readonly ok: false; readonly errors: readonly CelError[]; readonly text: string };

/** A checked expression: its tree with a type for each node. Opaque; pass it to `plan`. */
export interface Checked {
  readonly ast: Ast;
  readonly type: CelType;
  /** The checked type of a node, by its id. */
  typeOf(id: number): CelType;
}

export type CheckResult =
  | { readonly ok: true; readonly checked: Checked; readonly type: CelType }
  | {
      readonly ok: false;
      readonly phase: 'check' | 'parse';
      readonly errors: readonly CelError[];
      /** cel-go's full text: `ERROR: <input>:1:5: …`, source line and caret, errors joined by newlines. */
      readonly text: string;
    };

export type PlanResult =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly phase: 'program'; readonly errors: readonly CelError[]; readonly text: string };

export type CompileResult =
  | { readonly ok: true; readonly program: Program; readonly checked: Checked; readonly type: CelType }
  | Exclude<CheckResult, { ok: true }>
  | Exclude<PlanResult, { ok: true }>;

export interface EvaluateOptions {
  /**
   * The budget in units of work: an element that is created or visited, or a byte of a new string. Default 2,000,000.
   */
  readonly budget?: number;
  /** The result of `now()`, in milliseconds since 1970. Default: the clock. */
  readonly now?: number;
  /**
   * Do the variables hold plain JSON (no accessors, no prototypes of their own), as `JSON.parse` gives it? New data is
   * then used without an inspection. Default false.
   */
  readonly trusted?: boolean;
}

export type EvalResult =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: CelEvalError };

/** A planned expression. It has no state and can be evaluated any number of times. */
export interface Program {
  readonly type: CelType;
  /**
   * Evaluates the expression; never throws for any data, and reads only own properties. A name in `variables` that is
   * not declared is ignored.
   */
  evaluate(
    variables: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    options?: EvaluateOptions,
  ): EvalResult;
}

/** The declarations and options that decide what an expression means. Immutable. */
export interface Environment {
  parse(text: string): ParseResult;
  check(input: string | Ast): CheckResult;
  /**
   * Plans a checked expression, or a parsed one without any knowledge of types. The values then decide, and a name that
   * is not declared or a value that does not fit is an error of the evaluation.
   */
  plan(expression: Ast | Checked): PlanResult;
  /** Parses, checks and plans an expression. */
  compile(text: string): CompileResult;
  /**
   * A child environment with more variables, and with other types if given. It shares everything else with this one.
   */
  extend(
    variables: Readonly<Record<string, CelType | VariableOptions>>,
    options?: Pick<EnvironmentOptions, 'typeNames' | 'types'>,
  ): Environment;
  /** Is a function of this name declared? */
  isFunction(name: string): boolean;
}
