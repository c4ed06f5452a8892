import { refuse } from '../refusal/refusal.ts';
import { MAX_LIST_LENGTH } from '../trace/trace.ts';
import { isOpen } from '../value/open.ts';
import { type Completion, LEAVE, NORMAL } from './completion.ts';
import { executeFrom } from './execute-from.ts';

/**
 * Runs the iterations over the elements of a list. The body may change the list: as in JavaScript, the length and the
 * elements are read before each iteration.
 */
export function overItems(
  items: readonly unknown[],
  each: (item: unknown) => Completion,
  from: number,
  wasOpen = items.some(isOpen),
): Completion {
  const { length } = items;
  if (length > MAX_LIST_LENGTH) refuse('too-large', `a loop runs more than ${MAX_LIST_LENGTH} times`);
  const step = (index: number): Completion => {
    if (index >= items.length) return NORMAL;
    const completion = each(items[index]);
    if (items.length !== length && (wasOpen || items.some(isOpen)))
      refuse(
        'no-cel',
        'a loop changes the length of its own list, and the length depends on the spec',
        'add to another list, and join both lists after the loop',
      );
    return completion;
  };
  const completion = executeFrom(length, step, from);
  if (items.length <= length) return completion;
  return executeFrom(2, (part) => (part === 0 ? completion : overItems(items, each, length, wasOpen)), 0);
}

/**
 * Runs the iterations over an iterator. Takes each element only when its iteration begins, so a body that ends the loop
 * early leaves the other elements in the iterator.
 */
export function overIterator(source: Iterable<unknown>, each: (item: unknown) => Completion): Completion {
  const iterator = source[Symbol.iterator]();
  let isDone = false;
  try {
    const step = (): Completion => {
      const next = iterator.next();
      isDone = next.done === true;
      return isDone ? LEAVE : each(next.value);
    };
    return executeFrom(Infinity, step, 0);
  } finally {
    if (!isDone) iterator.return?.();
  }
}
