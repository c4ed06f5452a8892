import type { Ast } from './ast.ts';
import type { CelError, CelEvalError } from './errors.ts';
import type { Library } from './library.ts';
import type { TypeProvider } from './provider.ts';
import type { DataShape } from './shape.ts';
import type { CelType } from './types.ts';
import type { Value } from './values.ts';

/**
 * How the values of a variable are to be read.
 *
 * - with a `shape`: as kro reads objects by their schema (null fields absent, dates parsed, kinds checked);
 * - `raw`: data as it is; the declared type serves the checker only (kro's `readyWhen`);
 * - neither: by the declared type.
 */
export interface VariableOptions {
  readonly type: CelType;
  readonly shape?: DataShape;
  readonly raw?: boolean;
}

/** What an environment is made of. */
export interface EnvironmentOptions {
  readonly variables?: Readonly<Record<string, CelType | VariableOptions>>;
  /** Resolves struct types. */
  readonly types?: TypeProvider;
  /** Beside the standard library, which is always there unless `standardLibrary` is false. */
  readonly libraries?: readonly Library[];
  readonly standardLibrary?: boolean;
  /** Namespace in which names are looked up first, as `a.b`. */
  readonly container?: string;
  /**
   * `has(x.f)` fails where `x` is a value that has no fields at all, instead of being false. kro leaves this
   * off, the default.
   */
  readonly strictPresence?: boolean;
  /**
   * Names of types (`int`, `list`) as values work in programs. kro's typed environments take them in the
   * checker but refuse the program; true by default.
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
  /** Units of work: an element created or visited, a byte of a string made. Default 2,000,000. */
  readonly budget?: number;
  /** The time of `now()`, in milliseconds since 1970. Default: the clock. */
  readonly now?: number;
  /**
   * The variables hold plain JSON (no accessors, no prototypes of their own), as `JSON.parse` gives it; then
   * new data need not be looked through before it is used. Default false.
   */
  readonly trusted?: boolean;
}

export type EvalResult =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: CelEvalError };

/** A planned expression. Has no state; evaluate it as often as you like. */
export interface Program {
  readonly type: CelType;
  /** Never throws for any data; reads only own properties. An undeclared name in `variables` is ignored. */
  evaluate(
    variables: Readonly<Record<string, unknown>> | ReadonlyMap<string, unknown>,
    options?: EvaluateOptions,
  ): EvalResult;
}

/** Everything that decides what an expression means. Immutable. */
export interface Environment {
  parse(text: string): ParseResult;
  check(input: string | Ast): CheckResult;
  /**
   * Plans a checked expression, or, without knowing any types, a parsed one: then values decide, and what is
   * undeclared or does not fit is an error of the evaluation.
   */
  plan(expression: Ast | Checked): PlanResult;
  /** Parse, check and plan. */
  compile(text: string): CompileResult;
  /** A child environment with more variables, and types if given; shares everything else. */
  extend(
    variables: Readonly<Record<string, CelType | VariableOptions>>,
    options?: Pick<EnvironmentOptions, 'typeNames' | 'types'>,
  ): Environment;
  /** Is a function of this name declared? */
  isFunction(name: string): boolean;
}
