import type { PlaygroundInput, PlaygroundResult } from '../../playground/model.ts';
import type { PlaygroundMessage, PlaygroundRequest } from './messages.ts';

/** The time after which a run is ended, in milliseconds. Examples take 50. */
export const MAX_RUN_MS = 4000;

/** The time without a change after which the texts are run, in milliseconds. */
const QUIET_MS = 150;

/** A worker as the runner uses it. */
export interface PlaygroundWorker {
  send(request: PlaygroundRequest): void;
  end(): void;
}

/** The parts of the browser that a runner needs. */
export interface RunnerHost {
  /** Starts a worker. `failed` is called when the script of the worker cannot be loaded, or fails. */
  start(receive: (message: PlaygroundMessage) => void, failed: (reason: string) => void): PlaygroundWorker;
  /** Calls back after a pause. Returns the function that cancels the call. */
  later(call: () => void, ms: number): () => void;
}

/** The state of the newest texts. */
export type RunState =
  | { readonly is: 'running' }
  | { readonly is: 'done'; readonly result: PlaygroundResult }
  /** The run took too long, or the worker failed. */
  | { readonly is: 'ended'; readonly reason: string };

/** Runs the texts of the playground in a worker. */
export interface PlaygroundRunner {
  /** Runs the texts soon. The result of a run of earlier texts is dropped. */
  readonly run: (input: PlaygroundInput) => void;
  readonly close: () => void;
}

/**
 * Runs the newest texts in a worker, one run at a time. A run that takes longer than `MAX_RUN_MS` is ended with its
 * worker, and the next run starts another one. The time begins after the worker is loaded.
 */
export function createRunner(host: RunnerHost, changed: (state: RunState) => void): PlaygroundRunner {
  let worker: PlaygroundWorker | undefined;
  let isLoaded = false;
  let lastId = 0;
  let waiting: PlaygroundInput | undefined;
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
    // The script of another worker would not load either. The texts wait for the next change.
    if (!isLoaded) waiting = undefined;
    stop();
    changed({ is: 'ended', reason });
    if (waiting !== undefined) next();
  };
  const receive = (message: PlaygroundMessage): void => {
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
        fail(`The run takes longer than ${MAX_RUN_MS / 1000} seconds and was ended. Look for a loop without an end.`),
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

/** The worker and the timers of the browser. */
export const browserHost: RunnerHost = {
  start(receive, failed) {
    const worker = new Worker(new URL('./playground-worker.js', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<PlaygroundMessage>) => receive(data));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      failed(event.message === '' ? 'The engine could not be loaded.' : `The engine failed: ${event.message}`);
    });
    return { send: (request) => worker.postMessage(request, []), end: () => worker.terminate() };
  },
  later(call, ms) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
