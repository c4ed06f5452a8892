/** Calls `find` for each item, and returns the results that are not undefined. */
export function gather<T, U>(items: readonly T[], find: (item: T) => U | undefined): U[] {
  const found: U[] = [];
  // Index loop: in unoptimized code for..of allocates at each step.
  for (let index = 0; index < items.length; index += 1) {
    const one = find(items[index] as T);
    if (one !== undefined) found.push(one);
  }
  return found;
}
