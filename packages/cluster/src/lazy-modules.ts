/**
 * The modules that only some clusters use, or that a cluster does not use at its start. Only a quarter of the server's
 * code is needed to handle reads. If a server first loads only this code, its start takes a third
 * less time.
 */
import { LazyModule } from './lazy-module.ts';

/** Sockets. */
export const listening = new LazyModule(() => import('./http/listener.ts'));

/** Discovery. */
export const discovery = new LazyModule(() => import('./discovery/discovery-reply.ts'));

/** Watches. */
export const watching = new LazyModule(() => import('./verbs/watch.ts'));

/** Writes of all kinds, and virtual resources. */
export const writing = new LazyModule(() => import('./writing.ts'));

/** The tables that `kubectl get` shows. */
export const tables = new LazyModule(() => import('./table/table.ts'));

/** The documents that describe the API. */
export const openApi = new LazyModule(() => import('./openapi/open-api-reply.ts'));

/** The code that CustomResourceDefinitions use: schemas, their rules, and the CEL implementation. */
export const schemaEngine = new LazyModule(() => import('./crd/schema-engine.ts'));

/** Webhooks and policies. Only a cluster with webhooks or policies needs this module. */
export const admission = new LazyModule(() => import('./admission/index.ts'));

/**
 * Conversions by webhooks. Only a cluster with a CustomResourceDefinition that names such a webhook needs this module.
 */
export const conversion = new LazyModule(() => import('./conversion/convert.ts'));

/**
 * Versions of API groups that other servers serve. Only a cluster with an APIService of another server needs this
 * module.
 */
export const aggregation = new LazyModule(() => import('./aggregation/index.ts'));

/** Metrics, the list of paths, and the keys of tokens. */
export const otherPaths = new LazyModule(() => import('./http/other-paths.ts'));

/** Impersonation. Only requests with the headers for impersonation need this module. */
export const impersonation = new LazyModule(() => import('./auth/impersonate.ts'));

/** Earlier versions of Kubernetes. Only a cluster with an earlier `kubernetesVersion` needs this module. */
export const earlierReleases = new LazyModule(() => import('./earlier-release.ts'));

/** Reads and writes the files with a cluster's state. Only a cluster with a `stateDirectory` needs this module. */
export const persistence = new LazyModule(() => import('./persistence.ts'));

/** The code that presents parts of this process as Deployments of the cluster. */
export const presentation = new LazyModule(() => import('./present-process.ts'));

/** The audit log. Only a cluster with the option `audit` needs it. */
export const auditing = new LazyModule(() => import('./audit/audit-log.ts'));

/** The simulated controllers. */
export const simulation = new LazyModule(() => import('./controllers/index.ts'));

/** Runs the containers of pods as local processes. Only a cluster with the option `runProcesses` needs this module. */
export const processes = new LazyModule(() => import('./processes/process-runtime.ts'));

/** The stand-ins for operators. */
export const standInCatalogue = new LazyModule(() => import('./controllers/stand-ins/catalogue.ts'));

/** The modules that requests may use, in the order in which clients usually need them. */
const REQUEST_PARTS: readonly LazyModule<unknown>[] = [discovery, watching, writing, openApi, schemaEngine, tables];

/** The modules that few requests use. They are also loaded ahead when the process may outlive its package's files. */
const SELDOM_PARTS: readonly LazyModule<unknown>[] = [
  admission,
  conversion,
  aggregation,
  otherPaths,
  impersonation,
  new LazyModule(() => import('./http/serve-upgrades.ts')),
  new LazyModule(() => import('./virtual/port-forward.ts')),
  new LazyModule(() => import('./virtual/spdy-channels.ts')),
];

/**
 * The default delay in milliseconds before the first module is loaded. The delay leaves the process free for the first
 * requests.
 */
const PRELOAD_DELAY_MS = 20;

/**
 * The time without a request before the next module is loaded, in milliseconds. Loads wait for such a pause, because a
 * load blocks all requests.
 */
const QUIET_MS = 5;

type Part = Pick<LazyModule<unknown>, 'load' | 'settled'>;

/** Loads, in the background, the modules that requests may use, so that requests rarely wait for a load. */
export class LoadAhead {
  readonly #parts: readonly Part[];
  readonly #seldomParts: readonly Part[];
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #lastRequestMs = Number.NEGATIVE_INFINITY;

  constructor(parts: readonly Part[] = REQUEST_PARTS, seldomParts: readonly Part[] = SELDOM_PARTS) {
    this.#parts = parts;
    this.#seldomParts = seldomParts;
  }

  /**
   * Starts loading after a delay in milliseconds. With `isAll`, also loads the modules that few requests use. Later
   * calls do nothing.
   */
  start(delayMs = PRELOAD_DELAY_MS, isAll = false): void {
    const parts = isAll ? [...this.#parts, ...this.#seldomParts] : this.#parts;
    this.#timer ??= setTimeout(() => void this.#run(parts), delayMs).unref();
  }

  /**
   * Records a request, or a connection that has not sent a request yet. Clients send requests in quick succession, so
   * the next load waits for a pause.
   */
  onRequest(): void {
    this.#lastRequestMs = performance.now();
  }

  /** Starts no more loads. Resolves when no load is running, because a running load cannot be interrupted. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const others = [auditing, presentation, simulation];
    await Promise.all([...this.#parts, ...this.#seldomParts, ...others].map((part) => part.settled()));
  }

  /**
   * Loads one module after another, so that requests can run in between. A failed load is not reported here: the
   * request that uses the module gets the error.
   */
  async #run(parts: readonly Part[]): Promise<void> {
    for (const part of parts) {
      await this.#pause();
      if (this.#stopped) return;
      await Promise.allSettled([part.load()]);
    }
  }

  /** Resolves when the requests that have arrived are handled, and no new request has arrived for `QUIET_MS`. */
  async #pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (!this.#stopped && performance.now() - this.#lastRequestMs < QUIET_MS) {
      await new Promise((resolve) => {
        this.#timer = setTimeout(resolve, QUIET_MS).unref();
      });
    }
  }
}
