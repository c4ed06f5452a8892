import type { Expr, MapEntry, StructField } from '../ast.ts';
import type { AstBuilder } from './builder.ts';
import { type Token, T } from './lexer.ts';

/** The maximum nesting of one grammar rule, and the maximum depth of the tree. */
export const MAX_DEPTH = 250;

/** Thrown when the source is not an expression or is nested too deeply. The recovering parser then finds the reason. */
class Bail {}
const BAIL = new Bail();

const RELATIONS: Readonly<Record<number, string>> = {
  [T.LESS]: '_<_',
  [T.LESS_EQUALS]: '_<=_',
  [T.GREATER]: '_>_',
  [T.GREATER_EQUALS]: '_>=_',
  [T.EQUALS]: '_==_',
  [T.NOT_EQUALS]: '_!=_',
  [T.IN]: '@in',
};

const PRODUCTS: Readonly<Record<number, string>> = { [T.STAR]: '_*_', [T.SLASH]: '_/_', [T.PERCENT]: '_%_' };
const SUMS: Readonly<Record<number, string>> = { [T.PLUS]: '_+_', [T.MINUS]: '_-_' };

/** The operator name of a relation, product or sum token. */
export function operatorName(type: number): string | undefined {
  return RELATIONS[type] ?? PRODUCTS[type] ?? SUMS[type];
}

/**
 * A recursive descent parser for correct expressions, without error recovery. At the first syntax error it stops.
 * `parseWithRecovery` then parses the source again and reports all errors.
 */
export class FastParser {
  readonly #builder: AstBuilder;
  readonly #tokens: readonly Token[];
  #index = 0;
  #type: number;
  /** The height of the tree of the node that was parsed last, as cel-go counts its recursion. */
  #height = 0;
  #exprDepth = 0;
  #relationDepth = 0;
  #calcDepth = 0;

  constructor(builder: AstBuilder, tokens: readonly Token[]) {
    this.#builder = builder;
    this.#tokens = tokens;
    this.#type = (tokens[0] as Token).type;
  }

  /** The tree; undefined when the recovering parser must parse the text. */
  parse(): Expr | undefined {
    try {
      const expr = this.#expr();
      return this.#type === T.EOF ? expr : undefined;
    } catch (thrown) {
      if (thrown === BAIL) return undefined;
      throw thrown;
    }
  }

  #bail(): never {
    // oxlint-disable-next-line typescript/only-throw-error -- a signal to parse(), never seen outside
    throw BAIL;
  }

  #next(): Token {
    const token = this.#tokens[this.#index] as Token;
    if (token.type !== T.EOF) this.#index++;
    this.#type = (this.#tokens[this.#index] as Token).type;
    return token;
  }

  /**
   * Returns the next token's type. A direct read would have a wrong type where TypeScript keeps the narrowing of an
   * earlier comparison.
   */
  #peek(): number {
    return this.#type;
  }

  #expect(type: number): Token {
    if (this.#type !== type) this.#bail();
    return this.#next();
  }

  #optional(type: number): Token | undefined {
    return this.#type === type ? this.#next() : undefined;
  }

  #grow(...heights: number[]): void {
    this.#height = Math.max(...heights) + 1;
    if (this.#height > MAX_DEPTH) this.#bail();
  }

  #expr(): Expr {
    if (++this.#exprDepth > MAX_DEPTH) this.#bail();
    let expr = this.#or();
    const question = this.#optional(T.QUESTION);
    if (question !== undefined) {
      const condition = this.#height;
      const then = this.#or();
      const thenHeight = this.#height;
      this.#expect(T.COLON);
      const otherwise = this.#expr();
      this.#grow(condition, thenHeight, this.#height);
      expr = this.#builder.operator('_?_:_', question, [expr, then, otherwise], expr.start, otherwise.end);
    }
    this.#exprDepth--;
    return expr;
  }

  #or(): Expr {
    const first = this.#and();
    if (this.#type !== T.OR) return first;
    return this.#chain('_||_', T.OR, first, () => this.#and());
  }

  #and(): Expr {
    const first = this.#relation();
    if (this.#type !== T.AND) return first;
    return this.#chain('_&&_', T.AND, first, () => this.#relation());
  }

  #chain(name: string, type: number, first: Expr, operand: () => Expr): Expr {
    const terms = [first];
    const operators: Token[] = [];
    let height = this.#height;
    while (this.#type === type) {
      operators.push(this.#next());
      terms.push(operand());
      height = Math.max(height, this.#height);
    }
    this.#height = height;
    return this.#builder.balanced(name, terms, operators);
  }

  #relation(): Expr {
    if (++this.#relationDepth > MAX_DEPTH) this.#bail();
    let left = this.#calc(1);
    for (;;) {
      const name = this.#type <= T.GREATER ? RELATIONS[this.#type] : undefined;
      if (name === undefined) break;
      const height = this.#height;
      const operator = this.#next();
      if (++this.#relationDepth > MAX_DEPTH) this.#bail();
      const right = this.#calc(1);
      this.#relationDepth--;
      this.#grow(height, this.#height);
      left = this.#builder.binary(name, operator, left, right);
    }
    this.#relationDepth--;
    return left;
  }

  /**
   * Parses an operand and the operators after it: sums and products (level 1), only products (level 2), or none (level
   * 3).
   */
  #calc(level: number): Expr {
    if (++this.#calcDepth > MAX_DEPTH) this.#bail();
    let left = this.#unary();
    for (;;) {
      const product = PRODUCTS[this.#type];
      const name = level <= 2 && product !== undefined ? product : level <= 1 ? SUMS[this.#type] : undefined;
      if (name === undefined) break;
      const height = this.#height;
      const operator = this.#next();
      const right = this.#calc(product === undefined ? 2 : 3);
      this.#grow(height, this.#height);
      left = this.#builder.binary(name, operator, left, right);
    }
    this.#calcDepth--;
    return left;
  }

  #unary(): Expr {
    if (this.#type === T.EXCLAM) return this.#prefixed(T.EXCLAM, '!_');
    if (this.#type === T.MINUS) {
      const following = (this.#tokens[this.#index + 1] as Token).type;
      if (following !== T.INT && following !== T.FLOAT) return this.#prefixed(T.MINUS, '-_');
    }
    return this.#member();
  }

  /**
   * Parses a run of equal prefix operators. An even number of operators cancels out. The node has the position of the
   * first operator.
   */
  #prefixed(type: number, name: string): Expr {
    const first = this.#next();
    let count = 1;
    while (this.#type === type) {
      this.#next();
      count++;
    }
    const operand = this.#member();
    if (count % 2 === 0) return operand;
    return this.#builder.operator(name, first, [operand], first.start, operand.end);
  }

  #member(): Expr {
    let expr = this.#primary();
    for (;;) {
      if (this.#type === T.DOT) expr = this.#dot(expr);
      else if (this.#type === T.LBRACKET) expr = this.#subscript(expr);
      else return expr;
    }
  }

  #dot(operand: Expr): Expr {
    const height = this.#height;
    const dot = this.#next();
    const optional = this.#optional(T.QUESTION) !== undefined;
    const name = this.#name();
    if (optional || this.#type !== T.LPAREN || name.type !== T.IDENTIFIER) {
      this.#grow(height);
      return this.#builder.select(operand, dot, name, optional);
    }
    const open = this.#next();
    const { args, end } = this.#args();
    this.#grow(height, this.#height);
    return this.#builder.memberCall(operand, name, open, args, end);
  }

  #name(): Token {
    if (this.#type !== T.IDENTIFIER && this.#type !== T.ESC_IDENTIFIER) this.#bail();
    return this.#next();
  }

  #subscript(operand: Expr): Expr {
    const height = this.#height;
    const open = this.#next();
    const optional = this.#optional(T.QUESTION) !== undefined;
    const index = this.#expr();
    const { end } = this.#expect(T.RBRACKET);
    this.#grow(height, this.#height);
    return this.#builder.operator(optional ? '_[?_]' : '_[_]', open, [operand, index], operand.start, end);
  }

  /** Parses arguments after the opening parenthesis, including the closing parenthesis. */
  #args(): { args: Expr[]; end: number } {
    const args: Expr[] = [];
    let height = 0;
    if (this.#type !== T.RPAREN) {
      do {
        args.push(this.#expr());
        height = Math.max(height, this.#height);
      } while (this.#optional(T.COMMA) !== undefined);
    }
    this.#height = height;
    return { args, end: this.#expect(T.RPAREN).end };
  }

  #primary(): Expr {
    this.#height = 0;
    switch (this.#type) {
      case T.IDENTIFIER:
        return this.#named(undefined);
      case T.DOT: {
        const dot = this.#next();
        if (this.#peek() !== T.IDENTIFIER) this.#bail();
        return this.#named(dot);
      }
      case T.LPAREN: {
        this.#next();
        const expr = this.#expr();
        this.#expect(T.RPAREN);
        return expr;
      }
      case T.LBRACKET:
        return this.#list();
      case T.LBRACE:
        return this.#map();
      case T.MINUS: {
        const sign = this.#next();
        if (this.#peek() !== T.INT && this.#peek() !== T.FLOAT) this.#bail();
        return this.#builder.literal(this.#next(), sign);
      }
      default:
        if (this.#type < T.TRUE || this.#type > T.BYTES) this.#bail();
        return this.#builder.literal(this.#next(), undefined);
    }
  }

  /** Parses an identifier, a call or, if a brace follows the dotted name, a struct. */
  #named(dot: Token | undefined): Expr {
    const name = this.#next();
    if (this.#type === T.LPAREN) {
      const open = this.#next();
      const { args, end } = this.#args();
      return this.#builder.globalCall(dot, name, open, args, end);
    }
    const names = this.#structName();
    if (names === undefined) return this.#builder.ident(dot, name);
    return this.#struct(dot, [name, ...names]);
  }

  /** Looks ahead for `.b.c {`, and consumes the names if they are there. */
  #structName(): Token[] | undefined {
    let at = this.#index;
    const typeAt = (index: number) => this.#tokens[index]?.type;
    while (typeAt(at) === T.DOT && typeAt(at + 1) === T.IDENTIFIER) at += 2;
    if (typeAt(at) !== T.LBRACE) return undefined;
    const names: Token[] = [];
    while (this.#type === T.DOT) {
      this.#next();
      names.push(this.#next());
    }
    return names;
  }

  #struct(dot: Token | undefined, names: readonly Token[]): Expr {
    const open = this.#next();
    const fields: StructField[] = [];
    let height = 0;
    while (this.#type !== T.RBRACE) {
      if (this.#separator(fields.length, T.RBRACE)) break;
      const optional = this.#optional(T.QUESTION) !== undefined;
      const name = this.#name();
      const colon = this.#expect(T.COLON);
      const value = this.#expr();
      height = Math.max(height, this.#height);
      fields.push(this.#builder.field(colon, name, value, optional));
    }
    this.#height = height;
    return this.#builder.struct(dot, names, open, fields, this.#next().end);
  }

  /**
   * Consumes the comma before an element. Returns true when the closing token follows: after a trailing comma, and in
   * an empty literal, which may contain one comma.
   */
  #separator(count: number, close: number): boolean {
    if (count > 0) this.#expect(T.COMMA);
    else if (this.#optional(T.COMMA) !== undefined && this.#type !== close) this.#bail();
    return this.#type === close;
  }

  #list(): Expr {
    const open = this.#next();
    const elements: Expr[] = [];
    const optionals = new Set<number>();
    let height = 0;
    while (this.#type !== T.RBRACKET) {
      if (this.#separator(elements.length, T.RBRACKET)) break;
      if (this.#optional(T.QUESTION) !== undefined) optionals.add(elements.length);
      elements.push(this.#expr());
      height = Math.max(height, this.#height);
    }
    this.#height = height;
    return this.#builder.list(open, elements, optionals, this.#next().end);
  }

  #map(): Expr {
    const open = this.#next();
    const entries: MapEntry[] = [];
    let height = 0;
    while (this.#type !== T.RBRACE) {
      if (this.#separator(entries.length, T.RBRACE)) break;
      const optional = this.#optional(T.QUESTION) !== undefined;
      const key = this.#expr();
      height = Math.max(height, this.#height);
      const colon = this.#expect(T.COLON);
      const value = this.#expr();
      height = Math.max(height, this.#height);
      entries.push(this.#builder.entry(colon, key, value, optional));
    }
    this.#height = height;
    return this.#builder.map(open, entries, this.#next().end);
  }
}
