/** A piece with twice this number of items is halved. */
const PIECE_LENGTH = 512;

/**
 * Items ordered by their keys. The items are stored in pieces, so that a change moves few items of a large collection.
 * For look-ups by key, the code that owns the items has its own map.
 */
export class SortedItems<T extends { readonly key: string }> {
  readonly #pieces: T[][] = [];
  #all: readonly T[] | undefined = [];

  /** Replaces the item with the same key, or inserts the item in its order. */
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

  /** The index of the last piece that begins at or before the key; 0 when there is none. */
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

/** The index of the key in a piece, or the index at which to insert it. */
function position(piece: readonly { readonly key: string }[], key: string): number {
  let [low, high] = [0, piece.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((piece[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
