import { resolve } from '../value/merge.ts';
import { needPresent, textNode } from '../value/ops.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';

/** A property key: known, or an expression. */
export type Key = string | symbol | Sym;

/** The key that a computed member is read by: it may be missing. */
export function readKeyOf(raw: unknown): Key {
  const inner = symbolic(resolve(raw));
  return inner instanceof Sym ? inner : keyOf(raw);
}

/** The key that a computed member names. */
export function keyOf(raw: unknown): Key {
  const value = resolve(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return needPresent(inner, 'used as a key');
  if (inner instanceof Phi) return new Sym(textNode(value));
  if (typeof value === 'symbol') return value;
  return typeof value === 'string' && hasTokens(value) ? new Sym(textNode(value)) : String(value);
}
