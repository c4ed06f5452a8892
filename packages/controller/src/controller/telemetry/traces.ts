import type { RequestMeter } from '@typekro/kube';
import type { ControllerListener } from '../controller-event.ts';
import type { RunnerOptions, WorkResult } from '../queue/runner.ts';
import type { WorkKey } from '../queue/work-queue.ts';

/** The attributes of a span. The names follow the conventions of OpenTelemetry where a convention exists. */
export type SpanAttributes = Record<string, string | number>;

/** The part of OpenTelemetry's `Span` that the controller uses. */
export interface TraceSpan {
  setStatus(status: { code: number; message?: string }): unknown;
  recordException(exception: Error): void;
  end(): void;
}

/** The part of OpenTelemetry's `Tracer` that the controller uses. */
export interface Tracer {
  startSpan(name: string, options: { kind?: number; startTime?: number; attributes?: SpanAttributes }): TraceSpan;
  startActiveSpan<Result>(
    name: string,
    options: { root?: boolean; attributes?: SpanAttributes },
    work: (span: TraceSpan) => Result,
  ): Result;
}

/** The part of the package `@opentelemetry/api` that the controller uses. */
export interface TraceApi {
  readonly trace: {
    getTracer(name: string, version?: string): Tracer;
    /** The span that is active in the current asynchronous context. */
    getActiveSpan(): { isRecording(): boolean } | undefined;
  };
}

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR` of OpenTelemetry. */
const CLIENT_KIND = 2;
const ERROR_CODE = 2;

/**
 * Reports the work of the controller as OpenTelemetry spans. Each pass is a span `reconcile`. In this span, each
 * decision about an instance is a span `evaluate`, the writes of a decision are a span `apply`, and each API request is
 * a client span. Requests outside of a pass, such as watches and Leases, have no span.
 *
 * Spans reach a collector when the process has set up an OpenTelemetry SDK with a context manager. Without an SDK the
 * package itself drops them.
 */
export class Traces {
  readonly #api: TraceApi;
  readonly #tracer: Tracer;

  /** `version` is the version of the controller. */
  constructor(api: TraceApi, version: string) {
    this.#api = api;
    this.#tracer = api.trace.getTracer('typekro', version);
  }

  /** Reports each API request of a pass when its response begins, or when it fails without a response. */
  readonly requests: RequestMeter = {
    answered: (method, status, milliseconds, path) => {
      // A watch that a pass has opened outlives the span of the pass, and is not reported.
      if (this.#api.trace.getActiveSpan()?.isRecording() !== true) return;
      const attributes: SpanAttributes = { 'http.request.method': method, 'url.path': path.replace(/\?.*/s, '') };
      if (status !== 0) attributes['http.response.status_code'] = status;
      const span = this.#ended(method, milliseconds, attributes, CLIENT_KIND);
      if (status === 0 || status >= 400) span.setStatus({ code: ERROR_CODE });
      span.end();
    },
  };

  /** Reports the decisions about instances. */
  readonly listen: ControllerListener = (event) => {
    if (event.kind !== 'instance-stepped') return;
    const { instance, milliseconds } = event.step;
    const { namespace, name = '' } = instance.metadata;
    const attributes: SpanAttributes = { 'k8s.object.kind': instance.kind, 'k8s.object.name': name };
    if (namespace !== undefined) attributes['k8s.namespace.name'] = namespace;
    this.#ended('evaluate', milliseconds, attributes).end();
  };

  /** The work of a queue, with a span for each pass. */
  passes(controller: string, work: RunnerOptions['work']): RunnerOptions['work'] {
    return (key: WorkKey, signal: AbortSignal): Promise<WorkResult> =>
      this.#during(
        'reconcile',
        // A pass may begin in the asynchronous context of the pass that woke it, but its span is not part of that pass.
        { root: true, attributes: { 'typekro.controller': controller, 'typekro.key': key.key } },
        () => work(key, signal),
      );
  }

  /** Carries out the writes of a decision in a span. */
  writes<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#during('apply', {}, work);
  }

  /** Does work in a span. Records an error in the status of the span, and throws the error again. */
  #during<Result>(
    name: string,
    options: { root?: boolean; attributes?: SpanAttributes },
    work: () => Promise<Result>,
  ): Promise<Result> {
    return this.#tracer.startActiveSpan(name, options, async (span) => {
      try {
        return await work();
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown : new Error(String(thrown));
        span.recordException(error);
        span.setStatus({ code: ERROR_CODE, message: error.message });
        throw thrown;
      } finally {
        span.end();
      }
    });
  }

  /** A span of work that has just ended. */
  #ended(name: string, milliseconds: number, attributes: SpanAttributes, kind?: number): TraceSpan {
    const options = { attributes, startTime: Date.now() - milliseconds, ...(kind === undefined ? {} : { kind }) };
    return this.#tracer.startSpan(name, options);
  }
}
