import { TypeKroError } from '../core/index.ts';
import type { Clock, EventRecorder } from '../kube/index.ts';
import type { NodeReport } from '../runtime/index.ts';
import type { CacheSet } from './cache/cache-set.ts';
import type { Compiled } from './definition/compiler.ts';
import type { DefinitionStatus } from './definition/definition-status.ts';
import type { Definition } from './definition/definition.ts';
import type { Logger } from './logger.ts';
import type { ControllerMetrics } from './metrics/metrics.ts';
import { gvrPath, gvrText } from './metrics/metrics.ts';
import type { ControllerObserver, InstanceStep } from './observer.ts';
import type { WorkKey } from './queue/work-queue.ts';
import { Reports } from './reports.ts';
import type { ServedKind, ServedKinds } from './served-kinds.ts';

/** What is told to. */
export interface TelemetryOptions {
  readonly logger: Logger;
  readonly metrics: ControllerMetrics;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly served: ServedKinds;
  readonly caches: CacheSet;
}

/** Passes everything on: to the inspect interface, metrics, Kubernetes events and the log. */
export class Telemetry implements ControllerObserver {
  readonly reports = new Reports();
  readonly #options: TelemetryOptions;

  constructor(options: TelemetryOptions) {
    this.#options = options;
  }

  definitionPassed(definition: Definition, compiled: Compiled): void {
    const { metrics, served, caches } = this.#options;
    metrics.definitionBuilds.add({ name: definition.name });
    if (compiled.graph === undefined) metrics.definitionBuildErrors.add({ name: definition.name });
    this.reports.definitionPassed(definition, compiled, served, caches);
  }

  definitionChanged(definition: Definition, status: DefinitionStatus): void {
    this.reports.definitionWritten(definition.name, status);
    const { state } = status;
    const before = definition.status['state'];
    if (before === state) return;
    const { metrics, events, logger, clock } = this.#options;
    const from = typeof before === 'string' ? before : '';
    metrics.definitionTransitions.add({ name: definition.name, from, to: state });
    logger.log('info', 'definition changed state', { definition: definition.name, from, to: state });
    events.record({
      object: definition.object,
      type: state === 'Active' ? 'Normal' : 'Warning',
      reason: state,
      message: from === '' ? `the definition is ${state}` : `${from} -> ${state}`,
    });
    this.reports.definitionChanged(definition.name, from, state, clock.now());
  }

  revisionIssued(definition: Definition, revision: number, reason: 'no_revision' | 'spec_changed'): void {
    this.#options.metrics.revisionsIssued.add({ reason });
    this.#options.logger.log('info', 'issued a revision', { definition: definition.name, revision, reason });
  }

  definitionReleased(definition: Definition, orphans: number): void {
    const { metrics, events, logger } = this.#options;
    metrics.definitionDeletions.add({ name: definition.name });
    logger.log('info', 'let a deleted definition go', { definition: definition.name, orphans });
    if (orphans === 0) return;
    events.record({
      object: definition.object,
      type: 'Warning',
      reason: 'InstancesOrphaned',
      message: `${orphans} instances are no longer worked on, since their definition was deleted`,
    });
  }

  definitionGone(name: string): void {
    const { metrics, clock } = this.#options;
    for (const metric of [metrics.definitionBuilds, metrics.definitionBuildErrors, metrics.definitionTransitions]) {
      metric.drop({ name });
    }
    this.reports.definitionGone(name, clock.now());
  }

  instanceStepped(step: InstanceStep): void {
    const { metrics, events } = this.#options;
    const { instance, decision, record, served } = step;
    for (const { why } of decision.apply) metrics.writes.add({ why });
    for (const { why } of decision.delete) metrics.writes.add({ why });
    for (const action of decision.apply) {
      if (action.why !== 'drift') continue;
      metrics.drift.add({ gvr: gvrText(action.target.type) });
      const message = `${action.target.type.kind} ${action.target.name} (node ${action.nodeId}) was changed by somebody else and is put back`;
      events.record({ object: instance, type: 'Warning', reason: 'DriftCorrected', message });
    }
    this.reports.instanceStepped(record, instance, served, decision);
  }

  instanceChanged({ instance, decision, served }: InstanceStep): void {
    const { metrics, events } = this.#options;
    const before = instance.status?.['state'];
    const from = typeof before === 'string' ? before : '';
    if (from !== decision.state) {
      metrics.instanceTransitions.add({ gvr: gvrText(served.type), from_state: from, to_state: decision.state });
      const type = decision.state === 'ERROR' ? 'Warning' : 'Normal';
      events.record({
        object: instance,
        type,
        reason: decision.state,
        message: `${from || 'none'} -> ${decision.state}`,
      });
    }
    for (const problem of problemsOf(decision.nodes)) {
      events.record({ object: instance, type: 'Warning', ...problem });
    }
  }

  instancePassed(served: ServedKind, milliseconds: number): void {
    const { metrics } = this.#options;
    const path = { gvr: gvrPath(served.type) };
    const text = { gvr: gvrText(served.type) };
    metrics.reconcileTotal.add(path);
    metrics.reconcileSeconds.observe(path, milliseconds / 1000);
    metrics.instanceReconcileTotal.add(text);
    metrics.instanceReconcileSeconds.observe(text, milliseconds / 1000);
  }

  instanceGone(recordId: string): void {
    this.reports.instanceGone(recordId, this.#options.clock.now());
  }

  passFailed(work: WorkKey, error: unknown, retryInMs: number, failures: number): void {
    const { logger, metrics, clock } = this.#options;
    const { message, code } = TypeKroError.from(error, { code: 'controller/unexpected' });
    const stack = error instanceof TypeKroError || !(error instanceof Error) ? {} : { stack: error.stack };
    logger.log('warn', 'a pass failed', { ...work, error: message, code, retryInMs, failures, ...stack });
    metrics.handlerErrors.add({ gvr: work.group });
    this.reports.failed(work.key, message, clock.now());
  }
}

/** What people should hear of: expressions that fail, writes that are refused, objects that do not go away. */
function problemsOf(nodes: readonly NodeReport[]): { readonly reason: string; readonly message: string }[] {
  return nodes.flatMap(({ id, because }) => {
    switch (because.kind) {
      case 'expression-failed':
        return [{ reason: 'ExpressionFailed', message: `node ${id}: ${because.expression}: ${because.message}` }];
      case 'write-failed':
        return [{ reason: 'WriteFailed', message: `node ${id}: ${because.failure.message}` }];
      case 'being-deleted':
        return because.objects
          .filter(({ finalizers }) => finalizers.length > 0)
          .map(({ object, finalizers, since }) => ({
            reason: 'DeletionBlocked',
            message: `${object.kind} ${object.name} is held by finalizers ${finalizers.join(', ')} since ${since}`,
          }));
      default:
        return [];
    }
  });
}
