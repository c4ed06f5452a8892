import { refuse } from '../refusal/refusal.ts';
import { MAX_LIST_LENGTH } from '../trace/trace.ts';
import { describeValue, truthy } from './ops.ts';
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

/**
 * The value as an iterable. An iterator that returns too many elements, or whose end depends on a symbolic value, is
 * refused.
 *
 * @throws TypeError as JavaScript does, for a value that is not iterable.
 */
export function iterable(value: unknown): Iterable<unknown> {
  const found = value === undefined || value === null ? undefined : (value as Partial<Iterable<unknown>>);
  if (typeof found?.[Symbol.iterator] === 'function') return elementsOf(found as Iterable<unknown>);
  throw new TypeError(`${describeValue(value)} is not iterable`);
}

/** The elements that an iterator yields. A caller that leaves early closes the iterator, as `for..of` does. */
function* elementsOf(source: Iterable<unknown>): Generator<unknown, undefined> {
  const iterator = source[Symbol.iterator]();
  let isOpenIterator = false;
  try {
    for (let count = 0; ; count++) {
      if (count > MAX_LIST_LENGTH)
        refuse(
          'too-large',
          `a list or an iterator has more than ${MAX_LIST_LENGTH} elements`,
          'end the loop with break, or use a list instead of the iterator',
        );
      isOpenIterator = false;
      const next: { readonly done?: unknown; readonly value?: unknown } = iterator.next();
      const isDone = truthy(next.done);
      if (typeof isDone !== 'boolean')
        return refuse(
          'loop-bound',
          'the end of an iterator depends on a value not known while the graph is built',
          'use a list instead of the iterator',
        );
      if (isDone) return undefined;
      isOpenIterator = true;
      yield next.value;
    }
  } finally {
    if (isOpenIterator) iterator.return?.();
  }
}
