import { refuse } from '../refusal/refusal.ts';
import type { SeenList, Sym } from '../value/symbolic.ts';

const sets = new WeakSet<SeenList | Sym>();
const iterators = new WeakSet<SeenList | Sym>();

/** Marks a list expression without repeated elements as a Set of the author. */
export function markSet(value: Sym): Sym {
  sets.add(value);
  return value;
}

/** Marks a list expression as an iterator over its elements: `list.keys()`. */
export function markIterator<T extends SeenList | Sym>(value: T): T {
  iterators.add(value);
  return value;
}

/** Is this a Set? A Set has other members than a list. */
export function isSetMethod(value: Sym): boolean {
  return sets.has(value);
}

/** Is this an iterator over a list? An iterator has other members than the list. */
export function isIterator(value: Sym): boolean {
  return iterators.has(value);
}

/** Refuses a Set or an iterator as a value of the graph: JSON has neither, and JavaScript prints `{}`. */
export function refuseIterable(value: SeenList | Sym, place: string): void {
  const what = sets.has(value) ? 'a Set' : iterators.has(value) ? 'an iterator' : undefined;
  if (what !== undefined) refuse('types', `${what} cannot be ${place}`, 'spread it into a list: [...values]');
}
