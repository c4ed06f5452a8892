import { whenOwnServer } from '../data/connection-state.ts';
import type { Layout, LayoutInput, LayoutAnswer, LayoutRequest } from './layout.ts';

/** The receiver of a layout. */
interface LayoutReceiver {
  readonly done: (layout: Layout) => void;
  /** The worker failed, or its script could not be loaded. A later request starts another worker. */
  readonly failed: (reason: string) => void;
}

let worker: Worker | undefined;
let lastId = 0;
const waiting = new Map<number, LayoutReceiver>();

/**
 * Computes a layout in a worker, which the first call starts. While another program may have the port of the server, no
 * worker is started, and the request waits.
 */
export function requestLayout(input: LayoutInput, receiver: LayoutReceiver): void {
  lastId += 1;
  waiting.set(lastId, receiver);
  const request: LayoutRequest = { id: lastId, input };
  if (worker !== undefined) return worker.postMessage(request, []);
  whenOwnServer(() => (worker ??= startWorker()).postMessage(request, []));
}

function startWorker(): Worker {
  const started = new Worker(new URL('./layout-worker.js', import.meta.url), { type: 'module' });
  started.addEventListener('message', ({ data }: MessageEvent<LayoutAnswer>) => {
    waiting.get(data.id)?.done(data.layout);
    waiting.delete(data.id);
  });
  started.addEventListener('error', (event) => {
    event.preventDefault();
    started.terminate();
    worker = undefined;
    const requests = [...waiting.values()];
    waiting.clear();
    for (const { failed } of requests) failed(workerFailure(event));
  });
  return started;
}

/**
 * Why a worker failed, as a sentence without a full stop. An event without a message reports a script that was not
 * loaded.
 */
export const workerFailure = ({ message }: Partial<ErrorEvent>): string =>
  message === undefined || message === '' ? 'its script cannot be loaded' : message;
