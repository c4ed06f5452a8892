import type { Call, Comprehension, Expr, SyntaxNode } from './ast.ts';
import type { CelType } from './types.ts';
import type { Value } from './values.ts';

/** The context of a function call, passed after its arguments. */
export interface CallContext {
  /**
   * Charges the budget. A function charges one unit per element that it creates or visits, and one unit per character
   * of a new string.
   *
   * @throws EvalFailure when the budget is used up
   */
  charge(units: number): void;
  /**
   * Charges work that cel-go's cost does not count, such as parsing, to the budget that evaluations share, if there is
   * one. A unit is about half a microsecond.
   *
   * @throws EvalFailure when the shared budget is used up
   */
  work(units: number): void;
  /** The time of `now()`, in milliseconds since 1970. */
  readonly now: number;
  /** The work of all searches of regular expressions, if several evaluations share its limit. */
  readonly searches?: { visits: number } | undefined;
}

/**
 * The implementation of one overload. An argument has the form of its declared parameter type (see `Value`). A `double`
 * is a plain `number`, and a `list(double)` holds plain numbers. If the declared type is `dyn` or a type parameter, the
 * argument and all its parts are self-describing (see `Value`). The kind of each argument is checked before the call;
 * elements of lists and maps are not checked. The receiver of a member function is the first argument. The result has
 * the form of the declared result type. Implementations raise errors with `fail`.
 */
export type Implementation = (...args: never[]) => Value;

/** The reason why a call is refused when the program is planned (`program` phase). */
export interface PlanRefusal {
  readonly refused: string;
}

/** One signature of a function. */
export interface Overload {
  /** The id, unique in all libraries; cel-go's id where the overload has one. */
  readonly id: string;
  /** Is the overload called as `x.f(y)`? The receiver is then the first parameter. */
  readonly member?: boolean;
  /** The types of all parameters, beginning with the receiver. `typeParam('T')` makes a type parameter. */
  readonly params: readonly CelType[];
  readonly result: CelType;
  readonly call: Implementation;
  /**
   * Prepares the overload for constant arguments; for example, compiles a pattern. The planner calls it once for each
   * call in the program. `constants` has undefined for an argument that is not constant. Returns a faster
   * implementation with the same parameters, a refusal, or undefined to keep `call`.
   */
  readonly specialize?: (constants: readonly (Value | undefined)[]) => Implementation | PlanRefusal | undefined;
  /**
   * Returns the message for a call at run time whose arguments match no overload of the function. Only the `mismatch`
   * of the function's first overload is used. Default: cel-go's usual message `no such overload: name(types)`.
   */
  readonly mismatch?: (args: readonly Value[], constants: readonly (Value | undefined)[]) => string;
}

/** A function with its name (`join`, `base64.encode`). The overloads are tried in their order. */
export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

/** The functions that a validator can call. */
export interface ValidationContext {
  typeOf(expr: Expr): CelType;
  report(expr: Expr, message: string): void;
}

/**
 * Checks calls of a function for errors that types do not show. For example, each clause in a literal format string
 * needs a suitable argument of `format`. Validators run when the type check finds no error.
 */
export interface Validator {
  readonly functionName: string;
  validate(call: Call, context: ValidationContext): void;
}

/** Builds the nodes of a macro's expansion. Every node gets a new id and the position of the macro call. */
export interface MacroBuilder {
  literal(value: boolean | number | string | null): Expr;
  ident(name: string): Expr;
  select(operand: Expr, field: string, test?: boolean): Expr;
  call(name: string, args: readonly Expr[]): Expr;
  member(name: string, target: Expr, args: readonly Expr[]): Expr;
  list(elements: readonly Expr[]): Expr;
  map(entries: readonly (readonly [Expr, Expr])[]): Expr;
  struct(name: string, fields: readonly (readonly [string, Expr])[]): Expr;
  fold(parts: Omit<Comprehension, keyof SyntaxNode | 'kind' | 'variable2'> & { variable2?: string }): Expr;
}

/** The error of a macro call; `message` is reported at `expr`. */
export interface MacroError {
  readonly expr: Expr;
  readonly message: string;
}

/** A macro. During parsing, it replaces the calls that have its name, form and number of arguments. */
export interface Macro {
  readonly name: string;
  readonly member: boolean;
  /** The number of arguments without the receiver; undefined for any number. */
  readonly args: number | undefined;
  /** Returns the expansion, an error, or undefined when the call is not a use of the macro. */
  readonly expand: (
    build: MacroBuilder,
    target: Expr | undefined,
    args: readonly Expr[],
  ) => { expr: Expr } | { error: MacroError } | undefined;
}

/** A variable or constant of a library. */
export interface VariableDeclaration {
  readonly name: string;
  readonly type: CelType;
  /** The value, if the library defines a constant. */
  readonly value?: Value;
}

/** An object type of a library (`kro.run.Condition`). */
export interface StructDeclaration {
  readonly name: string;
  readonly fields: Readonly<Record<string, CelType>>;
}

/** Functions, macros, validators and types under one name. */
export interface Library {
  readonly name: string;
  readonly functions?: readonly FunctionDeclaration[];
  readonly macros?: readonly Macro[];
  readonly validators?: readonly Validator[];
  readonly variables?: readonly VariableDeclaration[];
  readonly structs?: readonly StructDeclaration[];
}
