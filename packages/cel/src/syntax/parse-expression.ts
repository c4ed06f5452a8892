import type { ParseResult } from '../api.ts';
import type { Expr } from '../ast.ts';
import { codePointLength } from '../utf8.ts';
import { type MacroTable, AstBuilder, TooManyNodes, limitError } from './builder.ts';
import { FastParser } from './fast-parser.ts';
import { type LexicalError, type Token, tokenize } from './lexer.ts';
import { GiveUp, RecoveringParser } from './recovering-parser.ts';
import { ErrorList } from './error-list.ts';
import { TreeVisitor } from './tree-visitor.ts';

/** The maximum length of an expression, in code points. */
const MAX_LENGTH = 100_000;

/** Parses an expression. Never throws. Syntax errors are part of the result, with cel-go's messages. */
export function parseExpression(text: string, macros: MacroTable): ParseResult {
  const errors = new ErrorList(text);
  const length = text.length > MAX_LENGTH ? codePointLength(text) : 0;
  if (length > MAX_LENGTH) {
    limitError(errors, `expression code point size exceeds limit: size: ${length}, limit ${MAX_LENGTH}`);
    return { ok: false, errors: errors.sorted(), text: errors.render() };
  }
  const { tokens, errors: lexical } = tokenize(text);
  let expr: Expr | undefined;
  if (lexical.length === 0)
    expr = guarded(errors, () => new FastParser(new AstBuilder(text, errors, macros), tokens).parse());
  if (expr !== undefined && errors.count === 0) return { ok: true, ast: { text, expr } };
  const slow = new ErrorList(text);
  expr = guarded(slow, () => parseWithRecovery(text, tokens, lexical, slow, macros));
  if (expr !== undefined && slow.count === 0) return { ok: true, ast: { text, expr } };
  return { ok: false, errors: slow.sorted(), text: slow.render() };
}

function parseWithRecovery(
  text: string,
  tokens: readonly Token[],
  lexical: readonly LexicalError[],
  errors: ErrorList,
  macros: MacroTable,
): Expr {
  const parser = new RecoveringParser(text, tokens, lexical, (offset, message) => errors.add(offset, message));
  return new TreeVisitor(new AstBuilder(text, errors, macros)).visit(parser.parse());
}

/** Runs a parser, and converts the signals that it throws to errors. */
function guarded(errors: ErrorList, parse: () => Expr | undefined): Expr | undefined {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof TooManyNodes) limitError(errors, 'expression node limit exceeded');
    else if (thrown instanceof GiveUp) {
      if (thrown.message !== undefined) limitError(errors, thrown.message);
    } else throw thrown;
    return undefined;
  }
}
