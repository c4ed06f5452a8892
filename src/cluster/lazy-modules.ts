/**
 * The parts of the server's code that not every cluster needs, or not at once. What opens a socket and answers reads
 * is a quarter of the code: a server that begins with that is ready in two thirds of the time.
 */
import { LazyModule } from './lazy-module.ts';

/** Writes of all kinds, and resources that are no stored objects. */
export const writing = new LazyModule(() => import('./writing.ts'));

/** What `kubectl get` shows. */
export const tables = new LazyModule(() => import('./table/table.ts'));

/** The documents that describe the API. */
export const openApi = new LazyModule(() => import('./openapi/openapi.ts'));

/** What definitions need: schemas, their rules and the language of these. */
export const schemaEngine = new LazyModule(() => import('./crd/schema-engine.ts'));

/** The simulated controllers. They write. */
export const simulation = new LazyModule(() => import('./controllers/index.ts'));

/** What requests may need, in the order in which clients usually come to it. */
const REQUEST_PARTS: readonly LazyModule<unknown>[] = [writing, openApi, schemaEngine, tables];

/** How long a new server is left to its first requests, in milliseconds. */
const PRELOAD_DELAY_MS = 20;

/** Loads what requests may need in the background, so that they hardly have to wait. */
export class LoadAhead {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** Begins soon, once. */
  start(): void {
    this.#timer ??= setTimeout(() => void this.#run(), PRELOAD_DELAY_MS).unref();
  }

  /** Settles when nothing is being loaded any more: a load cannot be interrupted. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all([...REQUEST_PARTS, simulation].map((part) => part.settled()));
  }

  /**
   * Part by part, so that requests get a turn in between. A caller that needs a part that could not be loaded gets the
   * error.
   */
  async #run(): Promise<void> {
    for (const part of REQUEST_PARTS) {
      if (this.#stopped) return;
      await Promise.allSettled([part.load()]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
