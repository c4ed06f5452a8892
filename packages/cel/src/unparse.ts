import type { Ast, Call, Expr, Literal, MapEntry, StructField } from './ast.ts';
import type { CelUint } from './values.ts';

/** The precedence of each form of expression. An operand of lower precedence gets parentheses. */
const LEVEL = { conditional: 0, or: 1, and: 2, relation: 3, sum: 4, product: 5, unary: 6, member: 7 } as const;

const BINARY: Readonly<Record<string, readonly [text: string, level: number]>> = {
  '_||_': ['||', LEVEL.or],
  '_&&_': ['&&', LEVEL.and],
  '_<_': ['<', LEVEL.relation],
  '_<=_': ['<=', LEVEL.relation],
  '_>_': ['>', LEVEL.relation],
  '_>=_': ['>=', LEVEL.relation],
  '_==_': ['==', LEVEL.relation],
  '_!=_': ['!=', LEVEL.relation],
  '@in': ['in', LEVEL.relation],
  '_+_': ['+', LEVEL.sum],
  '_-_': ['-', LEVEL.sum],
  '_*_': ['*', LEVEL.product],
  '_/_': ['/', LEVEL.product],
  '_%_': ['%', LEVEL.product],
};

const KEYWORDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

/**
 * Prints an expression. Parentheses are printed where the grammar needs them, and around a comparison inside a
 * comparison. Macros are printed as calls. Parsing the result produces the same tree.
 */
export function unparse(ast: Ast | Expr): string {
  return text('expr' in ast ? ast.expr : ast);
}

function binary(expr: Expr): readonly [text: string, level: number] | undefined {
  if (expr.kind !== 'call' || expr.target !== undefined || expr.args.length !== 2) return undefined;
  return Object.hasOwn(BINARY, expr.name) ? BINARY[expr.name] : undefined;
}

function levelOf(expr: Expr): number {
  if (expr.kind !== 'call' || expr.target !== undefined) return LEVEL.member;
  if (expr.name === '_?_:_') return LEVEL.conditional;
  if (expr.name === '!_' || expr.name === '-_') return LEVEL.unary;
  return binary(expr)?.[1] ?? LEVEL.member;
}

/** Prints an operand, in parentheses if its precedence is lower than `level`. */
function operand(expr: Expr, level: number): string {
  return levelOf(expr) >= level ? text(expr) : `(${text(expr)})`;
}

function text(expr: Expr): string {
  switch (expr.kind) {
    case 'literal':
      return literal(expr);
    case 'ident':
      return expr.name;
    case 'select': {
      const path = `${operand(expr.operand, LEVEL.member)}.${expr.optional ? '?' : ''}${fieldName(expr.field)}`;
      return expr.test ? `has(${path})` : path;
    }
    case 'call':
      return call(expr);
    case 'list':
      return `[${expr.elements.map((element, index) => optional(expr.optionals.has(index), text(element))).join(', ')}]`;
    case 'map':
      return `{${expr.entries.map(mapEntry).join(', ')}}`;
    case 'struct':
      return `${expr.name}{${expr.fields.map(structField).join(', ')}}`;
    case 'macro':
      return text(expr.call);
    case 'comprehension':
      // Only expansions of macros contain folds. CEL has no syntax for a fold.
      return `cel.@fold(${[expr.range, expr.init, expr.condition, expr.step, expr.result].map(text).join(', ')})`;
  }
}

function optional(is: boolean, inner: string): string {
  return is ? `?${inner}` : inner;
}

function mapEntry({ key, value, optional: is }: MapEntry): string {
  return `${optional(is, text(key))}: ${text(value)}`;
}

function structField({ name, value, optional: is }: StructField): string {
  return `${optional(is, fieldName(name))}: ${text(value)}`;
}

/** Prints a field name, in backticks if the grammar needs them. */
function fieldName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !KEYWORDS.has(name) ? name : `\`${name}\``;
}

function call(expr: Call): string {
  const { name, target, args } = expr;
  const list = () => args.map(text).join(', ');
  if (target !== undefined) return `${operand(target, LEVEL.member)}.${name}(${list()})`;
  const [a, b, c] = args;
  if (name === '_?_:_' && a !== undefined && b !== undefined && c !== undefined) {
    return `${operand(a, LEVEL.or)} ? ${operand(b, LEVEL.or)} : ${text(c)}`;
  }
  if ((name === '_[_]' || name === '_[?_]') && a !== undefined && b !== undefined) {
    return `${operand(a, LEVEL.member)}[${optional(name === '_[?_]', text(b))}]`;
  }
  if (name === '!_' && a !== undefined) return `!${operand(a, LEVEL.member)}`;
  if (name === '-_' && a !== undefined) return isNumber(leftmost(a)) ? `-(${text(a)})` : `-${operand(a, LEVEL.member)}`;
  const operator = binary(expr);
  if (operator === undefined || a === undefined || b === undefined) return `${name}(${list()})`;
  const [sign, level] = operator;
  if (level <= LEVEL.and) return chain(expr, name, sign, level);
  // Comparisons associate to the left. A comparison on the left side gets parentheses to make this visible.
  return `${operand(a, level === LEVEL.relation ? level + 1 : level)} ${sign} ${operand(b, level + 1)}`;
}

/** Is the expression a number? `-5` is a number, not the negation of one. */
function isNumber(expr: Expr): boolean {
  return expr.kind === 'literal' && (expr.type === 'int' || expr.type === 'double');
}

/**
 * Returns the leftmost expression of an operand. If this is a number, the operand of a minus sign needs parentheses:
 * the parser reads `-5.abs()` as a call on the number -5.
 */
function leftmost(expr: Expr): Expr {
  if (expr.kind === 'macro') return leftmost(expr.call);
  if (expr.kind === 'select') return expr.test ? expr : leftmost(expr.operand);
  if (expr.kind !== 'call') return expr;
  if (expr.target !== undefined) return leftmost(expr.target);
  const [first] = expr.args;
  return (expr.name === '_[_]' || expr.name === '_[?_]') && first !== undefined ? leftmost(first) : expr;
}

/**
 * Prints a chain of `&&` or `||`. The parser makes a balanced tree from a chain without parentheses. If the tree is not
 * balanced in this way, parentheses preserve its form.
 */
function chain(expr: Call, name: string, sign: string, level: number): string {
  const terms = flatten(expr, name);
  if (isBalanced(expr, name, terms, 0, terms.length - 2)) {
    return terms.map((term) => operand(term, level + 1)).join(` ${sign} `);
  }
  return expr.args.map((term) => operand(term, level + 1)).join(` ${sign} `);
}

function flatten(expr: Expr, name: string): Expr[] {
  if (expr.kind !== 'call' || expr.name !== name || expr.target !== undefined) return [expr];
  return expr.args.flatMap((arg) => flatten(arg, name));
}

/** Is this the tree that the parser builds from these terms and the operators with the indices `low` … `high`? */
function isBalanced(expr: Expr, name: string, terms: readonly Expr[], low: number, high: number): boolean {
  if (expr.kind !== 'call' || expr.name !== name) return false;
  const middle = (low + high + 1) >> 1;
  const [left, right] = expr.args;
  if (left === undefined || right === undefined) return false;
  const leftFits = middle === low ? left === terms[middle] : isBalanced(left, name, terms, low, middle - 1);
  return leftFits && (middle === high ? right === terms[middle + 1] : isBalanced(right, name, terms, middle + 1, high));
}

function literal({ type, value, written }: Literal): string {
  if (written !== undefined) return written;
  switch (type) {
    case 'string':
      return `"${escape(value as string)}"`;
    case 'bytes':
      return `b"${Array.from(value as Uint8Array, byteText).join('')}"`;
    case 'uint':
      return `${(value as CelUint).value}u`;
    case 'double':
      return doubleText(value as number);
    default:
      return String(value);
  }
}

function doubleText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const digits = String(value);
  return /[.e]/.test(digits) ? digits : `${digits}.0`;
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escape(value: string): string {
  // oxlint-disable-next-line no-control-regex -- the function escapes control characters
  return value.replaceAll(/["\\\u0000-\u001f\u007f]/g, (character) => {
    const short = ESCAPES[character];
    return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function byteText(byte: number): string {
  const character = String.fromCharCode(byte);
  if (byte < 0x20 || byte > 0x7e) return ESCAPES[character] ?? `\\x${byte.toString(16).padStart(2, '0')}`;
  return ESCAPES[character] ?? character;
}
