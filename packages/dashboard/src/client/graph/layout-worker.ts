/** The worker that computes layouts, so that the page stays responsive while a large layout is computed. */
import { computeLayout } from './compute-layout.ts';
import type { LayoutAnswer, LayoutRequest } from './layout.ts';

addEventListener('message', ({ data }: MessageEvent<LayoutRequest>) => {
  const answer: LayoutAnswer = { id: data.id, layout: computeLayout(data.input) };
  postMessage(answer);
});
