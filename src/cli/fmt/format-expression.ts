import type { Ast, Environment } from '../../cel/index.ts';
import { kroEnvironment, rewriteAst, unparse } from '../../cel/index.ts';

let cached: Environment | undefined;

/** Parses only: names and types do not matter. */
function environment(): Environment {
  cached ??= kroEnvironment({ features: { now: true, math: true, sets: true } });
  return cached;
}

/**
 * An expression as the printer of CEL writes it: one space around operators, no parentheses without effect. Texts keep
 * their quotes. The expression itself where it does not parse, stands on several lines, holds a comment, or where the
 * result would not mean the same.
 */
export function formatExpression(cel: string): string {
  // Line breaks and comments are the author's; the printer knows neither.
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
  return again.ok && isSameTree(parsed.ast, again.ast) ? text : cel;
}

/** Members of nodes that say where they stand or how they are written, and what follows from other members. */
const NO_MEANING: ReadonlySet<string> = new Set(['id', 'start', 'end', 'at', 'written', 'expansion', 'quoted', 'text']);

/** Do two trees mean the same? */
function isSameTree(one: Ast, other: Ast): boolean {
  return isSame(one.expr, other.expr);
}

function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (one instanceof Set && other instanceof Set) return isSame([...one], [...other]);
  const keysOf = (value: object): string[] => Object.keys(value).filter((key) => !NO_MEANING.has(key));
  const keys = keysOf(one);
  if (keys.length !== keysOf(other).length) return false;
  return keys.every((key) => isSame(Reflect.get(one, key), Reflect.get(other, key)));
}
