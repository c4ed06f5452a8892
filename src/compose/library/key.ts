import { refuse } from '../refusal/refusal.ts';
import { resolve } from '../value/merge.ts';
import { needPresent, textNode } from '../value/ops.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';

/** A property key: known, or an expression. */
export type Key = string | symbol | Sym;

/** The key for a read of a computed member; the key may be absent. */
export function readKeyOf(raw: unknown): Key {
  const inner = symbolic(resolve(raw));
  return inner instanceof Sym ? inner : memberKeyOf(raw);
}

/** The key that a computed member names. */
export function memberKeyOf(raw: unknown): Key {
  const value = resolve(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return needPresent(inner, 'used as a key');
  if (inner instanceof Phi) return new Sym(textNode(value));
  if (typeof value === 'symbol') return value;
  return typeof value === 'string' && hasTokens(value) ? new Sym(textNode(value)) : String(value);
}

/**
 * Refuses a key that every object of JavaScript has a member for: what a map holds under it cannot be told from that.
 * A key that is known only when the graph runs finds the map's own members alone.
 */
export function refuseInherited(key: unknown): void {
  if (typeof key !== 'string' || !(key in Object.prototype)) return;
  refuse(
    'member',
    `"${key}" is a member of every value in JavaScript, and a map of the graph has its own keys alone`,
    'use another key, or ask with Object.hasOwn(map, key)',
  );
}
