import { type Ast, type Expr, kroEnvironment, rewriteAst } from '@typekro/cel';
import type { Raw } from './node.ts';

/** The name that represents an operand in the text of hand-written CEL. */
export const placeholder = (position: number): string => `p__${position}__`;

const PLACEHOLDER = /^p__(\d+)__$/;

/** The position of the operand that a name represents. */
export function operandOf(name: string): number | undefined {
  const found = PLACEHOLDER.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Parses CEL of kro with the feature `now`. */
export const parseCel = (text: string) => kroEnvironment({ features: { now: true } }).parse(text);

const parsed = new Map<string, Ast | undefined>();

/**
 * The syntax tree of hand-written CEL with the operands in place of the names that represent them; `undefined` when the
 * text is not CEL. Literals stay as the author wrote them.
 */
export function treeOf({ pieces }: Raw, operands: readonly Expr[]): Expr | undefined {
  const text = pieces.map((piece, position) => (position === 0 ? '' : placeholder(position - 1)) + piece).join('');
  if (!parsed.has(text)) parsed.set(text, parseWritten(text));
  const ast = parsed.get(text);
  return ast && rewriteAst(ast, (expr) => (expr.kind === 'ident' && operands[operandOf(expr.name) ?? -1]) || expr).expr;
}

function parseWritten(text: string): Ast | undefined {
  const result = parseCel(text);
  if (!result.ok) return undefined;
  return rewriteAst(result.ast, (expr) =>
    expr.kind === 'literal' ? { ...expr, written: text.slice(expr.start, expr.end) } : expr,
  );
}
