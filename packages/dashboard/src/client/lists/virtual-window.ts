/** The rows of a long list that are in the document. */
export interface VirtualWindow {
  readonly first: number;
  /** The row after the last one. */
  readonly end: number;
}

/** The document also has this number of rows above and below the visible rows, so that a fast scroll shows no gap. */
const OVERSCAN = 8;

/**
 * The count of reused elements is rounded up to a multiple of this number, so that scrolling does not change the count.
 */
const SLOTS = 64;

/**
 * The key of the element that draws a row of a window. Elements are reused, so that a scroll changes only their
 * content.
 */
export const slotOf = (row: number, { first, end }: VirtualWindow): number =>
  row % (SLOTS * Math.ceil((end - first) / SLOTS));

/** The rows to draw at a scroll position. */
export function virtualWindow(scrollTop: number, height: number, rowHeight: number, total: number): VirtualWindow {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - OVERSCAN);
  const end = Math.min(total, Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN);
  return { first: Math.min(first, end), end };
}

/** The scroll position at which a row is visible: the current position, if the row is already visible. */
export function scrollToRow(row: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop;
}

/**
 * The active row after a key is pressed; undefined for a key that does not move between rows, and for an empty list.
 * `pageRows` is the number of rows of a page.
 */
export function rowAfterKey(key: string, row: number, total: number, pageRows: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + pageRows,
    PageUp: row - pageRows,
    Home: 0,
    End: total - 1,
  };
  const next = Object.hasOwn(steps, key) ? steps[key] : undefined;
  return next === undefined || total === 0 ? undefined : Math.min(total - 1, Math.max(0, next));
}

/** The numbers of the pages of a list that a window shows. */
export function pagesOf({ first, end }: VirtualWindow, pageSize: number): number[] {
  if (end <= first) return [0];
  const [start, last] = [Math.floor(first / pageSize), Math.floor((end - 1) / pageSize)];
  return Array.from({ length: last - start + 1 }, (_, index) => start + index);
}
