import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type Layout, type LayoutInput, layoutKey } from './layout.ts';
import { requestLayout } from './request-layout.ts';

/** Computed layouts by their keys; the views of one graph share them. */
const layouts = new Map<string, Layout>();
const MAX_LAYOUTS = 20;

/** The layout of a graph, which may not be computed yet. */
export interface LayoutState {
  /**
   * The newest computed layout. While a layout is computed, this is the layout of the previous graph. Absent before the
   * first layout.
   */
  readonly layout: Layout | undefined;
  /** Why the layout could not be computed. */
  readonly failure: string | undefined;
  /** Computes the layout again after a failure. */
  readonly retry: () => void;
}

/**
 * The layout of a graph. The key of a layout does not contain the states of nodes: while the boxes and lines stay the
 * same, a change of a state moves no box.
 */
export function useLayout(input: LayoutInput): LayoutState {
  const key = useMemo(() => layoutKey(input), [input]);
  const latest = useRef<Layout | undefined>(undefined);
  const [, setDone] = useState('');
  const [failure, setFailure] = useState<string | undefined>(undefined);
  const [tries, setTries] = useState(0);
  const known = layouts.get(key);
  if (known !== undefined) latest.current = known;
  useEffect(() => {
    setFailure(undefined);
    if (layouts.has(key)) return;
    let isWanted = true;
    requestLayout(input, {
      done: (layout) => {
        if (layouts.size >= MAX_LAYOUTS) layouts.delete(layouts.keys().next().value ?? '');
        layouts.set(key, layout);
        if (isWanted) setDone(key);
      },
      failed: (reason) => isWanted && setFailure(reason),
    });
    return () => {
      isWanted = false;
    };
  }, [key, tries]);
  return { layout: latest.current, failure, retry: () => setTries((count) => count + 1) };
}
