import { isJsonObject, TypeKroError } from '../core/index.ts';
import type { KubeObject } from '../core/index.ts';
import { kindsUsed } from '../graph/index.ts';
import { EventRecorder, LiveSchemas, systemClock } from '../kube/index.ts';
import type { ObjectType, WatchRequest } from '../runtime/index.ts';
import { CacheSet } from './cache/cache-set.ts';
import type { CacheChange } from './cache/kind-cache.ts';
import { findCrdName } from './definition/crd-names.ts';
import { DefinitionCompiler } from './definition/compiler.ts';
import { CRD_TYPE, declaredKind, DEFINITION_TYPE, REVISION_TYPE } from './definition/definition.ts';
import { DefinitionReconciler } from './definition/definition-reconciler.ts';
import { definitionOf } from './definition/revision.ts';
import { InstanceReconciler } from './instance/instance-reconciler.ts';
import type { InstanceRecord } from './instance/record.ts';
import { newRecord } from './instance/record.ts';
import { silentLogger } from './logger.ts';
import type { ControllerMetrics } from './metrics/metrics.ts';
import { createMetrics } from './metrics/metrics.ts';
import { exposition } from './metrics/registry.ts';
import type { ControllerObserver } from './observer.ts';
import type { Controller, ControllerOptions } from './options.ts';
import { Runner } from './queue/runner.ts';
import type { WorkResult } from './queue/runner.ts';
import type { WorkKey } from './queue/work-queue.ts';
import type { Reports } from './reports.ts';
import { ServedKinds } from './served-kinds.ts';
import { Telemetry } from './telemetry.ts';

/** Subscribers of watches: the definitions with all that belongs to them, and each served kind. */
const DEFINITIONS = '#definitions';
const KIND_PREFIX = '#kind ';

/** kro's own default. */
const GRACE_MS = 60_000;

/** Makes a controller; it does nothing until it is started. */
export function createController(options: ControllerOptions): Controller {
  return new KroController(options);
}

/** Wires watches, queues and reconcilers together. */
class KroController implements Controller {
  readonly reports: Reports;
  readonly #metrics: ControllerMetrics;
  readonly #options: ControllerOptions;
  readonly #observer: ControllerObserver;
  readonly #events: EventRecorder;
  readonly #caches: CacheSet;
  readonly #served = new ServedKinds();
  readonly #compiler: DefinitionCompiler;
  readonly #definitions: DefinitionReconciler;
  readonly #instances: InstanceReconciler;
  readonly #definitionRunner: Runner;
  readonly #instanceRunner: Runner;
  readonly #records = new Map<string, InstanceRecord>();
  /** Which instance has an ApplySet. */
  readonly #applySets = new Map<string, string>();
  #state: 'new' | 'running' | 'stopped' = 'new';
  #readyWaiters: (() => void)[] = [];

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { client, clock = systemClock, random = Math.random, logger = silentLogger, version = 'devel' } = options;
    this.#caches = new CacheSet({
      client,
      clock,
      onWake: (subscriber, change) => this.#woken(subscriber, change),
      onMember: (applySet) => this.#memberChanged(applySet),
    });
    this.#metrics = createMetrics({
      queueLength: () => this.#instanceRunner.backlog,
      watches: () => this.#caches.all().length,
      servedKinds: () => [...this.#served.all()].length,
    });
    this.#events = new EventRecorder({
      api: client,
      clock,
      component: 'kro-controller',
      onError: ({ message }) => logger.log('debug', 'an event was refused', { error: message }),
    });
    const observer = new Telemetry({
      logger,
      clock,
      metrics: this.#metrics,
      events: this.#events,
      served: this.#served,
      caches: this.#caches,
    });
    this.#observer = observer;
    this.reports = observer.reports;
    const schemas = new LiveSchemas(client, { crdOf: (type) => findCrdName(this.#caches, type) });
    const { omit = false, now = false } = options.features ?? {};
    this.#compiler = new DefinitionCompiler(schemas, {
      features: { omit, now },
      target: 'typekro',
      maxForEachDimensions: options.maxCollectionDimensions ?? 10,
    });
    this.#definitions = new DefinitionReconciler({
      client,
      clock,
      version,
      caches: this.#caches,
      compiler: this.#compiler,
      served: this.#served,
      maxGraphRevisions: options.maxGraphRevisions ?? 5,
      allowCrdDeletion: options.allowCrdDeletion ?? false,
      onServed: (definition) => this.#servedChanged(definition),
      observer,
    });
    this.#instances = new InstanceReconciler({
      client,
      clock,
      random,
      version,
      caches: this.#caches,
      maxCollectionSize: options.maxCollectionSize ?? 1000,
      adoption: options.adoption ?? 'adopt',
      budget: options.budget,
      observer,
      onApplySet: ({ applySet = '', id }) => this.#applySets.set(applySet, id),
    });
    const onError = observer.passFailed.bind(observer);
    this.#definitionRunner = new Runner({
      clock,
      random,
      concurrency: options.definitionConcurrency ?? 4,
      work: ({ key }, signal) => this.#definitions.pass(key, signal),
      onError,
    });
    this.#instanceRunner = new Runner({
      clock,
      random,
      concurrency: options.instanceConcurrency ?? 32,
      work: (work, signal) => this.#passInstance(work, signal),
      onError,
    });
  }

  get ready(): boolean {
    return this.#state === 'running' && OWN_TYPES.every((type) => this.#caches.peek(type)?.synced === true);
  }

  metricsText(): string {
    return exposition(this.#metrics.all);
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw new TypeKroError('a controller is started once', { code: 'controller/state' });
    await this.#checkOwnCrds();
    this.#state = 'running';
    this.#caches.keep(DEFINITION_TYPE, [[]]);
    this.#caches.keep(REVISION_TYPE, [[]]);
    this.#caches.keep(CRD_TYPE, [
      ['spec', 'group'],
      ['spec', 'names'],
      ['status', 'conditions'],
    ]);
    this.#caches.setInterest(DEFINITIONS, OWN_TYPES.map(everythingOf));
    await new Promise<void>((resolve) => {
      this.#readyWaiters.push(resolve);
      this.#checkReady();
    });
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#checkReady();
    const grace = this.#options.shutdownGraceMs ?? GRACE_MS;
    await Promise.all([this.#definitionRunner.stop(grace), this.#instanceRunner.stop(grace)]);
    await this.#caches.close();
    await this.#events.flush();
  }

  async idle(): Promise<void> {
    while (this.#state === 'running') {
      await this.#definitionRunner.idle();
      await this.#instanceRunner.idle();
      await this.#caches.whenSettled();
      if (!this.#definitionRunner.busy && !this.#instanceRunner.busy && this.#caches.settled) return;
    }
  }

  async #checkOwnCrds(): Promise<void> {
    const { discovery } = this.#options.client;
    for (const { group, version, kind } of [DEFINITION_TYPE, REVISION_TYPE]) {
      if ((await discovery.resourceOf({ apiVersion: `${group}/${version}`, kind })) !== undefined) continue;
      throw new TypeKroError(`the cluster has no kind ${kind} of ${group}/${version}`, {
        code: 'controller/missing-crds',
        remedy: 'install them with `typekro install`',
      });
    }
  }

  #checkReady(): void {
    if (!this.ready && this.#state !== 'stopped') return;
    const waiters = this.#readyWaiters;
    this.#readyWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #woken(subscriber: string, change: CacheChange | undefined): void {
    if (subscriber === DEFINITIONS) this.#ownChanged(change);
    else if (subscriber.startsWith(KIND_PREFIX)) this.#kindChanged(subscriber.slice(KIND_PREFIX.length), change);
    else this.#wakeInstance(subscriber);
  }

  /** A definition, a revision or a CRD changed, or one of their watches became readable. */
  #ownChanged(change: CacheChange | undefined): void {
    if (change === undefined) {
      // Nothing is decided before all three are known, or definitions would look as if they had no revisions.
      if (!this.ready) return;
      this.#checkReady();
      for (const key of this.#caches.peek(DEFINITION_TYPE)?.keys() ?? []) this.#wakeDefinition(key.slice(1));
      for (const { object } of this.#caches.peek(REVISION_TYPE)?.values() ?? []) {
        if (object.metadata.deletionTimestamp !== undefined) this.#wakeDefinition(definitionOf(object));
      }
      return;
    }
    if (!this.ready) return;
    const object = (change.after ?? change.before)?.object;
    if (object === undefined) return;
    if (change.type === CRD_TYPE) this.#crdChanged(change, object);
    else if (change.type === DEFINITION_TYPE) {
      if (isRelevant(change)) this.#wakeDefinition(object.metadata.name ?? '');
    } else this.#wakeDefinition(definitionOf(object));
  }

  /** A CRD came, changed or went: its kind is looked at anew by all who use it. */
  #crdChanged(change: CacheChange, object: KubeObject): void {
    if (!isRelevant(change) && establishedText(change.before?.object) === establishedText(change.after?.object)) return;
    const { group, kind } = kindOfCrd(object);
    this.#options.client.discovery.forget(group, kind);
    this.#compiler.forgetKind(group, kind);
    this.#caches.restart(group, kind);
    for (const record of this.#records.values()) {
      if (record.memberKinds.get(`${group}/${kind}`) !== 'unserved') continue;
      record.memberKinds.delete(`${group}/${kind}`);
      this.#wakeInstance(record.id);
    }
    for (const { object: definition } of this.#caches.peek(DEFINITION_TYPE)?.values() ?? []) {
      const spec = definition.spec ?? {};
      const concerned = [declaredKind(spec), ...kindsUsed(spec)];
      if (concerned.some((type) => type.group === group && type.kind === kind)) {
        this.#wakeDefinition(definition.metadata.name ?? '');
      }
    }
  }

  /** Instances of a served kind: one changed, or the kind became readable or unreadable. */
  #kindChanged(definition: string, change: CacheChange | undefined): void {
    if (change === undefined) {
      this.#wakeDefinition(definition);
      this.#wakeInstancesOf(definition);
      return;
    }
    this.#wakeInstance(recordId(change.type, change.key));
    // A definition that waits for its last instance to go has to be told.
    if (change.after === undefined) this.#wakeIfWaiting(definition);
  }

  #wakeIfWaiting(definition: string): void {
    const object = this.#caches.peek(DEFINITION_TYPE)?.get(`/${definition}`)?.object;
    if (object?.metadata.deletionTimestamp !== undefined) this.#wakeDefinition(definition);
  }

  /** A definition serves another graph than before, or none. */
  #servedChanged(definition: string): void {
    const served = this.#served.ofDefinition(definition);
    const subscriber = KIND_PREFIX + definition;
    if (served === undefined) {
      this.#caches.setInterest(subscriber, []);
      for (const record of this.#records.values()) if (record.definition === definition) this.#forgetInstance(record);
      return;
    }
    this.#caches.keep(served.type, [[]]);
    for (const [id, paths] of served.graph.reads) {
      const node = served.graph.nodes.get(id);
      if (node !== undefined)
        this.#caches.keep({ ...node.type, plural: node.plural, namespaced: node.namespaced }, paths);
    }
    this.#caches.setInterest(subscriber, [everythingOf(served.type)]);
    this.#wakeInstancesOf(definition);
  }

  #wakeInstancesOf(definition: string): void {
    const served = this.#served.ofDefinition(definition);
    if (served === undefined) return;
    for (const key of this.#caches.peek(served.type)?.keys() ?? []) this.#wakeInstance(recordId(served.type, key));
  }

  #memberChanged(applySet: string): void {
    const id = this.#applySets.get(applySet);
    if (id !== undefined) this.#wakeInstance(id);
  }

  #wakeDefinition(name: string): void {
    this.#definitionRunner.wake({ group: name, key: name });
  }

  #wakeInstance(id: string): void {
    const served = this.#servedOf(id);
    if (served !== undefined) this.#instanceRunner.wake({ group: served.definition, key: id });
  }

  #servedOf(id: string) {
    const [group = '', kind = ''] = id.split('/', 2);
    return this.#served.of(group, kind);
  }

  async #passInstance({ key: id }: WorkKey, signal: AbortSignal): Promise<WorkResult> {
    const served = this.#servedOf(id);
    const known = this.#records.get(id);
    if (served === undefined) {
      if (known !== undefined) this.#forgetInstance(known);
      return {};
    }
    const instances = this.#caches.peek(served.type);
    const key = id.split('/').slice(2).join('/');
    if (instances?.synced !== true) return {};
    if (instances.get(key) === undefined) {
      if (known !== undefined) this.#forgetInstance(known);
      return {};
    }
    const record = known ?? newRecord(id, key, served.definition);
    this.#records.set(id, record);
    const { clock = systemClock } = this.#options;
    const began = clock.now();
    const result = await this.#instances.pass(record, served, instances, signal);
    this.#observer.instancePassed(served, clock.now() - began);
    return result;
  }

  #forgetInstance(record: InstanceRecord): void {
    this.#caches.setInterest(record.id, []);
    if (record.applySet !== undefined) this.#applySets.delete(record.applySet);
    this.#records.delete(record.id);
    this.#observer.instanceGone(record.id);
  }
}

const OWN_TYPES: readonly ObjectType[] = [DEFINITION_TYPE, REVISION_TYPE, CRD_TYPE];

function everythingOf(type: ObjectType): WatchRequest {
  return { kind: 'list', nodeId: '', target: { type, selector: '' } };
}

function recordId(type: ObjectType, key: string): string {
  return `${type.group}/${type.kind}/${key}`;
}

/** Is more than the status different? Our own status writes must not wake us. */
function isRelevant({ before, after }: CacheChange): boolean {
  if (before === undefined || after === undefined) return true;
  const [a, b] = [before.object.metadata, after.object.metadata];
  return (
    a.uid !== b.uid ||
    a.generation !== b.generation ||
    a.deletionTimestamp !== b.deletionTimestamp ||
    JSON.stringify([a.annotations, a.labels, a.finalizers]) !== JSON.stringify([b.annotations, b.labels, b.finalizers])
  );
}

function establishedText(crd: KubeObject | undefined): string {
  return JSON.stringify(crd?.status?.['conditions'] ?? null);
}

function kindOfCrd(crd: KubeObject): { group: string; kind: string } {
  const group = crd.spec?.['group'];
  const names = crd.spec?.['names'];
  const kind = isJsonObject(names) ? names['kind'] : undefined;
  return { group: typeof group === 'string' ? group : '', kind: typeof kind === 'string' ? kind : '' };
}
