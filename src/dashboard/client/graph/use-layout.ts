import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Layout, LayoutInput } from './layout.ts';
import { layoutKey } from './layout.ts';
import type { LayoutAnswer, LayoutRequest } from './layout-messages.ts';

/** Computed layouts by their keys; the views of one graph share them. */
const layouts = new Map<string, Layout>();
const MAX_LAYOUTS = 20;

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, (layout: Layout) => void>();

function requestLayout(input: LayoutInput, done: (layout: Layout) => void): void {
  if (worker === undefined) {
    worker = new Worker(new URL('./layout-worker.js', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<LayoutAnswer>) => {
      waiting.get(data.id)?.(data.layout);
      waiting.delete(data.id);
    });
  }
  lastId += 1;
  waiting.set(lastId, done);
  const request: LayoutRequest = { id: lastId, input };
  worker.postMessage(request, []);
}

/**
 * The layout of a graph. While a new layout is computed, the previous one is returned; before the first one, undefined.
 * The key does not depend on the states of the nodes, so a node keeps its position when its state changes.
 */
export function useLayout(input: LayoutInput): Layout | undefined {
  const key = useMemo(() => layoutKey(input), [input]);
  const latest = useRef<Layout | undefined>(undefined);
  const [, setDone] = useState('');
  const known = layouts.get(key);
  if (known !== undefined) latest.current = known;
  useEffect(() => {
    if (layouts.has(key)) return;
    let isWanted = true;
    requestLayout(input, (layout) => {
      if (layouts.size >= MAX_LAYOUTS) layouts.delete(layouts.keys().next().value ?? '');
      layouts.set(key, layout);
      if (isWanted) setDone(key);
    });
    return () => {
      isWanted = false;
    };
  }, [key]);
  return latest.current;
}
