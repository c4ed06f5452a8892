import type { RequestMeter, SchemaMeter } from '@typekro/kube';
import type { ObjectType } from '@typekro/engine/runtime';
import type { CacheMeter } from '../cache/cache-set.ts';
import type { CacheChange } from '../cache/kind-cache.ts';
import type { CompilationTiming } from '../definition/compiler.ts';
import { type ControllerMetrics, gvrText, queueLabels, queueName } from './metrics.ts';

/** Updates the metrics of requests, schemas, compilation, watches and queues. `metrics.ts` declares their names. */
export class Meters {
  readonly requests: RequestMeter;
  readonly schemas: SchemaMeter;
  readonly caches: CacheMeter;
  readonly #metrics: ControllerMetrics;

  constructor(metrics: ControllerMetrics) {
    this.#metrics = metrics;
    this.requests = requestMeter(metrics);
    this.schemas = schemaMeter(metrics);
    this.caches = cacheMeter(metrics);
  }

  /** Counts a compilation of a definition. */
  compiled({ definition, milliseconds, ok }: CompilationTiming): void {
    const metrics = this.#metrics;
    const result = { result: ok ? 'success' : 'failed' };
    metrics.definitionBuilds.add({ name: definition });
    metrics.definitionBuildSeconds.observe({ name: definition }, milliseconds / 1000);
    if (!ok) metrics.definitionBuildErrors.add({ name: definition });
    metrics.compilations.add(result);
    metrics.compileSeconds.observe(result, milliseconds / 1000);
  }

  /**
   * Counts a compilation of a Graph. There is no time series for each Graph, because users create any number of Graphs.
   */
  graphCompiled({ milliseconds, ok }: CompilationTiming): void {
    const result = { result: ok ? 'success' : 'failed' };
    this.#metrics.compilations.add(result);
    this.#metrics.compileSeconds.observe(result, milliseconds / 1000);
  }

  /** Counts a change of a Graph, or of an instance of a served kind. */
  parentChanged({ type, before, after }: CacheChange): void {
    const what = before === undefined ? 'add' : after === undefined ? 'delete' : 'update';
    this.#metrics.parentEvents.add({ gvr: gvrText(type), event_type: what });
  }

  /** Counts a kind of instances that the controller starts or stops serving. */
  parentServed(served: boolean): void {
    (served ? this.#metrics.handlersAttached : this.#metrics.handlersDetached).add({ type: 'parent' });
  }

  /** Observes the time for which due work waited for a free worker. */
  waited(controller: string, milliseconds: number): void {
    this.#metrics.queueSeconds.observe(queueLabels(queueName(controller)), milliseconds / 1000);
  }

  /** Counts a finished pass of a controller, and observes its duration. */
  passEnded(controller: string, result: 'success' | 'error' | 'requeue_after', milliseconds: number): void {
    this.#metrics.passes.add({ controller, result });
    this.#metrics.passSeconds.observe({ controller }, milliseconds / 1000);
    this.#metrics.workSeconds.observe(queueLabels(queueName(controller)), milliseconds / 1000);
    if (result === 'error') this.#metrics.passErrors.add({ controller });
  }
}

function requestMeter(metrics: ControllerMetrics): RequestMeter {
  return {
    sent(method, bytes) {
      metrics.requestBytes.observe({ verb: method }, bytes);
    },
    answered(method, status, milliseconds) {
      metrics.requests.add({ code: status === 0 ? '<error>' : String(status), method });
      metrics.requestSeconds.observe({ verb: method }, milliseconds / 1000);
    },
    read(method, bytes) {
      metrics.responseBytes.observe({ verb: method }, bytes);
    },
    heldBack(method, milliseconds) {
      metrics.limiterSeconds.observe({ verb: method }, milliseconds / 1000);
    },
    retried(method, status) {
      metrics.requestRetries.add({ code: status === 0 ? '<error>' : String(status), method });
    },
  };
}

function schemaMeter(metrics: ControllerMetrics): SchemaMeter {
  return {
    known: () => metrics.schemaHits.add(),
    shared: () => metrics.schemaShared.add(),
    evicted: () => metrics.schemaEvictions.add(),
    read(milliseconds, ok) {
      metrics.schemaMisses.add();
      metrics.schemaSeconds.observe({}, milliseconds / 1000);
      if (!ok) metrics.schemaErrors.add();
    },
  };
}

function cacheMeter(metrics: ControllerMetrics): CacheMeter {
  const label = (type: ObjectType) => ({ gvr: gvrText(type) });
  return {
    opened: () => metrics.handlersAttached.add({ type: 'coordinator' }),
    closed: () => metrics.handlersDetached.add({ type: 'coordinator' }),
    synced: (type, milliseconds) => metrics.syncSeconds.observe(label(type), milliseconds / 1000),
    routed(type, matches) {
      metrics.routed.add(label(type));
      metrics.routeMatches.add(label(type), matches);
      metrics.engineRouted.add(label(type));
      metrics.engineRouteMatches.add(label(type), matches);
    },
  };
}
