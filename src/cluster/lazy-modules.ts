/**
 * The modules of the server that not every cluster needs, or not at once. The code that opens a socket and answers
 * reads is a quarter of all code: a server that begins with it is ready in two thirds of the time.
 */
import { LazyModule } from './lazy-module.ts';

/** Writes of all kinds, and resources that are not stored objects. */
export const writing = new LazyModule(() => import('./writing.ts'));

/** The tables that `kubectl get` shows. */
export const tables = new LazyModule(() => import('./table/table.ts'));

/** The documents that describe the API. */
export const openApi = new LazyModule(() => import('./openapi/open-api-reply.ts'));

/** The code that definitions need: schemas, their rules and the language of the rules. */
export const schemaEngine = new LazyModule(() => import('./crd/schema-engine.ts'));

/** The simulated controllers, which write. */
export const simulation = new LazyModule(() => import('./controllers/index.ts'));

/** The modules that requests may need, in the order in which clients usually need them. */
const REQUEST_PARTS: readonly LazyModule<unknown>[] = [writing, openApi, schemaEngine, tables];

/** The time in milliseconds in which a new server only answers its first requests. */
const PRELOAD_DELAY_MS = 20;

/** Loads the modules that requests may need in the background, so that requests seldom wait for them. */
export class LoadAhead {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** Starts the loading after a short delay; later calls do nothing. */
  start(): void {
    this.#timer ??= setTimeout(() => void this.#run(), PRELOAD_DELAY_MS).unref();
  }

  /** Settles when nothing is being loaded any more. A load cannot be interrupted. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all([...REQUEST_PARTS, simulation].map((part) => part.settled()));
  }

  /**
   * Loads one module after the other, so that requests run in between. A failed load is not reported here: a caller
   * that needs the module gets the error.
   */
  async #run(): Promise<void> {
    for (const part of REQUEST_PARTS) {
      if (this.#stopped) return;
      await Promise.allSettled([part.load()]);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
