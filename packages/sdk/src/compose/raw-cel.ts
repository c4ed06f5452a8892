import { concat, literal, raw, select } from './ir/build.ts';
import { operandOf, parseCel, placeholder } from './ir/handwritten.ts';
import { type Node, makeNode } from './ir/node.ts';
import { type StaticType, BOOL, DYN, FLOAT, INTEGER, joinTypes, NULL, STRING } from './ir/types.ts';
import { type Call, type Expr, tokenize, walkAst } from '@typekro/cel';
import { explainSyntaxError } from '@typekro/engine/graph';
import { activeTrace } from './trace/current-trace.ts';
import { TypeKroError } from '@typekro/kit/core';
import { refuse } from './refusal/refusal.ts';
import { resolveMerged } from './value/merge.ts';
import { toNode } from './value/value-nodes.ts';
import { textNode } from './value/ops.ts';
import { hasTokens } from './value/proxy.ts';

/** A part of raw CEL: a string that the author wrote, or an expression. */
type Piece = string | Node;

/**
 * Joins pieces of CEL and values into one expression. Values are inserted as they are. If a text piece cannot continue
 * the expression, all pieces are joined as a string instead: `name, '-service'`, for example, because CEL has no minus
 * for strings.
 */
export function rawParts(parts: readonly unknown[], separator: string): Node {
  activeTrace().handwritten = true;
  if (parts.length === 0) invalid('an expression needs at least one part');
  const pieces = parts.map(pieceOf);
  const first = pieces[0];
  if (pieces.length === 1 && first !== undefined && typeof first !== 'string') return first;
  if (isTextContinuation(pieces))
    return concat(pieces.map((piece) => (typeof piece === 'string' ? literal(piece) : asText(piece))));
  return rawNode(pieces, separator);
}

function pieceOf(part: unknown): Piece {
  const value = resolveMerged(part);
  if (value === undefined || value === null || value === '') invalid('a part of an expression is empty');
  if (typeof value === 'string') {
    if (hasTokens(value)) return textNode(value);
    if (hasScriptEquality(value)) {
      throw new TypeKroError(`"${value}" has an operator of JavaScript`, {
        code: 'CEL_INVALID_JS_OPERATOR',
        remedy: 'write == or != in CEL',
      });
    }
    return value;
  }
  return toNode(value);
}

/** Does the text contain `===` or `!==` outside its string literals? CEL has neither. */
function hasScriptEquality(text: string): boolean {
  if (!/[=!]==/.test(text)) return false;
  return tokenize(text).tokens.some(({ start, end }) => /^[=!]=$/.test(text.slice(start, end)) && text[end] === '=');
}

function invalid(message: string): never {
  throw new TypeKroError(message, { code: 'CEL_INVALID_INPUT', remedy: 'pass strings, values and references' });
}

const asText = (node: Node): Node =>
  node.type.kind === 'string' ? node : makeNode({ kind: 'tostr', args: [node], type: STRING });

/**
 * Are the pieces parts of a string instead of CEL? True if a text piece follows a string value and cannot continue a
 * CEL expression. A minus, for example, cannot, because CEL has no minus with a string on its left.
 */
function isTextContinuation(pieces: readonly Piece[]): boolean {
  return pieces.some((piece, position) => {
    const before = pieces[position - 1];
    return (
      typeof piece === 'string' &&
      before !== undefined &&
      typeof before !== 'string' &&
      before.type.kind === 'string' &&
      (piece.startsWith('-') || !isContinuation(piece))
    );
  });
}

/** Can the text follow a complete expression in CEL? An operator, a member and a bracket can. */
function isContinuation(text: string): boolean {
  return /^\s*(?:[.,)\]?:[(]|[=!<>]=|[<>+*/%]|&&|\|\||in\b|-\s)/.test(text) || /^\s*$/.test(text);
}

function rawNode(pieces: readonly Piece[], separator: string): Node {
  const args: Node[] = [];
  let source = '';
  for (const [position, piece] of pieces.entries()) {
    const gap = position > 0 ? separator : '';
    if (typeof piece === 'string') {
      // A word such as `in` needs a space between itself and the value before it.
      const word = position > 0 && typeof pieces[position - 1] !== 'string' && /^[A-Za-z?:=!<>&|]/.test(piece);
      source += gap + (word ? ` ${piece}` : piece);
    } else {
      source += `${gap}${placeholder(args.length)}`;
      args.push(plainCounter(piece));
    }
  }
  const parsed = parseCel(source);
  if (!parsed.ok) {
    const withoutPlaceholders = (text: string) => text.replaceAll(PLACEHOLDERS, '…');
    const [error] = parsed.errors;
    const words = error === undefined || error.offset < 0 ? undefined : explainSyntaxError(source, error.offset);
    return refuse(
      'syntax',
      withoutPlaceholders(`"${source}" is not CEL: ${words?.message ?? error?.message ?? 'syntax error'}`),
      withoutPlaceholders(words?.hint ?? 'check the pieces of the expression'),
    );
  }
  walkAst(parsed.ast, (expr) => {
    if (expr.kind === 'literal' && source.slice(expr.start, expr.end).search(PLACEHOLDERS) >= 0)
      refuse(
        'syntax',
        `a value is inside the string ${source.slice(expr.start, expr.end).replaceAll(PLACEHOLDERS, '…')} of an expression`,
        "end the string before the value: '\"a\" + string(', value, ')'; or use Cel.template",
      );
  });
  const text = withDynBranches(source, parsed.ast.expr, args);
  return raw(text.split(PLACEHOLDERS), args, typeOfAst(parsed.ast.expr, args));
}

const PLACEHOLDERS = /\bp__\d+__/g;

/**
 * Converts the read of a number with the default 0 to the plain read: `a.?b.orValue(0)` becomes `a.b`. Raw CEL has no
 * defaults that the author did not write. Returns any other node unchanged.
 */
export function plainCounter(node: Node): Node {
  const [optional, zero] = node.args;
  if (node.kind !== 'orvalue' || optional?.kind !== 'optselect' || zero?.kind !== 'lit' || zero.value !== 0)
    return node;
  return select(optional.args[0], optional.field, node.type);
}

/** Wraps the branches of a conditional in dyn() when their types differ, because CEL requires this. */
function withDynBranches(source: string, root: Expr, args: readonly Node[]): string {
  if (root.kind !== 'call' || root.name !== '_?_:_') return source;
  const [, a, b] = root.args as [Expr, Expr, Expr];
  const kinds = [typeOfAst(a, args), typeOfAst(b, args)].map((type) => type.kind);
  if (kinds[0] === kinds[1] || kinds.includes('dyn')) return source;
  activeTrace().warn(
    'mixed-branches',
    `the branches of a conditional are ${kinds.join(' and ')}; both are wrapped in dyn()`,
  );
  return `${source.slice(0, a.start)}dyn(${source.slice(a.start, a.end)})${source.slice(a.end, b.start)}dyn(${source.slice(b.start, b.end)})${source.slice(b.end)}`;
}

const CONDITIONS = new Set(
  '_==_ _!=_ _<_ _<=_ _>_ _>=_ _&&_ _||_ !_ @in startsWith endsWith contains matches has exists all'.split(' '),
);

/**
 * The type of raw CEL, if its syntax shows the type, as for conditions, conditionals, strings and numbers; `DYN` for
 * any other expression.
 */
function typeOfAst(node: Expr, args: readonly Node[]): StaticType {
  switch (node.kind) {
    case 'ident': {
      return args[operandOf(node.name) ?? -1]?.type ?? DYN;
    }
    case 'literal':
      return literalType(node.type);
    case 'select':
      return node.test ? BOOL : DYN;
    case 'macro':
      return typeOfAst(node.call, args);
    case 'call':
      return typeOfCall(node, args);
    default:
      return DYN;
  }
}

function typeOfCall(node: Call, args: readonly Node[]): StaticType {
  const { name } = node;
  if (CONDITIONS.has(name)) return BOOL;
  if (name === 'string') return STRING;
  if (name === 'size' || name === 'int') return INTEGER;
  const of = (position: number) => typeOfAst(node.args[position] as Expr, args);
  if (name === '_?_:_') return joinTypes(of(1), of(2));
  return /^_[-+*/%]_$/.test(name) ? joinTypes(of(0), of(1)) : DYN;
}

function literalType(type: string): StaticType {
  switch (type) {
    case 'string':
      return STRING;
    case 'bool':
      return BOOL;
    case 'int':
      return INTEGER;
    case 'double':
      return FLOAT;
    case 'null':
      return NULL;
    default:
      return DYN;
  }
}
