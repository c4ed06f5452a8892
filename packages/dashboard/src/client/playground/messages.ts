import type { InstanceCheck, InstanceProblem, PlaygroundInput, PlaygroundResult } from '../../playground/model.ts';

/**
 * A request to the worker. The worker simulates the instance of the playground, or checks an instance against a schema.
 */
export interface EngineRequest<Input = PlaygroundInput | InstanceCheck> {
  readonly id: number;
  readonly input: Input;
}

/** A message of the worker: either the worker is ready for requests, or the message is the response to a request. */
export type EngineMessage<Result = PlaygroundResult | readonly InstanceProblem[]> =
  | { readonly is: 'loaded' }
  | { readonly is: 'result'; readonly id: number; readonly result: Result };
