import type { Sym } from '../value/symbolic.ts';

const sets = new WeakSet<Sym>();

/** Notes that a list expression stands for a Set of the author's: its values, each once. */
export function markSet(value: Sym): Sym {
  sets.add(value);
  return value;
}

/** Is this a Set, which has other members than a list? */
export function isSet(value: Sym): boolean {
  return sets.has(value);
}
