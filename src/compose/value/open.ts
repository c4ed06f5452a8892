import { refuse } from '../refusal/refusal.ts';
import { describeValue } from './ops.ts';
import { Maybe, Splice } from './symbolic.ts';

/** Is it open whether, or how often, the element is there? */
export const isOpen = (item: unknown): item is Maybe | Splice => item instanceof Maybe || item instanceof Splice;

/** Refuses a call whose arguments are the elements of a list that is not known. */
export function refuseOpen(label: string): never {
  return refuse(
    'native-call',
    `${label}() is called with the elements of a list, and their number depends on the spec`,
    'pass the list itself to a function of your own, or write it with map, flatMap, join and reduce',
  );
}

/** The value as something that can be iterated. @throws TypeError as JavaScript does, for what cannot. */
export function iterable(value: unknown): Iterable<unknown> {
  const found = value === undefined || value === null ? undefined : (value as Partial<Iterable<unknown>>);
  if (typeof found?.[Symbol.iterator] === 'function') return found as Iterable<unknown>;
  throw new TypeError(`${describeValue(value)} is not iterable`);
}
