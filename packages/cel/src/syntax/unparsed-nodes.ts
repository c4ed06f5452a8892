import { balanced } from './builder.ts';
import type { Call, Expr, Literal, MapEntry } from '../ast.ts';

/**
 * The position members of nodes that are built without a source text. Use such nodes only for `unparse`: they have no
 * positions and no ids, and macros are plain calls. To check or run the expression, parse the unparsed text.
 */
const NOWHERE = { id: 0, start: 0, end: 0, at: 0 } as const;

/** A constant: a bigint for an int, a number for a double. */
export function literal(type: Literal['type'], value: Literal['value']): Literal {
  return { ...NOWHERE, kind: 'literal', type, value };
}

/** A variable. */
export function ident(name: string): Expr {
  return { ...NOWHERE, kind: 'ident', name };
}

/** `operand.field`. With `optional` it is `operand.?field`; with `test` it is `has(operand.field)`. */
export function select(operand: Expr, field: string, how: { optional?: boolean; test?: boolean } = {}): Expr {
  const { optional = false, test = false } = how;
  return { ...NOWHERE, kind: 'select', operand, field, optional, test, quoted: false };
}

/** `name(args…)`; operators have cel-go's names, such as `_+_`. */
export function call(name: string, args: readonly Expr[]): Call {
  return { ...NOWHERE, kind: 'call', name, target: undefined, args };
}

/** `target.name(args…)`, as a method call or a macro call. */
export function member(name: string, target: Expr, args: readonly Expr[]): Call {
  return { ...NOWHERE, kind: 'call', name, target, args };
}

/** `a && b && …` or `a || b || …` with at least one term. */
export function chain(name: '_&&_' | '_||_', terms: readonly [Expr, ...Expr[]]): Expr {
  return balanced<Expr>(terms, (left, right) => call(name, [left, right]));
}

/** `[elements…]`. */
export function list(elements: readonly Expr[]): Expr {
  return { ...NOWHERE, kind: 'list', elements, optionals: new Set() };
}

/** `{entries…}`. An optional entry (`?key: value`) is absent from the map when its value is an empty optional. */
export function map(entries: readonly Pick<MapEntry, 'key' | 'value' | 'optional'>[]): Expr {
  return { ...NOWHERE, kind: 'map', entries: entries.map((entry) => ({ ...NOWHERE, ...entry })) };
}
