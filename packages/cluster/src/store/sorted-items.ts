/** A piece that reaches twice this number of items is split in half. */
const PIECE_LENGTH = 512;

/**
 * Items ordered by their keys. The items are stored in pieces, so that a change in a large collection moves few items.
 * Look-ups by key need a separate map, which the owner of the items has.
 */
export class SortedItems<T extends { readonly key: string }> {
  readonly #pieces: T[][] = [];
  #all: readonly T[] | undefined = [];

  /** Replaces the item with the same key, or inserts the item at its position. */
  set(item: T): void {
    this.#all = undefined;
    const index = this.#pieceOf(item.key);
    const piece = this.#pieces[index];
    if (piece === undefined) {
      this.#pieces.push([item]);
      return;
    }
    const at = position(piece, item.key);
    if (piece[at]?.key === item.key) {
      piece[at] = item;
      return;
    }
    piece.splice(at, 0, item);
    if (piece.length >= 2 * PIECE_LENGTH) this.#pieces.splice(index + 1, 0, piece.splice(PIECE_LENGTH));
  }

  delete(key: string): void {
    const index = this.#pieceOf(key);
    const piece = this.#pieces[index];
    const at = piece === undefined ? -1 : position(piece, key);
    if (piece?.[at]?.key !== key) return;
    this.#all = undefined;
    piece.splice(at, 1);
    if (piece.length === 0) this.#pieces.splice(index, 1);
  }

  /** Replaces all items. `items` must be in order. */
  reset(items: readonly T[]): void {
    this.#all = undefined;
    this.#pieces.length = 0;
    for (let start = 0; start < items.length; start += PIECE_LENGTH)
      this.#pieces.push(items.slice(start, start + PIECE_LENGTH));
  }

  /** The items next to the place of a new key. */
  around(key: string): readonly T[] {
    const piece = this.#pieces[this.#pieceOf(key)] ?? [];
    const at = position(piece, key);
    return piece.slice(Math.max(0, at - 1), at + 1);
  }

  /** All items in order. The returned list is never changed. */
  all(): readonly T[] {
    this.#all ??= this.#pieces.flat();
    return this.#all;
  }

  /** The items whose keys are at least `from` and less than `to`, in order. */
  between(from: string, to: string): readonly T[] {
    const found: T[] = [];
    for (let index = this.#pieceOf(from); index < this.#pieces.length; index++) {
      const piece = this.#pieces[index] ?? [];
      const [start, end] = [position(piece, from), position(piece, to)];
      for (let at = start; at < end; at++) found.push(piece[at] as T);
      if (end < piece.length) break;
    }
    return found;
  }

  /** The index of the last piece whose first key is at most `key`; 0 when no piece has such a key. */
  #pieceOf(key: string): number {
    let [low, high] = [0, this.#pieces.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#pieces[middle]?.[0]?.key ?? '') <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The index of the first item whose key is at least `key`, in a list that is ordered by key. */
export function position(items: readonly { readonly key: string }[], key: string): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Returns a copy of the sorted list `items` in which the items of some keys are replaced or inserted. `undefined`
 * removes the item of a key. Sorts the changes, and then needs linear time.
 */
export function withChanges<T extends { readonly key: string }>(
  items: readonly T[],
  changes: ReadonlyMap<string, T | undefined>,
): readonly T[] {
  const changed: T[] = [];
  let from = 0;
  for (const key of [...changes.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const at = position(items, key);
    while (from < at) changed.push(items[from++] as T);
    const change = changes.get(key);
    if (change !== undefined) changed.push(change);
    if (items[at]?.key === key) from = at + 1;
  }
  while (from < items.length) changed.push(items[from++] as T);
  return changed;
}
