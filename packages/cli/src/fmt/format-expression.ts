import { kroEnvironment, rewriteAst, unparse } from '@typekro/cel';
import { once } from '@typekro/kit/core';

/** The environment is used only for parsing, so it declares no variables or types. */
const environment = once(() => kroEnvironment({ features: { now: true, math: true, sets: true } }));

/**
 * Formats an expression with CEL's printer: one space around operators, no redundant parentheses. String literals keep
 * their quotes. Returns the expression unchanged when it does not parse, spans several lines, contains `//`, or when
 * the result would have another meaning.
 */
export function formatExpression(cel: string): string {
  // The printer would drop the author's line breaks and comments.
  if (/[\n\r]/.test(cel) || cel.includes('//')) return cel;
  const parsed = environment().parse(cel);
  if (!parsed.ok) return cel;
  const kept = rewriteAst(parsed.ast, (expr) =>
    expr.kind === 'literal' && expr.written === undefined && expr.end > expr.start
      ? { ...expr, written: cel.slice(expr.start, expr.end) }
      : expr,
  );
  const text = unparse(kept);
  if (text === cel) return cel;
  const again = environment().parse(text);
  return again.ok && isSame(parsed.ast.expr, again.ast.expr) ? text : cel;
}

/**
 * Members of syntax nodes that do not affect the meaning: positions, notation, and members that follow from other
 * members.
 */
const NO_MEANING: ReadonlySet<string> = new Set(['id', 'start', 'end', 'at', 'written', 'expansion', 'quoted', 'text']);

/** Do two trees have the same meaning? */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (one instanceof Set && other instanceof Set) return isSame([...one], [...other]);
  const keysOf = (value: object): string[] => Object.keys(value).filter((key) => !NO_MEANING.has(key));
  const keys = keysOf(one);
  if (keys.length !== keysOf(other).length) return false;
  return keys.every((key) => isSame(Reflect.get(one, key), Reflect.get(other, key)));
}
