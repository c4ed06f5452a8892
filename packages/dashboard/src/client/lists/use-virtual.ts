import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type VirtualWindow, rowAfterKey, scrollToRow, virtualWindow } from './virtual-window.ts';

/** A long list in a component. */
export interface Virtual {
  /** The ref that the component passes to the element that scrolls. */
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly shown: VirtualWindow;
  /** The index of the active row. Keys such as the arrows change it. */
  readonly active: number;
  readonly setActive: (row: number) => void;
  readonly onScroll: () => void;
  /** Moves the active row; Enter opens it. */
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

/** The positions of the lists that were shown last, keyed by `memory`. */
const positions = new Map<string, { readonly top: number; readonly active: number }>();
const MAX_POSITIONS = 20;

/**
 * Draws only the visible rows of a list, and moves the active row by keys. `headHeight` is the height of a sticky head.
 * A list with the same `memory` as an earlier list begins at the position of the earlier one.
 */
export function useVirtual(options: {
  readonly total: number;
  readonly rowHeight: number;
  readonly headHeight?: number;
  readonly initial?: number;
  readonly memory?: string;
  readonly onOpen: (row: number) => void;
  readonly onMove?: (row: number) => void;
}): Virtual {
  const { total, rowHeight, headHeight = 0, memory } = options;
  const kept = useRef(memory === undefined ? undefined : positions.get(memory)).current;
  const scroller = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 800 });
  const [active, setActive] = useState(kept?.active ?? options.initial ?? 0);
  const measure = (): void => {
    const element = scroller.current;
    if (element === null) return;
    const next = { top: element.scrollTop, height: element.clientHeight - headHeight };
    setPlace((before) => (before.top === next.top && before.height === next.height ? before : next));
  };
  useLayoutEffect(() => {
    if (kept !== undefined && scroller.current !== null) scroller.current.scrollTop = kept.top;
  }, []);
  useLayoutEffect(measure, [total]);
  useEffect(() => {
    if (memory === undefined) return;
    positions.delete(memory);
    if (positions.size >= MAX_POSITIONS) positions.delete(positions.keys().next().value ?? '');
    positions.set(memory, { top: place.top, active });
  }, [memory, place.top, active]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const reveal = (row: number): void => {
    const element = scroller.current;
    if (element === null) return;
    element.scrollTop = scrollToRow(row, element.scrollTop, element.clientHeight - headHeight, rowHeight);
    measure();
  };
  const row = Math.min(active, Math.max(0, total - 1));
  return {
    scroller,
    shown: virtualWindow(place.top, place.height, rowHeight, total),
    active: row,
    setActive,
    onScroll: measure,
    onKeyDown(event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === 'Enter' && total > 0) {
        event.preventDefault();
        options.onOpen(row);
        return;
      }
      const next = rowAfterKey(event.key, row, total, Math.max(1, Math.floor(place.height / rowHeight) - 1));
      if (next === undefined) return;
      event.preventDefault();
      setActive(next);
      reveal(next);
      options.onMove?.(next);
    },
  };
}
