import { whenOwnServer } from '../data/connection-state.ts';
import { workerFailure } from '../graph/request-layout.ts';
import type { InstanceCheck, InstanceProblem, PlaygroundInput, PlaygroundResult } from '../../playground/input.ts';

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

/** The time after which a run is ended, in milliseconds. */
export const MAX_RUN_MS = 4000;

/** The time without a change after which the input is run, in milliseconds. */
const QUIET_MS = 150;

/** The part of a worker that the runner uses. */
export interface EngineWorker<Input> {
  send(request: EngineRequest<Input>): void;
  end(): void;
}

/** The parts of the browser that a runner needs. */
export interface RunnerHost<Input, Result> {
  /** Starts a worker. `failed` is called when the script of the worker cannot be loaded, or fails. */
  start(receive: (message: EngineMessage<Result>) => void, failed: (reason: string) => void): EngineWorker<Input>;
  /** Calls back after a pause. Returns the function that cancels the call. */
  later(call: () => void, ms: number): () => void;
}

/** The state of the newest input. */
export type RunState<Result> =
  | { readonly is: 'running' }
  | { readonly is: 'done'; readonly result: Result }
  /** The run took too long, or the worker failed. */
  | { readonly is: 'ended'; readonly reason: string };

/** Runs the engine in a worker. */
export interface Runner<Input> {
  /** Runs the input soon. The result of a run of an earlier input is dropped. */
  readonly run: (input: Input) => void;
  readonly close: () => void;
}

/**
 * Runs the newest input in a worker, one run at a time. A run that takes longer than `MAX_RUN_MS` is ended with its
 * worker, and the next run starts another worker. The time begins after the worker is loaded.
 */
export function createRunner<Input, Result>(
  host: RunnerHost<Input, Result>,
  changed: (state: RunState<Result>) => void,
): Runner<Input> {
  let worker: EngineWorker<Input> | undefined;
  let isLoaded = false;
  let lastId = 0;
  let waiting: Input | undefined;
  let isRunning = false;
  let cancelLimit: (() => void) | undefined;
  let cancelPause: (() => void) | undefined;

  const stop = (): void => {
    cancelLimit?.();
    worker?.end();
    worker = undefined;
    isLoaded = false;
    isRunning = false;
  };
  const fail = (reason: string): void => {
    // The script of another worker would not load either, so the input is dropped. The next change starts a worker
    // again.
    if (!isLoaded) waiting = undefined;
    stop();
    changed({ is: 'ended', reason });
    if (waiting !== undefined) next();
  };
  const receive = (message: EngineMessage<Result>): void => {
    if (message.is === 'loaded') {
      isLoaded = true;
      next();
      return;
    }
    cancelLimit?.();
    isRunning = false;
    if (message.id === lastId && waiting === undefined) changed({ is: 'done', result: message.result });
    next();
  };
  const next = (): void => {
    if (waiting === undefined || isRunning) return;
    worker ??= host.start(receive, fail);
    if (!isLoaded) return;
    const input = waiting;
    waiting = undefined;
    isRunning = true;
    lastId += 1;
    cancelLimit = host.later(
      () =>
        fail(
          `The run takes longer than ${MAX_RUN_MS / 1000} seconds and was stopped. Look for an infinite loop, and for a ` +
            'big string, a big list or nested macros such as map. A smaller input shows the same graph.',
        ),
      MAX_RUN_MS,
    );
    worker.send({ id: lastId, input });
  };
  return {
    run(input) {
      cancelPause?.();
      changed({ is: 'running' });
      waiting = input;
      cancelPause = host.later(next, QUIET_MS);
    },
    close() {
      cancelPause?.();
      waiting = undefined;
      stop();
    },
  };
}

/**
 * The worker and the timers of the browser. The worker responds to an `Input` with a `Result`. While another program
 * may listen on the port of the server, the worker is not started, because its script could come from that program.
 */
export const browserHost = <Input, Result>(): RunnerHost<Input, Result> => ({
  start(receive, failed) {
    let worker: Worker | undefined;
    const cancel = whenOwnServer(() => {
      worker = new Worker(new URL('./playground-worker.js', import.meta.url), { type: 'module' });
      worker.addEventListener('message', ({ data }: MessageEvent<EngineMessage<Result>>) => receive(data));
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        failed(`The engine failed: ${workerFailure(event)}.`);
      });
    });
    return {
      send: (request) => worker?.postMessage(request, []),
      end: () => {
        cancel();
        worker?.terminate();
      },
    };
  },
  later(call, ms) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
});
