import { TypeKroError } from '@typekro/kit/core';
import type { Clock } from '@typekro/kube';
import type { NodeReport, ObjectType } from '@typekro/engine/runtime';
import type { WrittenStatus } from '../definition/definition-status.ts';
import type { DefinitionObject } from '../definition/definition-object.ts';
import type { ChildWritten, ControllerListener, InstanceStep, PassFailed } from '../controller-event.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { ServedKind, ServedKinds } from '../served-kinds.ts';
import { heldObjects } from '../telemetry/held-objects.ts';
import { type ControllerMetrics, gvkText, gvrPath, gvrText } from './metrics.ts';

/**
 * The amounts that an instance added to the gauges at its last step. They are subtracted at the next step. Most
 * instances add nothing.
 */
interface Standing {
  readonly gvr: string;
  readonly contested: number;
  readonly blocked: number;
}

/** Updates the metrics from the events of the controller. */
export class MetricsObserver {
  readonly #metrics: ControllerMetrics;
  readonly #served: ServedKinds;
  readonly #clock: Clock;
  readonly #standing = new Map<string, Standing>();
  /**
   * The kinds of the definitions, by the names of the definitions. The series of instances have these kinds as labels.
   */
  readonly #types = new Map<string, ObjectType>();
  /** Names of deleted definitions that are still labels of series, oldest first. */
  readonly #released = new Set<string>();

  constructor(metrics: ControllerMetrics, served: ServedKinds, clock: Clock) {
    this.#metrics = metrics;
    this.#served = served;
    this.#clock = clock;
  }

  /** Updates the metrics from one event. */
  readonly listen: ControllerListener = (event) => {
    switch (event.kind) {
      case 'definition-changed':
        return this.#definitionChanged(event.definition, event.status);
      case 'definition-held':
        return this.#metrics.heldDefinitions.set({ name: event.definition.name }, event.instances);
      case 'definition-released':
        return this.#definitionReleased(event.definition, event.orphans);
      case 'definition-gone':
        return this.#definitionGone(event.name);
      case 'revision-resolved':
        return this.#revisionResolved(event.result);
      case 'revision-moved':
        return this.#metrics.registryTransitions.add({ from: event.from, to: event.to });
      case 'revision-issued':
        return this.#metrics.revisionsIssued.add({ reason: event.reason });
      case 'revision-missed':
        return this.#metrics.registryMisses.add({ reason: 'runtime_entry_missing' });
      case 'revision-retired':
        return this.#metrics.revisionsRetired.add();
      case 'revision-retire-failed':
        return this.#metrics.retireErrors.add();
      case 'revision-released':
        return this.#metrics.finalizerEvictions.add();
      case 'revision-evicted':
        return this.#metrics.registryEvictions.add();
      case 'revision-status-failed':
        return this.#metrics.revisionStatusErrors.add();
      case 'instance-stepped':
        return this.#instanceStepped(event.step);
      case 'instance-changed':
        return this.#instanceChanged(event.step);
      case 'instance-passed':
        return this.#instancePassed(event.served, event.milliseconds, event.result);
      case 'instance-deferred':
        return this.#metrics.graphPending.add({ gvr: gvrText(event.served.type) });
      case 'instance-gone':
        return this.#stand(event.recordId, undefined);
      case 'child-written':
        return this.#childWritten(event);
      case 'pass-failed':
        return this.#passFailed(event);
      default:
        return;
    }
  };

  #definitionChanged(definition: DefinitionObject, { state }: WrittenStatus): void {
    const before = definition.status['state'];
    const from = typeof before === 'string' ? before : '';
    if (from !== state) this.#metrics.definitionTransitions.add({ name: definition.name, from, to: state });
  }

  #revisionResolved(result: string): void {
    this.#metrics.revisionResolutions.add({ result });
    if (result === 'wait') this.#metrics.revisionWaits.add({ reason: 'settling' });
  }

  #definitionReleased({ name, object }: DefinitionObject, orphans: number): void {
    const { definitionDeletions, definitionDeletionSeconds, orphaned } = this.#metrics;
    definitionDeletions.add({ name });
    const since = Date.parse(object.metadata.deletionTimestamp ?? '');
    if (!Number.isNaN(since)) definitionDeletionSeconds.observe({ name }, (this.#clock.now() - since) / 1000);
    if (orphans > 0) orphaned.add({}, orphans);
    // The series of deleted definitions are bounded, because a program may generate any number of definition names.
    this.#released.delete(name);
    this.#released.add(name);
    const [oldest] = this.#released;
    if (this.#released.size <= MAX_RELEASED || oldest === undefined) return;
    this.#released.delete(oldest);
    for (const metric of [definitionDeletions, definitionDeletionSeconds]) metric.drop({ name: oldest });
  }

  #definitionGone(name: string): void {
    const { definitionBuilds, definitionBuildSeconds, definitionBuildErrors } = this.#metrics;
    const { definitionTransitions, heldDefinitions } = this.#metrics;
    for (const metric of [
      definitionBuilds,
      definitionBuildSeconds,
      definitionBuildErrors,
      definitionTransitions,
      heldDefinitions,
    ]) {
      metric.drop({ name });
    }
    const type = this.#types.get(name);
    if (type === undefined) return;
    this.#types.delete(name);
    for (const gvr of [gvrText(type), gvrPath(type), gvkText(type)]) {
      for (const metric of this.#metrics.all) metric.drop({ gvr });
    }
  }

  #instanceStepped(step: InstanceStep): void {
    const { record, served, decision } = step;
    this.#types.set(served.definition, served.type);
    const gvr = gvrText(served.type);
    this.#countNodes(step);
    if (decision.quiet && decision.nodes.some(isHard)) this.#metrics.instanceErrors.add({ gvr });
    const contested = sum(decision.nodes, contestedBy);
    const blocked = sum(decision.nodes, blockedBy) + (decision.blocked?.length ?? 0);
    // Exposes the gauges as 0 while no instance adds to them.
    this.#metrics.contestedObjects.add({ gvr }, 0);
    this.#metrics.blockedDeletions.add({ gvr }, 0);
    this.#stand(record.id, contested + blocked === 0 ? undefined : { gvr, contested, blocked });
  }

  #countNodes({ served, decision, milliseconds }: InstanceStep): void {
    const metrics = this.#metrics;
    const nodes = decision.nodes.filter(({ retired }) => retired !== true);
    const seconds = milliseconds / 1000;
    const { evaluations } = decision;
    metrics.creations.add();
    metrics.creationSeconds.observe({}, seconds);
    metrics.nodeEvaluations.add({}, nodes.length);
    metrics.nodeSeconds.observe({}, seconds / Math.max(1, nodes.length), nodes.length);
    metrics.expressions.add({}, evaluations);
    metrics.expressionSeconds.observe({}, seconds / Math.max(1, evaluations), evaluations);
    metrics.ignoredChecks.add({}, nodes.length);
    for (const { id, state, because, objects } of nodes) {
      if (because.kind === 'expression-failed') metrics.nodeErrors.add();
      if (state === 'skipped') metrics.ignored.add();
      if (state === 'ready' || state === 'waiting') metrics.readyChecks.add();
      if (state === 'waiting') metrics.notReady.add();
      if (served.graph?.nodes.get(id)?.nodeType === 'collection') metrics.collectionSize.observe({}, objects.length);
    }
  }

  #childWritten({ action: { why, target }, outcome }: ChildWritten): void {
    this.#metrics.writes.add({ outcome, why });
    if (why === 'drift') this.#metrics.drift.add({ gvr: gvrText(target.type) });
    if (outcome === 'adopted') this.#metrics.adopted.add({ gvr: gvrText(target.type) });
  }

  #instanceChanged({ instance, decision, served }: InstanceStep): void {
    const before = instance.status?.['state'];
    const from = typeof before === 'string' ? before : '';
    if (from === decision.state) return;
    this.#metrics.instanceTransitions.add({ gvr: gvkText(served.type), from_state: from, to_state: decision.state });
  }

  #instancePassed(served: ServedKind, milliseconds: number, { requeueAt }: WorkResult): void {
    const metrics = this.#metrics;
    const path = { gvr: gvrPath(served.type) };
    const text = { gvr: gvrText(served.type) };
    metrics.reconcileTotal.add(path);
    metrics.reconcileSeconds.observe(path, milliseconds / 1000);
    metrics.instanceReconcileTotal.add(text);
    if (served.graph !== undefined) metrics.graphSuccess.add(text);
    else
      metrics.graphFailures.add({
        ...text,
        reason: served.failure?.endsWith(' failed') === true ? 'failed' : 'not_available',
      });
    metrics.instanceReconcileSeconds.observe(text, milliseconds / 1000);
    const later = requeueAt !== undefined && requeueAt > this.#clock.now();
    metrics.requeueTotal.add({
      ...path,
      type: later ? 'requeue_after' : requeueAt === undefined ? 'no_requeue' : 'requeue',
    });
  }

  #passFailed({ work: { group, key }, error }: PassFailed): void {
    const served = key === group ? undefined : this.#served.ofDefinition(group);
    if (served === undefined) return;
    const path = { gvr: gvrPath(served.type) };
    this.#metrics.handlerErrors.add(path);
    this.#metrics.requeueTotal.add({ ...path, type: 'rate_limited' });
    this.#metrics.instanceErrors.add({ gvr: gvrText(served.type) });
    if (!(error instanceof TypeKroError)) this.#metrics.panics.add(path);
  }

  /** Subtracts the earlier amounts of an instance from the gauges, and adds the new amounts. */
  #stand(id: string, next: Standing | undefined): void {
    const before = this.#standing.get(id);
    if (before === undefined && next === undefined) return;
    const { contestedObjects, blockedDeletions } = this.#metrics;
    for (const [standing, sign] of [
      [before, -1],
      [next, 1],
    ] as const) {
      if (standing === undefined) continue;
      const { gvr, contested, blocked } = standing;
      contestedObjects.add({ gvr }, sign * contested);
      blockedDeletions.add({ gvr }, sign * blocked);
    }
    if (next === undefined) this.#standing.delete(id);
    else this.#standing.set(id, next);
  }
}

function contestedBy({ because }: NodeReport): number {
  return because.kind === 'contested' ? because.objects.length : 0;
}

function blockedBy(report: NodeReport): number {
  return heldObjects(report).length;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Does kro count this error as one that a retry alone does not solve? */
function isHard({ because }: NodeReport): boolean {
  return HARD.has(because.kind);
}

/** The maximum number of deleted definitions whose series are kept. */
const MAX_RELEASED = 100;

const HARD: ReadonlySet<string> = new Set([
  'expression-failed',
  'identity-collision',
  'collection-too-large',
  'duplicate-target',
  'invalid-object',
  'outside-namespace',
]);
