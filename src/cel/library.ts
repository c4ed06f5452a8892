import type { Call, Expr } from './ast.ts';
import type { CelType } from './types.ts';
import type { Value } from './values.ts';

/** What a function may use while it runs; passed after its arguments. */
export interface CallContext {
  /** Charges the budget: one unit per element created or visited, or per byte of a string made. Throws when it is used up. */
  charge(units: number): void;
  /** The time of `now()`, in milliseconds since 1970. */
  readonly now: number;
}

/**
 * The work of one overload. Arguments come in the form of their declared parameter type (see `Value`):
 * a `double` parameter is a plain `number`, a `list(double)` holds plain numbers; `dyn`, type parameters
 * and what is inside them are self-describing. They are already checked against the declared kind, so a
 * `string` parameter is a string; elements of lists and maps are not checked. The result has the form of
 * the declared result type. A member's receiver is the first argument. Raise errors with `fail`.
 */
export type Implementation = (...args: never[]) => Value;

/** A declaration at plan time that refuses the call (`program` phase). */
export interface PlanRefusal {
  readonly refused: string;
}

/** One signature of a function. */
export interface Overload {
  /** Unique over all libraries, cel-go's id where it has one. */
  readonly id: string;
  /** `x.f(y)`: the receiver is the first parameter. */
  readonly member?: boolean;
  /** Types of all parameters, receiver first; type parameters by `typeParam('T')`. */
  readonly params: readonly CelType[];
  readonly result: CelType;
  readonly call: Implementation;
  /**
   * Prepares for constant arguments (a compiled pattern), called once when the program is planned.
   * `constants` has undefined where an argument is not constant. Returns a better implementation (same
   * parameters), a refusal, or nothing.
   */
  readonly specialize?: (constants: readonly (Value | undefined)[]) => Implementation | PlanRefusal | undefined;
  /**
   * The error where values of unknown type fit no overload of the function; asked of the first one. Without it
   * cel-go's usual text: `no such overload: name(types)`.
   */
  readonly mismatch?: (args: readonly Value[], constants: readonly (Value | undefined)[]) => string;
}

/** A function: its name (`join`, `base64.encode`) and its overloads, in the order in which they are tried. */
export interface FunctionDeclaration {
  readonly name: string;
  readonly overloads: readonly Overload[];
}

/** What a validator may ask and say. */
export interface ValidationContext {
  typeOf(expr: Expr): CelType;
  report(expr: Expr, message: string): void;
}

/** A check of calls beyond their types, run after an error-free type check (`format` with a literal). */
export interface Validator {
  readonly functionName: string;
  validate(call: Call, context: ValidationContext): void;
}

/** Builds nodes for a macro's expansion; every node gets a new id and the position of the macro call. */
export interface MacroBuilder {
  literal(value: boolean | number | string | null): Expr;
  ident(name: string): Expr;
  select(operand: Expr, field: string, test?: boolean): Expr;
  call(name: string, args: readonly Expr[]): Expr;
  member(name: string, target: Expr, args: readonly Expr[]): Expr;
  list(elements: readonly Expr[]): Expr;
  map(entries: readonly (readonly [Expr, Expr])[]): Expr;
  struct(name: string, fields: readonly (readonly [string, Expr])[]): Expr;
  fold(parts: {
    range: Expr;
    variable: string;
    variable2?: string;
    accumulator: string;
    init: Expr;
    condition: Expr;
    step: Expr;
    result: Expr;
  }): Expr;
}

/** A macro that does not apply: `message` is reported at `expr`. */
export interface MacroError {
  readonly expr: Expr;
  readonly message: string;
}

/** A macro: name, form and number of arguments select it; it replaces the call while parsing. */
export interface Macro {
  readonly name: string;
  readonly member: boolean;
  /** Number of arguments without the receiver; undefined: any. */
  readonly args: number | undefined;
  /** The expansion, an error, or nothing when the call is an ordinary call after all. */
  readonly expand: (
    build: MacroBuilder,
    target: Expr | undefined,
    args: readonly Expr[],
  ) => { expr: Expr } | { error: MacroError } | undefined;
}

/** A variable or constant name that a library brings. */
export interface VariableDeclaration {
  readonly name: string;
  readonly type: CelType;
  /** Its value when the library fixes it. */
  readonly value?: Value;
}

/** An object type that a library brings (`kro.run.Condition`). */
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
