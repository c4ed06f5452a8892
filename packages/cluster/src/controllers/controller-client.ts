import type { JsonObject, KubeObject, OwnerReference } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import type { AdmittedContext } from '../admission/admission-session.ts';
import type { WorkAdmission } from '../admission/work-admission.ts';
import type { SchemaEngine } from '../crd/needs-schemas.ts';
import { ApiError } from '../errors/api-error.ts';
import { topologyLabels } from '../kinds/pods/pod-admission.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { type Collection, type Store, storeKey } from '../store/store.ts';
import { workOf } from '../store/stored-size.ts';
import { createObject } from '../verbs/create.ts';
import { deleteObject } from '../verbs/delete.ts';
import { readScale, setReplicas } from '../virtual/scale-reply.ts';
import { changeObject } from '../verbs/update.ts';
import { type WriteRequest, type WriteServices, redecode } from '../verbs/write.ts';
import type { IndexedObject } from './relation-index.ts';
import { claimsOf, RelationIndex, ownersOf, controllerOf, uncontrolledIn, uncontrolledTerm } from './relation-index.ts';
import { type PodTally, PodTallies } from './pods/pod-tallies.ts';
import type { PodLogs } from '../pod-logs.ts';
import { boundPod } from '../pods/bound-pod.ts';
import type { Work } from '../work.ts';
import type { Registry } from '../registry/registry.ts';
import { timestampOf } from '../cluster-clock.ts';

/** The limits of `record.EventCorrelator` in client-go: the Events about an object without a pause, and the pause. */
const [BURST, REFILL_MS, MAX_OBJECTS] = [25, 300_000, 4096];

/** Limits the Events about one object, so that an object with much to tell does not fill the store. */
export class EventLimits {
  /** The Events that are left, and the time of the last one, keyed by component and uid, the oldest first. */
  readonly #objects = new Map<string, { readonly left: number; readonly atMs: number }>();

  /** May a component record an Event about an object now? Counts it. */
  allows(component: string, uid: string, nowMs: number): boolean {
    const key = `${component} ${uid}`;
    const { left, atMs } = this.#objects.get(key) ?? { left: BURST, atMs: nowMs };
    const filled = Math.min(BURST, left + (nowMs - atMs) / REFILL_MS);
    this.#objects.delete(key);
    this.#objects.set(key, { left: filled >= 1 ? filled - 1 : filled, atMs: nowMs });
    const [oldest] = this.#objects.keys();
    if (this.#objects.size > MAX_OBJECTS && oldest !== undefined) this.#objects.delete(oldest);
    return filled >= 1;
  }
}

/** The objects whose reading is as much work as the write of a small object. */
const READS_PER_UNIT = 100;

/** The parts of the cluster that controllers use, including the services of a write. */
export interface ControllerContext extends AdmittedContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly work: Work;
  readonly logs: Pick<PodLogs, 'begin' | 'drop'>;
}

/** A resource by group and plural, e.g. `{ group: 'apps', plural: 'replicasets' }`. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

/** The indexes that all controllers of a cluster share. */
export interface Indexes {
  /** Objects, keyed by the uids of their owners. */
  readonly owners: RelationIndex;
  /** Pods, keyed by `namespace/name` of the claims that they use. */
  readonly claims: RelationIndex;
  /**
   * Objects without a controller, keyed by resource and namespace, and also by label. The index contains only resources
   * whose objects a controller can adopt. It includes objects that are being deleted.
   */
  readonly uncontrolled: RelationIndex;
  /** Pods, keyed by the names of their nodes. */
  readonly nodes: RelationIndex;
  /** The counts of the pods of ReplicaSets, ReplicationControllers and Jobs. */
  readonly tallies: PodTallies;
}

export function createIndexes(store: Store): Indexes {
  return {
    owners: new RelationIndex(store, ownersOf),
    claims: new RelationIndex(store, claimsOf),
    uncontrolled: new RelationIndex(store, uncontrolledIn),
    nodes: new RelationIndex(store, nodeOfPod),
    tallies: new PodTallies(store, ['ReplicaSet', 'ReplicationController', 'Job']),
  };
}

/** Returns the key of a pod in the index by node. */
function nodeOfPod({ group, plural }: Collection, { spec }: KubeObject): readonly string[] {
  if (plural !== 'pods' || group !== '') return NO_NODE;
  const name = textAt(spec, 'nodeName');
  return name === '' ? NO_NODE : [name];
}

const NO_NODE: readonly string[] = [];

/** Options of a deletion by a controller. */
export interface RemoveOptions {
  readonly propagation?: 'Foreground' | 'Background' | 'Orphan';
  readonly graceSeconds?: number;
}

/**
 * The client of a simulated controller. It reads from the store. Its writes pass admission, defaulting and validation,
 * and record managed fields, like requests of the controller's ServiceAccount. Only `bind` writes to the store
 * directly.
 */
export class ControllerClient {
  readonly #context: ControllerContext;
  readonly #user: UserInfo;
  readonly #manager: string;
  readonly #indexes: Indexes;
  /** Limits the Events of the controller. */
  readonly eventLimits = new EventLimits();
  #admission: WorkAdmission | undefined;

  /** `manager` is the field manager of the controller's writes. */
  constructor(context: ControllerContext, controller: string, indexes: Indexes, manager = 'kube-controller-manager') {
    this.#context = context;
    this.#indexes = indexes;
    this.#user = {
      name: `system:serviceaccount:kube-system:${controller}`,
      groups: [
        'system:masters',
        'system:serviceaccounts',
        'system:serviceaccounts:kube-system',
        'system:authenticated',
      ],
    };
    this.#manager = manager;
  }

  /** Sets the admission for the writes of the next reconcile; `undefined` without webhooks and policies. */
  admitBy(admission: WorkAdmission | undefined): void {
    this.#admission = admission;
  }

  /**
   * Runs a task that belongs to the writes of a reconcile, e.g. recording an Event. In a cluster without webhooks and
   * policies, the task runs immediately. In any other cluster, the reconcile can run several times. The task then runs
   * after the last run, and only if it is the first task with its `key`.
   */
  afterwards(key: string, task: () => void): void {
    if (this.#admission === undefined) task();
    else this.#admission.afterwards(key, task);
  }

  /**
   * Returns the time of the cluster's clock, in milliseconds since the epoch. In a reconcile whose writes wait for
   * webhooks, returns the time of the first run.
   */
  now(): number {
    return this.#admission?.now ?? this.#context.clock.now();
  }

  /** Returns the time of `now()` in the format of timestamps in objects. */
  timestamp(): string {
    return timestampOf(this);
  }

  /** The work that the cluster has done so far. */
  get workDone(): number {
    return this.#context.work.done;
  }

  /** Counts the reading of objects, which leaves turns to others when there are many. */
  #read<Item>(objects: readonly Item[]): readonly Item[] {
    this.#context.work.count(objects.length / READS_PER_UNIT);
    return objects;
  }

  get(resource: ResourceName, namespace: string, name: string): KubeObject | undefined {
    return this.at(resource, storeKey(namespace, name));
  }

  /** Returns the object of a key. The keys of objects are those of the store. */
  at(resource: ResourceName, key: string): KubeObject | undefined {
    return this.#context.store.collection(resource.group, resource.plural).get(key)?.object;
  }

  /** Returns the objects of a namespace (`''` for all namespaces), sorted by key. */
  list(resource: ResourceName, namespace: string): readonly KubeObject[] {
    return this.#read(this.#context.store.collection(resource.group, resource.plural).inNamespace(namespace)).map(
      ({ object }) => object,
    );
  }

  /** Returns the resources that can be listed and deleted, each in one of its versions. */
  resources(): ServedResource[] {
    const found = new Map<string, ServedResource>();
    for (const resource of this.#context.registry.all()) {
      const key = `${resource.plural}.${resource.group}`;
      if (!found.has(key) && resource.verbs.has('list') && resource.verbs.has('delete')) found.set(key, resource);
    }
    return [...found.values()];
  }

  /** Returns the objects of all kinds that name this uid as an owner. */
  dependents(uid: string): readonly IndexedObject[] {
    return this.#read(this.#indexes.owners.find(uid));
  }

  /** Returns the objects of one resource that the owner controls. */
  controlled(owner: KubeObject, resource: ResourceName): KubeObject[] {
    const uid = owner.metadata.uid ?? '';
    const collection = this.#context.store.collection(resource.group, resource.plural);
    const objects: KubeObject[] = [];
    for (const found of this.dependents(uid)) {
      if (found.collection === collection && controllerOf(found.object)?.uid === uid) objects.push(found.object);
    }
    return objects;
  }

  /** Returns the counts of the pods of a ReplicaSet, a ReplicationController or a Job. */
  podTallies(owner: KubeObject): readonly PodTally[] {
    return this.#indexes.tallies.of(owner.metadata.uid ?? '');
  }

  /**
   * Returns the objects in a namespace that have no controller: all of them, or those with a label. The resource must
   * be one whose objects a controller can adopt.
   */
  uncontrolled(resource: ResourceName, namespace: string, label?: readonly [key: string, value: string]): KubeObject[] {
    return this.#indexes.uncontrolled.find(uncontrolledTerm(resource, namespace, label)).map(({ object }) => object);
  }

  /** Returns the pods that use a claim. */
  podsOfClaim(namespace: string, claim: string): KubeObject[] {
    return this.#indexes.claims.find(`${namespace}/${claim}`).map(({ object }) => object);
  }

  /** Returns the pods that are bound to a node, including pods that have ended. */
  podsOfNode(node: string): KubeObject[] {
    return this.#indexes.nodes.find(node).map(({ object }) => object);
  }

  /** Returns the resources that have objects. */
  populated(): readonly ResourceName[] {
    return [...this.#context.store.collections()].filter(({ size }) => size > 0);
  }

  /** Does the resource have no objects? */
  isEmpty(resource: ResourceName): boolean {
    return this.#context.store.collection(resource.group, resource.plural).size === 0;
  }

  /** Returns a resource in one version, or `undefined` when it is not served. */
  resource(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#context.registry.find(group, version, plural);
  }

  /** Returns the schema engine. Throws when the engine is not loaded; see `SchemaEngineSource`. */
  schemas(): SchemaEngine {
    return this.#context.schemas();
  }

  /** Returns the resource of a kind, or `undefined` when the kind is not served. */
  resourceOfKind(apiVersion: string, kind: string): ServedResource | undefined {
    return this.#context.registry.findKind(apiVersion, kind);
  }

  /** Counts the work of a write in addition to the change of the object. */
  #written(object: KubeObject): KubeObject {
    this.#context.work.count(workOf(object) - 1);
    return object;
  }

  create(object: KubeObject): KubeObject {
    return this.#admitted('create', object, (services, created) => {
      const write = this.#write(services, created, '', '');
      return this.#written(createObject(write, redecode(write.resource, created).value).object);
    });
  }

  update(object: KubeObject, subresource = ''): KubeObject {
    return this.#admitted(`update ${subresource}`, object, (services) => {
      const write = this.#write(services, object, object.metadata.name ?? '', subresource);
      const live = this.get(write.resource, write.namespace, write.name);
      if (live === undefined) return object;
      return this.#written(changeObject(write, live, redecode(write.resource, object).value).object);
    });
  }

  /** Removes a finalizer of an object, and returns the object without it. */
  dropFinalizer(object: KubeObject, finalizer: string): KubeObject {
    const { finalizers = [], ...metadata } = object.metadata;
    if (!finalizers.includes(finalizer)) return object;
    const kept = finalizers.filter((name) => name !== finalizer);
    return this.update({ ...object, metadata: kept.length === 0 ? metadata : { ...metadata, finalizers: kept } });
  }

  /** Writes the status of an object. Does nothing when the status is equal. */
  updateStatus(object: KubeObject, status: JsonObject): KubeObject {
    return this.update({ ...object, status }, 'status');
  }

  /**
   * Returns the Scale of an object.
   *
   * @throws ApiError when the object has no Scale.
   */
  scaleOf(object: KubeObject): JsonObject {
    const resource = this.#context.registry.findStoredKind(object);
    if (resource === undefined) throw new Error(`no resource serves ${object.apiVersion} ${object.kind}`);
    return readScale(resource, object);
  }

  /** Writes the number of replicas through the Scale of an object. */
  scale(object: KubeObject, replicas: number): void {
    this.#admitted('update scale', object, (services) => {
      const { subresource: _, ...write } = this.#write(services, object, object.metadata.name ?? '', 'scale');
      const live = this.get(write.resource, write.namespace, write.name);
      if (live !== undefined) setReplicas(write, live, replicas);
    });
  }

  /**
   * Binds a pod to a node, like the scheduler, and clears the pod's nomination. Writes to the store directly, because
   * an update may not change `spec.nodeName`.
   */
  bind(pod: KubeObject, nodeName: string): void {
    const { namespace = '', name = '' } = pod.metadata;
    const live = this.get({ group: '', plural: 'pods' }, namespace, name);
    if (live === undefined || live.metadata.uid !== pod.metadata.uid) return;
    const { store } = this.#context;
    const bound = boundPod(live, { nodeName, labels: topologyLabels(store, nodeName), now: this.timestamp() });
    this.#written(store.collection('', 'pods').put(storeKey(namespace, name), bound).object);
  }

  get logs(): Pick<PodLogs, 'begin' | 'drop'> {
    return this.#context.logs;
  }

  /** Deletes an object, unless it does not exist or an object with another uid has its name. */
  remove(object: KubeObject, options: RemoveOptions = {}): void {
    this.#admitted('remove', object, (services) => {
      const write = this.#write(services, object, object.metadata.name ?? '', '');
      const live = this.get(write.resource, write.namespace, write.name);
      if (live === undefined || live.metadata.uid !== object.metadata.uid) return;
      this.#written(live);
      deleteObject(write, {
        dryRun: false,
        gracePeriodSeconds: options.graceSeconds,
        propagationPolicy: options.propagation,
        orphanDependents: undefined,
        preconditions: {},
      });
    });
  }

  #admitted<Result>(
    verb: string,
    object: KubeObject,
    attempt: (services: WriteServices, object: KubeObject) => Result,
  ): Result {
    if (this.#admission === undefined) return attempt(this.#context, object);
    const hasRandomName = verb === 'create' && controllerOf(object) !== undefined;
    return this.#admission.run({ verb, object, hasRandomName }, attempt);
  }

  #write(services: WriteServices, object: KubeObject, name: string, subresource: string): WriteRequest {
    const resource = this.#context.registry.findStoredKind(object);
    if (resource === undefined) throw new Error(`no resource serves ${object.apiVersion} ${object.kind}`);
    return {
      services,
      resource,
      namespace: resource.namespaced ? (object.metadata.namespace ?? '') : '',
      name,
      subresource,
      user: this.#user,
      options: { dryRun: false, manager: this.#manager, fieldValidation: 'Ignore', force: true },
      warnings: [],
    };
  }
}

/** Is the error a refusal by the API, as opposed to a bug? */
export function isApiError(error: unknown): error is ApiError {
  return error instanceof ApiError;
}

/** The error for a refused pod of a workload, which the manager records in an Event (`FailedCreate`). */
export class RefusedPod extends Error {
  readonly refusal: ApiError;

  constructor(refusal: ApiError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Creates pods. Returns a refusal by the API, so that the caller can write a status before it throws it. */
export function refusedPod(createPods: () => void): RefusedPod | undefined {
  try {
    createPods();
    return undefined;
  } catch (error) {
    if (isApiError(error)) return new RefusedPod(error);
    throw error;
  }
}

/** Was the create refused because an object with this name already exists? */
export function isAlreadyExists(error: unknown): boolean {
  return isApiError(error) && error.status.reason === 'AlreadyExists';
}

/** Returns the owner reference for objects that a controller creates. */
export function controllerReference(owner: KubeObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  return {
    apiVersion,
    kind,
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/**
 * Returns the owner references with `added`. A reference with the same uid is replaced, so that an owner can become the
 * controller. `place` is the position of a new reference. The controllers of Kubernetes adopt with a strategic merge
 * patch, which adds the reference at the start. The library of operators (`SetControllerReference`) adds it at the end.
 */
export function withOwner(
  references: readonly OwnerReference[],
  added: OwnerReference,
  place: 'start' | 'end',
): OwnerReference[] {
  const index = references.findIndex(({ uid }) => uid === added.uid);
  if (index >= 0) return references.with(index, added);
  return place === 'start' ? [added, ...references] : [...references, added];
}

/** Can a controller adopt the object? An object can be adopted when it has no controller and is not being deleted. */
export function isAdoptable({ metadata }: KubeObject): boolean {
  const controlled = metadata.ownerReferences?.some(({ controller }) => controller === true) === true;
  return !controlled && metadata.deletionTimestamp === undefined;
}
