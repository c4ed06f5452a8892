/**
 * Builds cel-go's tree for a chain of `&&` or `||`. The tree is balanced, so a long chain has a small depth. `join`
 * receives the left and the right subtree, and the index of the operator between them.
 */
export function balanced<T>(terms: readonly [T, ...T[]], join: (left: T, right: T, operator: number) => T): T {
  const build = (low: number, high: number): T => {
    const middle = (low + high + 1) >> 1;
    const left = middle === low ? (terms[middle] ?? terms[0]) : build(low, middle - 1);
    const right = middle === high ? (terms[middle + 1] ?? terms[0]) : build(middle + 1, high);
    return join(left, right, middle);
  };
  return terms.length === 1 ? terms[0] : build(0, terms.length - 2);
}
