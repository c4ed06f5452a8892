import { refuse } from '../refusal/refusal.ts';
import { describeValue } from './ops.ts';
import { Maybe, Splice } from './symbolic.ts';

/** Is the element conditional (`Maybe`), or does it represent any number of elements (`Splice`)? */
export const isOpen = (item: unknown): item is Maybe | Splice => item instanceof Maybe || item instanceof Splice;

/** Refuses a call whose arguments are the elements of a symbolic list. */
export function refuseOpen(label: string): never {
  return refuse(
    'native-call',
    `${label}() is called with the elements of a list, and their number depends on the spec`,
    'pass the list itself to a function of your own, or write it with map, flatMap, join and reduce',
  );
}

/** The value as an iterable. @throws TypeError as JavaScript does, for a value that is not iterable. */
export function iterable(value: unknown): Iterable<unknown> {
  const found = value === undefined || value === null ? undefined : (value as Partial<Iterable<unknown>>);
  if (typeof found?.[Symbol.iterator] === 'function') return found as Iterable<unknown>;
  throw new TypeError(`${describeValue(value)} is not iterable`);
}
