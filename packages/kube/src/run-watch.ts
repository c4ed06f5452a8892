import { readLines } from './http/response-body.ts';
import { isAborted, KubeError } from './kube-error.ts';
import { setType } from './read-page.ts';
import type { Clock, ObjectList, ResourceType, TransportResponse, WatchEvent } from './kube-api.ts';
import { type WatchAction, type WatchInput, type WatchState, initialWatchState, watchStep } from './watch-step.ts';

/** The I/O of a watch. */
export interface WatchEffects {
  list(signal: AbortSignal): Promise<ObjectList>;
  /** Reads the current resource version of the watched list. */
  version(signal: AbortSignal): Promise<string>;
  /** Opens the stream of changes. Without a version, the server first sends the existing objects. */
  open(resourceVersion: string | undefined, signal: AbortSignal): Promise<TransportResponse>;
  /** The type of the watched objects. It is needed because events with only metadata do not name it. */
  readonly type: ResourceType;
  readonly clock: Clock;
  readonly random: () => number;
  readonly idleTimeoutMs: number;
}

/** The options of a watch. */
export interface WatchStart {
  readonly resourceVersion?: string;
  readonly streamsLists: boolean;
  readonly signal?: AbortSignal;
  /** Aborts when the client is closed. The watch then ends, because no connection is possible. */
  readonly closed?: AbortSignal;
}

/**
 * Runs the watch's step function. The iteration ends without an error when a signal aborts, or when the consumer stops
 * iterating.
 */
export async function* runWatch(effects: WatchEffects, options: WatchStart): AsyncGenerator<WatchEvent, void> {
  const outer = new AbortController();
  const giveUp = () => outer.abort();
  const signals = [options.signal, options.closed].filter((signal) => signal !== undefined);
  for (const signal of signals) {
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
  }
  const stream = new WatchStream(effects, outer.signal);
  let state: WatchState = initialWatchState(options);
  let input: WatchInput = { type: 'begin' };
  try {
    while (!outer.signal.aborted) {
      const [actions, next] = watchStep(state, input);
      state = next;
      let effect: WatchAction | undefined;
      for (const action of actions) {
        if (action.type === 'emit') {
          if ('object' in action.event) setType(action.event.object, effects.type);
          yield action.event;
          // The signal may have aborted while the consumer handled the event.
          if (outer.signal.aborted) return;
        } else effect = action;
      }
      const arrived = effect === undefined ? stream.takeArrived() : undefined;
      input = arrived ?? (await stream.run(effect));
    }
  } finally {
    for (const signal of signals) signal.removeEventListener('abort', giveUp);
    outer.abort();
    stream.close();
  }
}

/** Carries out the effects of one watch and returns the next input. At most one stream is open. */
class WatchStream {
  readonly #effects: WatchEffects;
  readonly #signal: AbortSignal;
  #lines: AsyncGenerator<readonly string[], void> | undefined;
  /** The lines of the last batch that are not returned yet, in reverse order. */
  #arrived: string[] = [];
  #connection: AbortController | undefined;

  constructor(effects: WatchEffects, signal: AbortSignal) {
    this.#effects = effects;
    this.#signal = signal;
  }

  /** Removes and returns the next line of the batch. */
  takeArrived(): WatchInput | undefined {
    const text = this.#arrived.pop();
    return text === undefined ? undefined : { type: 'line', text };
  }

  /** Starts the effect and returns its result. Without an effect, returns the next line. */
  async run(effect: WatchAction | undefined): Promise<WatchInput> {
    try {
      if (effect?.type === 'list') {
        this.close();
        return { type: 'listed', list: await this.#effects.list(this.#signal) };
      }
      if (effect?.type === 'compare') {
        this.close();
        return { type: 'compared', resourceVersion: await this.#effects.version(this.#signal) };
      }
      if (effect?.type === 'wait') {
        this.close();
        await this.#wait(effect.milliseconds);
        return { type: 'waited' };
      }
      if (effect?.type === 'open') await this.#open(effect.resourceVersion);
      return await this.#next();
    } catch (thrown) {
      if (isAborted(thrown) && this.#signal.aborted) return { type: 'ended' };
      const error = thrown instanceof KubeError ? thrown : transportError(thrown);
      return { type: 'failed', error, random: this.#effects.random() };
    }
  }

  /** Closes the open stream without reading its rest. */
  close(): void {
    this.#lines = undefined;
    this.#arrived = [];
    this.#connection?.abort();
    this.#connection = undefined;
  }

  async #open(resourceVersion: string | undefined): Promise<void> {
    this.close();
    const connection = new AbortController();
    this.#connection = connection;
    this.#signal.addEventListener('abort', () => connection.abort(), { once: true, signal: connection.signal });
    const response = await this.#effects.open(resourceVersion, connection.signal);
    this.#lines = readLines(response.body);
  }

  async #next(): Promise<WatchInput> {
    const lines = this.#lines;
    if (lines === undefined) return { type: 'ended' };
    let idle = false;
    const timer = this.#effects.clock.setTimer(this.#effects.idleTimeoutMs, () => {
      idle = true;
      this.#connection?.abort();
    });
    try {
      const { done, value } = await lines.next();
      if (done !== true) {
        const [text = '', ...others] = value;
        this.#arrived = others.reverse();
        return { type: 'line', text };
      }
      this.close();
      return { type: 'ended' };
    } catch (thrown) {
      if (!idle) throw thrown;
      this.close();
      return { type: 'idle' };
    } finally {
      timer.cancel();
    }
  }

  #wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        timer.cancel();
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#effects.clock.setTimer(milliseconds, done);
      this.#signal.addEventListener('abort', done, { once: true });
    });
  }
}

function transportError(thrown: unknown): KubeError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new KubeError(message, { status: 0, reason: 'Transport', cause: thrown });
}
