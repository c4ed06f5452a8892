/** The results of `find` for each item, without undefined ones. Allocates nothing for an empty list. */
export function gather<T, U>(items: readonly T[], find: (item: T) => U | undefined): U[] {
  const found: U[] = [];
  // Counted: while code is cold, each step of for..of makes an object.
  for (let index = 0; index < items.length; index += 1) {
    const one = find(items[index] as T);
    if (one !== undefined) found.push(one);
  }
  return found;
}
