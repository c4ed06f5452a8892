import type { Layout, LayoutInput } from './layout.ts';

/** A request to the worker that computes layouts. */
export interface LayoutRequest {
  readonly id: number;
  readonly input: LayoutInput;
}

/** The worker's response to the request with the same id. */
export interface LayoutAnswer {
  readonly id: number;
  readonly layout: Layout;
}
