import { definedMembers, monotonicMs, TypeKroError } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { keys } from '@typekro/engine/runtime';
import { type RequestMeter, elapsed, EventRecorder, LiveSchemas, systemClock, withDeadline } from '@typekro/kube';
import { type ServiceAccountRef, ActingIdentities } from './acting-identity.ts';
import { DefinitionCompiler } from './definition/compiler.ts';
import { findCrdName } from './definition/crd-ensurer.ts';
import { DefinitionReconciler } from './definition/definition-reconciler.ts';
import { DEFINITION_TYPE, REVISION_TYPE } from './definition/definition-object.ts';
import { GraphCompiler } from './graph/graph-compiler.ts';
import { GraphKind } from './graph/graph-kind.ts';
import { InstanceDirectory } from './instance/instance-directory.ts';
import { InstanceReconciler } from './instance/instance-reconciler.ts';
import { silentLogger } from './logger.ts';
import { checkOwnKinds } from './own-kinds.ts';
import { Meters } from './metrics/meters.ts';
import { MetricsObserver } from './metrics/metrics-observer.ts';
import { type ControllerMetrics, createMetrics } from './metrics/metrics.ts';
import { exposition } from './metrics/exposition.ts';
import { type MeasuredParts, metricSources } from './metrics/metric-sources.ts';
import { requireKnownControllerOptions } from './known-options.ts';
import type { Controller, ControllerOptions } from './controller-options.ts';
import { EventLoopYielder } from './queue/event-loop-yielder.ts';
import type { WorkKey } from './queue/work-queue.ts';
import { type RunnerOptions, Runner } from './queue/runner.ts';
import { Reports } from './reports.ts';
import { compileOptionsOf, settingsOf } from './settings.ts';
import { ServedKinds } from './served-kinds.ts';
import { EventObserver } from './telemetry/event-observer.ts';
import { LogObserver } from './telemetry/log-observer.ts';
import { Traces } from './telemetry/traces.ts';
import { Reachability } from './telemetry/reachability.ts';
import { WatchErrorLogger } from './telemetry/watch-error-logger.ts';
import { RefusedEvents } from './telemetry/refused-events.ts';
import type { ControllerListener } from './controller-event.ts';
import { WakeRouter } from './wake-router.ts';

/** The default time limit for running passes after a stop, as in kro. */
const GRACE_MS = 60_000;

/**
 * Makes a controller. The controller does nothing before `start`.
 *
 * @throws TypeKroError `controller/unknown-option` for an option or a feature that does not exist; `controller/usage`
 * for the feature `graphKind` without `serviceAccount`.
 */
export function createController(options: ControllerOptions): Controller {
  requireKnownControllerOptions(options);
  return new KroController(options, { keepsReports: true, isReached: false });
}

/** Settings that only `runController` can choose. `createController` uses fixed values. */
export interface ProcessFacts {
  /** Does the controller fill `reports`? The reports of 1000 instances take half a megabyte. */
  readonly keepsReports: boolean;
  /** Has the API server responded to a request of this process, e.g. to a read of the Lease? */
  readonly isReached: boolean;
}

/** Makes the controller of `runController`. */
export function createProcessController(options: ControllerOptions, facts: ProcessFacts): Controller {
  requireKnownControllerOptions(options);
  return new KroController(options, facts);
}

/** Connects watches, queues and reconcilers. Starts and stops them. */
class KroController implements Controller {
  readonly reports: Reports;
  readonly #options: ControllerOptions;
  readonly #metrics: ControllerMetrics;
  readonly #events: EventRecorder;
  readonly #identities: ActingIdentities;
  readonly #requestMeters: readonly RequestMeter[];
  readonly #router: WakeRouter;
  readonly #definitionRunner: Runner;
  readonly #instanceRunner: Runner;
  readonly #graphRunner: Runner;
  readonly #definitions: DefinitionReconciler;
  readonly #instances: InstanceDirectory;
  #state: 'new' | 'starting' | 'running' | 'stopped' = 'new';
  #stopped: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  #readyWaiters: (() => void)[] = [];
  #unmeasure: readonly ((() => void) | undefined)[] = [];
  /** Describes what the check of the controller's own kinds waits for; `undefined` before and after the check. */
  #checkWaitsFor: string | undefined;
  readonly #isReached: () => boolean;
  readonly #isOutOfReach: () => boolean;

  constructor(options: ControllerOptions, { keepsReports, isReached }: ProcessFacts) {
    this.#options = options;
    const {
      client,
      clock = systemClock,
      random = Math.random,
      logger = silentLogger,
      version = keys.DEFAULT_VERSION,
    } = options;
    const served = new ServedKinds();
    const isInShare = (definition: string) => this.#isInShare(definition);
    const wakeDefinition = (name: string) => {
      if (isInShare(name)) this.#definitionRunner.wake({ group: name, key: name });
    };
    this.#metrics = createMetrics(metricSources(() => parts));
    const meters = new Meters(this.#metrics);
    const traces = options.traces === undefined ? undefined : new Traces(options.traces, version);
    const reachability = new Reachability(logger, clock);
    this.#isReached = () => isReached || reachability.isReached;
    this.#isOutOfReach = () => reachability.isOutOfReach;
    this.#requestMeters = [meters.requests, reachability, ...(traces === undefined ? [] : [traces.requests])];
    const identities = new ActingIdentities({
      client,
      clock,
      onWake: (subscriber, change) => this.#router.woken(subscriber, change),
      onChildChange: (applySet) => instances.wakeOwner(applySet),
      meter: meters.caches,
      onWentBack: ({ kind, group }) =>
        logger.log('warn', 'the API server was restored to an earlier state; all kinds are listed again', {
          kind,
          group,
        }),
      usedCaches: () => [...instances.usedCaches(), ...[...served.all()].map(({ identity }) => identity.caches)],
    });
    const { caches } = identities.own;
    this.#identities = identities;
    const refused = new RefusedEvents(logger, clock);
    const reads = new WatchErrorLogger(logger);
    this.#events = new EventRecorder({
      api: client,
      clock,
      component: 'kro-controller',
      onError: (error) => refused.log(error),
    });
    const reports = new Reports({ served, caches, clock, explain: (id) => instances.explain(id) });
    this.reports = reports;
    const listeners: readonly { readonly listen: ControllerListener }[] = [
      new MetricsObserver(this.#metrics, served, clock),
      ...(keepsReports ? [reports] : []),
      new EventObserver({ events: this.#events, conditionEvents: options.features?.conditionEvents ?? false }),
      new LogObserver(logger),
      ...(traces === undefined ? [] : [traces]),
    ];
    const onEvent: ControllerListener = (event) => {
      for (const listener of listeners) listener.listen(event);
    };
    const account = options.instanceServiceAccount;
    const schemas = new LiveSchemas(client, { crdOf: (type) => findCrdName(caches, type), meter: meters.schemas });
    const settings = settingsOf(options, 'the options of this controller');
    const compileOptions = compileOptionsOf(settings);
    const compiler = new DefinitionCompiler(
      schemas,
      compileOptions,
      (compilation) => meters.compiled(compilation),
      // With an injected clock, no result depends on the duration of work.
      options.clock === undefined ? () => new Promise((resolve) => void setImmediate(resolve)) : undefined,
    );
    const controllerAccount = graphAccountOf(options);
    const graphCompiler =
      controllerAccount === undefined
        ? undefined
        : new GraphCompiler(schemas, compileOptions, (compilation) => meters.graphCompiled(compilation));
    const reconciler = new InstanceReconciler({
      client,
      clock,
      random,
      version,
      onEvent,
      ...definedMembers({ traces }),
      settings,
      // With an injected clock, passes never yield, so that no result depends on the duration of work.
      yielder:
        options.clock === undefined
          ? new EventLoopYielder()
          : new EventLoopYielder({ now: () => 0, turn: () => Promise.resolve() }),
      onApplySet: (record) => instances.noteApplySet(record),
      onOutcome: ({ definition }) => {
        if (served.ofDefinition(definition)?.canary !== undefined) wakeDefinition(definition);
      },
    });
    const instances: InstanceDirectory = new InstanceDirectory({
      caches,
      served,
      clock,
      onEvent,
      reconciler,
      graphOf: (definition, revision, signal) => definitions.graphOf(definition, revision, signal),
      identityIn: (namespace) =>
        account === undefined ? undefined : identities.of({ namespace: namespace ?? '', name: account }),
      ...(controllerAccount === undefined || graphCompiler === undefined
        ? {}
        : { graphs: new GraphKind({ compiler: graphCompiler, identities, controller: controllerAccount }) }),
      enqueue: (work) => this.#instanceRunner.wake(work),
      enqueueGraph: (work) => this.#graphRunner.wake(work),
      onReleased: () => identities.released(),
    });
    const definitions: DefinitionReconciler = new DefinitionReconciler({
      client,
      clock,
      version,
      caches,
      compiler,
      served,
      identities,
      onEvent,
      settings,
      maxGraphRevisions: options.maxGraphRevisions ?? 5,
      allowCrdDeletion: options.allowCrdDeletion ?? false,
      ...definedMembers({ conversions: options.conversions, migrationRate: options.migrationRate }),
      onServed: (definition, moved) => {
        if (moved === undefined) this.#router.servedChanged(definition);
        else for (const id of moved) instances.wake(id);
        identities.released();
      },
      onRequest: (definition) => instances.retryAllOf(definition),
      outcomeOf: (id) => instances.outcomeOf(id),
    });
    this.#definitions = definitions;
    // The CRDs of kinds with several versions have the certificates.
    options.conversions?.onChange?.(() => {
      for (const { definition } of served.all()) wakeDefinition(definition);
    });
    this.#instances = instances;
    const onError = (work: WorkKey, error: unknown, retryInMs: number, failures: number) =>
      onEvent({ kind: 'pass-failed', work, error, retryInMs, failures });
    const runnerOf = (controller: string, concurrency: number, work: RunnerOptions['work']) =>
      new Runner({
        clock,
        random,
        onError,
        concurrency,
        onDequeue: (milliseconds) => meters.waited(controller, milliseconds),
        work: skipUnowned(isInShare, measured(controller, meters, traces?.passes(controller, work) ?? work)),
      });
    const passInstance: RunnerOptions['work'] = (work, signal) => instances.pass(work, signal);
    this.#definitionRunner = runnerOf(
      'resourcegraphdefinition',
      options.definitionConcurrency ?? 4,
      ({ key }, signal) => definitions.pass(key, signal),
    );
    this.#instanceRunner = runnerOf('dynamic', options.instanceConcurrency ?? 32, passInstance);
    this.#graphRunner = runnerOf('graph', options.graphConcurrency ?? 32, passInstance);
    this.#router = new WakeRouter({
      ...definedMembers({ graphCompiler }),
      caches,
      served,
      instances,
      compiler,
      identities,
      wakeDefinition,
      onInstance: (change) => meters.parentChanged(change),
      onServing: (serves) => meters.parentServed(serves),
      onReady: () => this.#settleReady(),
      onOwnRead: (type, error) => reads.handleState(type, error),
    });
    const parts: MeasuredParts = {
      clock,
      identities,
      served,
      instances,
      runners: new Map([
        ['resourcegraphdefinition', this.#definitionRunner],
        ['dynamic', this.#instanceRunner],
        ...(graphCompiler === undefined ? [] : [['graph', this.#graphRunner] as const]),
      ]),
      schemas: () => schemas.size,
      revisionStates: () => definitions.revisionStates(),
      conditionMetrics: options.features?.conditionMetrics ?? false,
      shards: () => options.share?.held() ?? [],
      allShards: () => options.share?.total ?? 0,
    };
  }

  get ready(): boolean {
    return this.#state === 'running' && this.#router.ready && !this.#isOutOfReach();
  }

  get waitsFor(): string | undefined {
    if (this.#state !== 'running') return this.#checkWaitsFor;
    return this.#router.waitsFor ?? (this.#isOutOfReach() ? 'the API server does not respond' : undefined);
  }

  metricsText(): string {
    return exposition(this.#metrics.all);
  }

  async start(): Promise<void> {
    if (this.#state !== 'new')
      throw new TypeKroError('a controller can be started only once', { code: 'controller/state' });
    this.#state = 'starting';
    this.#unmeasure = this.#requestMeters.map((meter) => this.#options.client.measure?.(meter));
    try {
      await this.#checkOwnKinds();
    } catch (thrown) {
      if (!this.#isStopped) this.#state = 'new';
      throw thrown;
    }
    // `stop` may have been called during the check. It has already closed all watches, so watches that open now would
    // stay open.
    if (this.#isStopped) return;
    this.#state = 'running';
    const ready = new Promise<void>((resolve) => this.#readyWaiters.push(resolve));
    this.#router.start();
    await ready;
  }

  stop(abortGrace?: AbortSignal): Promise<void> {
    // A second call of `stop` starts nothing. It returns the promise of the first call.
    this.#stopped ??= this.#stop(abortGrace);
    return this.#stopped;
  }

  async #stop(abortGrace: AbortSignal | undefined): Promise<void> {
    this.#state = 'stopped';
    this.#stopping.abort();
    this.#settleReady();
    const { clock = systemClock, shutdownGraceMs: grace = GRACE_MS } = this.#options;
    const began = elapsed(clock);
    await Promise.all(this.#runners.map((runner) => runner.stop(grace, abortGrace)));
    this.#instances.stop();
    await this.#identities.close();
    // A server that does not respond must not delay the end of this process or the start of the next leader.
    const left = Math.max(0, grace - (elapsed(clock) - began));
    await withDeadline(left, [abortGrace], clock, (signal) => this.#events.flush(signal));
    for (const end of this.#unmeasure) end?.();
  }

  async shareChanged(abortGrace?: AbortSignal): Promise<void> {
    const left = (definition: string) => !this.#isInShare(definition);
    const grace = this.#options.shutdownGraceMs ?? GRACE_MS;
    await Promise.all(this.#runners.map((runner) => runner.drain(left, grace, abortGrace)));
    this.#definitions.evictDefinitions(left);
    this.#instances.forgetGraphs(left);
    if (this.#state === 'running' && this.#router.ready) this.#router.wakeShare();
  }

  async idle(): Promise<void> {
    while (this.#state === 'running') {
      for (const runner of this.#runners) await runner.idle();
      const sets = this.#identities.all().map(({ caches }) => caches);
      await Promise.all(sets.map((caches) => caches.whenSettled()));
      const settled = sets.every((caches) => caches.settled);
      if (settled && this.#runners.every(({ busy }) => !busy)) return;
    }
  }

  async #checkOwnKinds(): Promise<void> {
    const { client, clock = systemClock, random = Math.random, logger = silentLogger, features } = this.#options;
    const graphs = features?.graphKind === true ? [GraphObject.TYPE] : [];
    const kinds = [DEFINITION_TYPE, REVISION_TYPE, ...graphs].map(({ group, version, kind }) => ({
      apiVersion: `${group}/${version}`,
      kind,
    }));
    try {
      await checkOwnKinds({
        client,
        clock,
        random,
        logger,
        kinds,
        isReached: this.#isReached,
        onWait: (waitsFor) => (this.#checkWaitsFor = waitsFor),
        signal: this.#stopping.signal,
      });
    } finally {
      this.#checkWaitsFor = undefined;
    }
  }

  get #runners(): readonly Runner[] {
    return [this.#definitionRunner, this.#instanceRunner, this.#graphRunner];
  }

  get #isStopped(): boolean {
    return this.#state === 'stopped';
  }

  #isInShare(definition: string): boolean {
    return this.#options.share?.has(definition) ?? true;
  }

  #settleReady(): void {
    const waiters = this.#readyWaiters;
    this.#readyWaiters = [];
    for (const resolve of waiters) resolve();
  }
}

/**
 * The account of the controller; `undefined` when the controller does not serve Graphs.
 *
 * @throws TypeKroError `controller/usage` when the account is not known.
 */
function graphAccountOf({ features, serviceAccount }: ControllerOptions): ServiceAccountRef | undefined {
  if (features?.graphKind !== true) return undefined;
  if (serviceAccount !== undefined) return serviceAccount;
  throw new TypeKroError('the kind Graph requires the ServiceAccount of the controller', {
    code: 'controller/usage',
    remedy: 'set `serviceAccount`, so that no Graph can be applied with the rights of the controller',
  });
}

/** Skips work on definitions that another process works on. */
function skipUnowned(isInShare: (definition: string) => boolean, work: RunnerOptions['work']): RunnerOptions['work'] {
  return (key, signal) => (isInShare(key.group) ? work(key, signal) : Promise.resolve({}));
}

/** Measures the number and the duration of passes. */
function measured(controller: string, meters: Meters, work: RunnerOptions['work']): RunnerOptions['work'] {
  return async (key, signal) => {
    const began = monotonicMs();
    try {
      const result = await work(key, signal);
      meters.passEnded(controller, result.requeueAt === undefined ? 'success' : 'requeue_after', monotonicMs() - began);
      return result;
    } catch (thrown) {
      meters.passEnded(controller, 'error', monotonicMs() - began);
      throw thrown;
    }
  };
}
