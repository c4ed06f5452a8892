import type { Call, Expr, ListLiteral, Literal, MapEntry, StructField } from '../ast.ts';
import type { Macro } from '../library.ts';
import { CelUint, checkedInt } from '../values.ts';
import { type Token, T } from './lexer.ts';
import { MacroExpander } from './macro-expander.ts';
import { type ErrorList, NO_OFFSET } from './error-list.ts';
import { bytesOfToken, unescapeString } from './unescape.ts';

/** Names that no variable or function may have. */
export const RESERVED: ReadonlySet<string> = new Set(
  (
    'as break const continue else false for function if import in let loop ' +
    'package namespace null return true var void while'
  ).split(' '),
);

/**
 * The maximum number of nodes in one tree. Nested macros that copy their operand could otherwise make a tree that is
 * exponentially larger than the expression.
 */
const MAX_NODES = 100_000;

/** The macros of each name. Several macros may have the same name. */
export type MacroTable = ReadonlyMap<string, readonly Macro[]>;

/** Thrown inside the parser when the tree grows too large. */
export class TooManyNodes {}

/**
 * Makes nodes, expands macros and reports errors that the grammar cannot express. The fast parser and the recovering
 * parser use it.
 */
export class AstBuilder {
  readonly text: string;
  readonly errors: ErrorList;
  readonly #macros: MacroTable;
  #lastId = 0;

  constructor(text: string, errors: ErrorList, macros: MacroTable) {
    this.text = text;
    this.errors = errors;
    this.#macros = macros;
  }

  id(): number {
    if (this.#lastId >= MAX_NODES) {
      // oxlint-disable-next-line typescript/only-throw-error -- a signal that the entry function of the parser catches
      throw new TooManyNodes();
    }
    return ++this.#lastId;
  }

  textOf(token: Token): string {
    return this.text.slice(token.start, token.end);
  }

  /** Reports an error. Returns a placeholder for the part that could not be built. */
  error(offset: number, message: string): Literal {
    this.errors.add(offset, message);
    return this.#literal('null', null, Math.max(offset, 0), Math.max(offset, 0));
  }

  /** A placeholder for a part that is missing because of a syntax error. */
  missing(offset: number): Literal {
    return this.#literal('null', null, offset, offset);
  }

  #literal(type: Literal['type'], value: Literal['value'], start: number, end: number): Literal {
    return { kind: 'literal', id: this.id(), start, end, at: start, type, value };
  }

  /** Makes a constant. `sign` is the minus token before a number. */
  literal(token: Token, sign: Token | undefined): Literal {
    const start = sign === undefined ? token.start : sign.start;
    const { end } = token;
    const text = this.textOf(token);
    switch (token.type) {
      case T.INT: {
        const digits = BigInt(text);
        const value = sign === undefined ? digits : -digits;
        if (value > 2n ** 63n - 1n || value < -(2n ** 63n)) return this.error(start, 'invalid int literal');
        return this.#literal('int', checkedInt(value), start, end);
      }
      case T.UINT: {
        const value = BigInt(text.slice(0, -1));
        if (value > 2n ** 64n - 1n) return this.error(start, 'invalid uint literal');
        return this.#literal('uint', new CelUint(value), start, end);
      }
      case T.FLOAT: {
        const value = sign === undefined ? Number(text) : -Number(text);
        if (!Number.isFinite(value)) return this.error(start, 'invalid double literal');
        return this.#literal('double', value, start, end);
      }
      case T.STRING: {
        const value = unescapeString(text);
        if (value === undefined) return this.error(start, 'invalid unicode code point');
        return this.#literal('string', value, start, end);
      }
      case T.BYTES: {
        const value = bytesOfToken(text.slice(1));
        if (value === undefined) return this.error(start, 'unable to unescape string');
        return this.#literal('bytes', value, start, end);
      }
      case T.TRUE:
      case T.FALSE:
        return this.#literal('bool', token.type === T.TRUE, start, end);
      default:
        return this.#literal('null', null, start, end);
    }
  }

  ident(dot: Token | undefined, token: Token): Expr {
    const name = this.textOf(token);
    const start = (dot ?? token).start;
    if (RESERVED.has(name)) return this.error(start, `reserved identifier: ${name}`);
    return {
      kind: 'ident',
      id: this.id(),
      start,
      end: token.end,
      at: token.start,
      name: dot === undefined ? name : `.${name}`,
    };
  }

  /** `operand.field`; `field` is a name, or a name in backticks. */
  select(operand: Expr, dot: Token, field: Token, optional: boolean): Expr {
    const quoted = field.type === T.ESC_IDENTIFIER;
    const text = this.textOf(field);
    return {
      kind: 'select',
      id: this.id(),
      start: operand.start,
      end: field.end,
      at: dot.start,
      operand,
      field: quoted ? text.slice(1, -1) : text,
      test: false,
      optional,
      quoted,
    };
  }

  operator(name: string, at: Token, args: readonly Expr[], start: number, end: number): Call {
    return { kind: 'call', id: this.id(), start, end, at: at.start, name, target: undefined, args };
  }

  binary(name: string, at: Token, left: Expr, right: Expr): Call {
    return this.operator(name, at, [left, right], left.start, right.end);
  }

  /** Makes a balanced tree from a chain of `&&` or `||`. */
  balanced(name: string, terms: readonly Expr[], operators: readonly Token[]): Expr {
    return balanced(terms as readonly [Expr, ...Expr[]], (left, right, operator) =>
      this.binary(name, operators[operator] as Token, left, right),
    );
  }

  globalCall(dot: Token | undefined, token: Token, open: Token, args: readonly Expr[], end: number): Expr {
    const name = this.textOf(token);
    const start = (dot ?? token).start;
    if (RESERVED.has(name)) return this.error(start, `reserved identifier: ${name}`);
    return this.#call(dot === undefined ? name : `.${name}`, undefined, open, args, start, end);
  }

  memberCall(target: Expr, token: Token, open: Token, args: readonly Expr[], end: number): Expr {
    return this.#call(this.textOf(token), target, open, args, target.start, end);
  }

  #call(name: string, target: Expr | undefined, open: Token, args: readonly Expr[], start: number, end: number): Expr {
    const call: Call = { kind: 'call', id: this.id(), start, end, at: open.start, name, target, args };
    const candidates = this.#macros.get(name);
    if (candidates === undefined) return call;
    const fits = (macro: Macro) => macro.member === (target !== undefined) && macro.args === args.length;
    const macro =
      candidates.find(fits) ??
      candidates.find((entry) => entry.member === (target !== undefined) && entry.args === undefined);
    const result = macro?.expand(new MacroExpander(() => this.id(), call), target, args);
    if (result === undefined) return call;
    if ('error' in result) {
      this.errors.add(result.error.expr.at, result.error.message);
      return this.missing(result.error.expr.at);
    }
    return { kind: 'macro', id: this.id(), start, end, at: open.start, call, expansion: result.expr };
  }

  list(open: Token, elements: readonly Expr[], optionals: ReadonlySet<number>, end: number): ListLiteral {
    return { kind: 'list', id: this.id(), start: open.start, end, at: open.start, elements, optionals };
  }

  entry(colon: Token, key: Expr, value: Expr, optional: boolean): MapEntry {
    return { id: this.id(), at: colon.start, key, value, optional };
  }

  map(open: Token, entries: readonly MapEntry[], end: number): Expr {
    return { kind: 'map', id: this.id(), start: open.start, end, at: open.start, entries };
  }

  field(colon: Token, name: Token, value: Expr, optional: boolean): StructField {
    const text = this.textOf(name);
    const plain = name.type === T.ESC_IDENTIFIER ? text.slice(1, -1) : text;
    return { id: this.id(), at: colon.start, name: plain, value, optional };
  }

  struct(
    dot: Token | undefined,
    names: readonly Token[],
    open: Token,
    fields: readonly StructField[],
    end: number,
  ): Expr {
    const name = (dot === undefined ? '' : '.') + names.map((token) => this.textOf(token)).join('.');
    const start = (dot ?? names[0] ?? open).start;
    return { kind: 'struct', id: this.id(), start, end, at: open.start, name, fields };
  }
}

/** Adds an error that has no position. */
export function limitError(errors: ErrorList, message: string): void {
  errors.add(NO_OFFSET, message);
}

/**
 * Builds cel-go's tree for a chain of `&&` or `||`. The tree is balanced, so a long chain has a small depth. `join`
 * receives the left and the right subtree, and the index of the operator between them.
 */
export function balanced<T>(terms: readonly [T, ...T[]], join: (left: T, right: T, operator: number) => T): T {
  const build = (low: number, high: number): T => {
    const middle = (low + high + 1) >> 1;
    const left = middle === low ? (terms[middle] ?? terms[0]) : build(low, middle - 1);
    const right = middle === high ? (terms[middle + 1] ?? terms[0]) : build(middle + 1, high);
    return join(left, right, middle);
  };
  return terms.length === 1 ? terms[0] : build(0, terms.length - 2);
}
