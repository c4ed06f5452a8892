import type { CelUint } from './values.ts';

/** The members of all nodes. Offsets count UTF-16 units of the source text. */
export interface SyntaxNode {
  /** The number of the node, unique in its tree, from 1. The checker stores types and overloads by this number. */
  readonly id: number;
  readonly start: number;
  readonly end: number;
  /** The position at which cel-go reports an error of this node: the operator, the dot, the opening parenthesis. */
  readonly at: number;
}

/** A constant. `value` is an `Int` if `type` is int, and a `number` if `type` is double. */
export interface Literal extends SyntaxNode {
  readonly kind: 'literal';
  readonly type: 'bool' | 'bytes' | 'double' | 'int' | 'null' | 'string' | 'uint';
  readonly value: null | boolean | number | bigint | string | Uint8Array | CelUint;
  /**
   * The source text of the constant, if it has a notation that `unparse` keeps: a raw string, or a number that is not
   * decimal.
   */
  readonly written?: string;
}

/** A variable or the first part of a qualified name; a leading dot is part of the name. */
export interface Ident extends SyntaxNode {
  readonly kind: 'ident';
  readonly name: string;
}

/** `operand.field`, `operand.?field` (optional), `has(operand.field)` (test). */
export interface Select extends SyntaxNode {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  readonly test: boolean;
  readonly optional: boolean;
  /** Is the field written in backticks? */
  readonly quoted: boolean;
}

/** A function call. Operators have cel-go's names (`_+_`, `_?_:_`, `_[_]`, `_[?_]`). */
export interface Call extends SyntaxNode {
  readonly kind: 'call';
  readonly name: string;
  readonly target: Expr | undefined;
  readonly args: readonly Expr[];
}

/** `[a, ?b]`. */
export interface ListLiteral extends SyntaxNode {
  readonly kind: 'list';
  readonly elements: readonly Expr[];
  /** Indices of elements written `?e`. */
  readonly optionals: ReadonlySet<number>;
}

/** An entry of a map literal; `optional` for `?key: value`. */
export interface MapEntry {
  readonly id: number;
  readonly at: number;
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
}

/** `{a: b, ?c: d}`. */
export interface MapLiteral extends SyntaxNode {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

/** A field of a struct literal; `optional` for `?name: value`. */
export interface StructField {
  readonly id: number;
  readonly at: number;
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
}

/** `Name{field: value, ?other: value}`. */
export interface StructLiteral extends SyntaxNode {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: readonly StructField[];
}

/**
 * cel-go's fold. `init` is the first value of the accumulator. For each element of `range`, `step` computes the next
 * value, as long as `condition` is true. `result` is the value of the fold.
 */
export interface Comprehension extends SyntaxNode {
  readonly kind: 'comprehension';
  readonly range: Expr;
  readonly variable: string;
  /** The second variable of a two-variable comprehension. */
  readonly variable2: string | undefined;
  readonly accumulator: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

/** A macro call as written, and its expansion. The checker and the planner read the expansion. */
export interface MacroCall extends SyntaxNode {
  readonly kind: 'macro';
  readonly call: Call;
  readonly expansion: Expr;
}

/** A node of the tree. */
export type Expr =
  | Call
  | Comprehension
  | Ident
  | ListLiteral
  | Literal
  | MacroCall
  | MapLiteral
  | Select
  | StructLiteral;

/** A parsed expression. */
export interface Ast {
  readonly text: string;
  readonly expr: Expr;
}
