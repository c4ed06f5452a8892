import type { DeployCallOptions, DeployEvent } from '../deploy-engine.ts';

/**
 * Yields the events of one call as they occur, and buffers them while the reader is busy. The call begins with the
 * first read, and is aborted when the reader leaves early. An error of the call is thrown after its last event.
 */
export async function* eventsOf(
  options: DeployCallOptions,
  call: (options: DeployCallOptions) => Promise<unknown>,
): AsyncGenerator<DeployEvent, void> {
  const left = new AbortController();
  const signals = [left.signal, ...(options.abortSignal === undefined ? [] : [options.abortSignal])];
  const waiting: DeployEvent[] = [];
  let wake = () => {};
  let ended = false;
  const onEvent = (event: DeployEvent) => {
    options.onEvent?.(event);
    waiting.push(event);
    wake();
  };
  const running = call({ ...options, onEvent, abortSignal: AbortSignal.any(signals) }).finally(() => {
    ended = true;
    wake();
  });
  // Node ends the process on a rejection without a handler. The loop below awaits the call only after its last event.
  running.catch(() => {});
  try {
    for (;;) {
      const event = waiting.shift();
      if (event !== undefined) yield event;
      else if (ended) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    await running;
  } finally {
    left.abort();
    // A caller that leaves early does not need the result, but the call must have ended.
    await running.catch(() => {});
  }
}
