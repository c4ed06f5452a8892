import type { PlaygroundInput, PlaygroundResult } from '../../playground/model.ts';

/** A request to the worker. */
export interface PlaygroundRequest {
  readonly id: number;
  readonly input: PlaygroundInput;
}

/** A message of the worker: it is ready for requests, or it answers a request. */
export type PlaygroundMessage =
  | { readonly is: 'loaded' }
  | { readonly is: 'result'; readonly id: number; readonly result: PlaygroundResult };
