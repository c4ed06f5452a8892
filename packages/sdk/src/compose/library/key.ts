import { refuse } from '../refusal/refusal.ts';
import { resolveMerged } from '../value/merge.ts';
import { needPresent, textNode } from '../value/ops.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';

/** A property key: known, or an expression. */
export type Key = string | symbol | Sym;

/** The key for a read of a computed member. The value that is used as the key may be absent. */
export function readKeyOf(raw: unknown): Key {
  const inner = symbolic(resolveMerged(raw));
  return inner instanceof Sym ? inner : memberKeyOf(raw);
}

/** The key of a computed member. The value that is used as the key must be present. */
export function memberKeyOf(raw: unknown): Key {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return needPresent(inner, 'used as a key');
  if (inner instanceof Phi) return new Sym(textNode(value));
  if (typeof value === 'symbol') return value;
  return typeof value === 'string' && hasTokens(value) ? new Sym(textNode(value)) : String(value);
}

/**
 * Refuses a key for which every object of JavaScript has an inherited member: the value of a map under this key could
 * not be distinguished from the inherited member. A symbolic key finds only the map's own members.
 */
export function refuseInherited(key: unknown): void {
  if (typeof key !== 'string' || !(key in Object.prototype)) return;
  refuse(
    'member',
    `"${key}" is a member of every value in JavaScript, but a map of the graph has only its own keys`,
    'use another key, or test with Object.hasOwn(map, key)',
  );
}
