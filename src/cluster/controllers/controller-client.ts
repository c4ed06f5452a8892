import type { JsonObject, KubeObject, OwnerReference } from '../../core/index.ts';
import { textAt } from '../../kubernetes/index.ts';
import type { AdmittedContext } from '../admission/session.ts';
import type { WorkAdmission } from '../admission/work-admission.ts';
import type { SchemaEngine } from '../crd/schemas.ts';
import { ApiError } from '../errors/status.ts';
import { topologyLabels } from '../kinds/pod-topology.ts';
import type { UserInfo } from '../options.ts';
import type { ServedResource } from '../registry/resource.ts';
import type { Collection, Store } from '../store/store.ts';
import { storeKey } from '../store/store.ts';
import { createObject } from '../verbs/create.ts';
import { deleteObject } from '../verbs/delete.ts';
import { readScale, setReplicas } from '../virtual/scale.ts';
import { changeObject } from '../verbs/update.ts';
import type { WriteRequest, WriteServices } from '../verbs/write.ts';
import { redecode } from '../verbs/write.ts';
import type { IndexedObject } from './relation-index.ts';
import { claimsOf, RelationIndex, ownersOf, controllerOf, uncontrolledIn, uncontrolledTerm } from './relation-index.ts';
import type { PodTally } from './pod-tallies.ts';
import { PodTallies } from './pod-tallies.ts';
import type { PodLogs } from '../pod-logs.ts';
import { logKey } from '../pod-logs.ts';
import { boundPod } from '../pods/bound-pod.ts';
import type { Registry } from '../registry/registry.ts';
import { timestampOf } from '../clock.ts';

/** The parts of the cluster that controllers use, including the services of a write. */
export interface ControllerContext extends AdmittedContext {
  readonly store: Store;
  readonly registry: Registry;
  readonly logs: Pick<PodLogs, 'begin' | 'drop' | 'write'>;
}

/** A resource by group and plural, e.g. `{ group: 'apps', plural: 'replicasets' }`. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

/** The indexes that all controllers of a cluster share. */
export interface Indexes {
  /** Objects by the uids of their owners. */
  readonly owners: RelationIndex;
  /** Pods by `namespace/name` of the claims that they use. */
  readonly claims: RelationIndex;
  /**
   * Objects without a controller, by resource and namespace, and also by label. The index has only resources whose
   * objects a controller may adopt. Objects that are being deleted are in the index, too.
   */
  readonly uncontrolled: RelationIndex;
  /** Pods by the names of their nodes. */
  readonly nodes: RelationIndex;
  /** The counts of the pods of ReplicaSets and ReplicationControllers. */
  readonly tallies: PodTallies;
}

export function createIndexes(store: Store): Indexes {
  return {
    owners: new RelationIndex(store, ownersOf),
    claims: new RelationIndex(store, claimsOf),
    uncontrolled: new RelationIndex(store, uncontrolledIn),
    nodes: new RelationIndex(store, nodeOfPod),
    tallies: new PodTallies(store, ['ReplicaSet', 'ReplicationController']),
  };
}

/** The term of a pod in the index of nodes. */
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
 * The cluster as a simulated controller sees it. Reads go to the store. Writes go through admission, defaulting and
 * validation, and record their managed fields, like requests of the controller's ServiceAccount. Only `bind` writes to
 * the store directly.
 */
export class ControllerClient {
  readonly #context: ControllerContext;
  readonly #user: UserInfo;
  readonly #manager: string;
  readonly #indexes: Indexes;
  #admission: WorkAdmission | undefined;

  /** `manager` is the manager of the fields that the controller writes. */
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

  /** Sets the admission of the writes of the next reconcile; `undefined` in a cluster without webhooks and policies. */
  admitBy(admission: WorkAdmission | undefined): void {
    this.#admission = admission;
  }

  /**
   * Runs a task about the writes of a reconcile, e.g. records an Event. In a cluster without webhooks and policies, the
   * task runs at once. Otherwise the reconcile may run several times; the task runs after the last run, and only if it
   * is the first task with its `key`.
   */
  afterwards(key: string, task: () => void): void {
    if (this.#admission === undefined) task();
    else this.#admission.afterwards(key, task);
  }

  /**
   * The time of the cluster's clock, in milliseconds since the epoch. In a reconcile whose writes wait for webhooks:
   * the time of the first run.
   */
  now(): number {
    return this.#admission?.now ?? this.#context.clock.now();
  }

  /** The time of `now()` in the format of timestamps in objects. */
  timestamp(): string {
    return timestampOf(this);
  }

  get(resource: ResourceName, namespace: string, name: string): KubeObject | undefined {
    return this.#context.store.collection(resource.group, resource.plural).get(storeKey(namespace, name))?.object;
  }

  /** The objects of a namespace (`''`: of all namespaces), ordered by key. */
  list(resource: ResourceName, namespace: string): readonly KubeObject[] {
    return this.#context.store
      .collection(resource.group, resource.plural)
      .inNamespace(namespace)
      .map(({ object }) => object);
  }

  /** The resources that can be listed and deleted, each in one of its versions. */
  resources(): ServedResource[] {
    const found = new Map<string, ServedResource>();
    for (const resource of this.#context.registry.all()) {
      const key = `${resource.plural}.${resource.group}`;
      if (!found.has(key) && resource.verbs.has('list') && resource.verbs.has('delete')) found.set(key, resource);
    }
    return [...found.values()];
  }

  /** The objects of all kinds that name this uid as an owner. */
  dependents(uid: string): readonly IndexedObject[] {
    return this.#indexes.owners.find(uid);
  }

  /** The objects of one resource that the owner controls. */
  controlled(owner: KubeObject, resource: ResourceName): KubeObject[] {
    const uid = owner.metadata.uid ?? '';
    const collection = this.#context.store.collection(resource.group, resource.plural);
    const objects: KubeObject[] = [];
    for (const found of this.dependents(uid)) {
      if (found.collection === collection && controllerOf(found.object)?.uid === uid) objects.push(found.object);
    }
    return objects;
  }

  /** The counts of the pods of a ReplicaSet or a ReplicationController. */
  podTallies(owner: KubeObject): readonly PodTally[] {
    return this.#indexes.tallies.of(owner.metadata.uid ?? '');
  }

  /**
   * The objects in a namespace that have no controller: all of them, or those with a label. The resource is one whose
   * objects a controller may adopt.
   */
  uncontrolled(resource: ResourceName, namespace: string, label?: readonly [key: string, value: string]): KubeObject[] {
    return this.#indexes.uncontrolled.find(uncontrolledTerm(resource, namespace, label)).map(({ object }) => object);
  }

  /** The pods that use a claim. */
  podsOfClaim(namespace: string, claim: string): KubeObject[] {
    return this.#indexes.claims.find(`${namespace}/${claim}`).map(({ object }) => object);
  }

  /** The pods that are bound to a node, including those that have ended. */
  podsOfNode(node: string): KubeObject[] {
    return this.#indexes.nodes.find(node).map(({ object }) => object);
  }

  /** Does the resource have no object at all? */
  isEmpty(resource: ResourceName): boolean {
    return this.#context.store.collection(resource.group, resource.plural).size === 0;
  }

  /** A resource in one version; `undefined` when it is not served. */
  resource(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#context.registry.find(group, version, plural);
  }

  /** The schema engine. A cluster with definitions or policies has loaded it. */
  schemas(): SchemaEngine {
    return this.#context.schemas();
  }

  /** The resource of a kind; `undefined` when the kind is not served. */
  resourceOfKind(apiVersion: string, kind: string): ServedResource | undefined {
    return this.#context.registry.findKind(apiVersion, kind);
  }

  create(object: KubeObject): KubeObject {
    return this.#admitted('create', object, (services, created) => {
      const write = this.#write(services, created, '', '');
      return createObject(write, redecode(write.resource, created as unknown as JsonObject).value).object;
    });
  }

  update(object: KubeObject, subresource = ''): KubeObject {
    return this.#admitted(`update ${subresource}`, object, (services) => {
      const write = this.#write(services, object, object.metadata.name ?? '', subresource);
      const live = this.get(write.resource, write.namespace, write.name);
      if (live === undefined) return object;
      return changeObject(write, live, redecode(write.resource, object as unknown as JsonObject).value).object;
    });
  }

  /** Writes the status of an object. An equal status causes no change. */
  updateStatus(object: KubeObject, status: JsonObject): KubeObject {
    return this.update({ ...object, status }, 'status');
  }

  /**
   * The Scale of an object.
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
   * Binds a pod to a node, as the scheduler does. Clears the nomination of the pod. Writes to the store directly,
   * because an update may not change `spec.nodeName`.
   */
  bind(pod: KubeObject, nodeName: string): void {
    const { namespace = '', name = '' } = pod.metadata;
    const live = this.get({ group: '', plural: 'pods' }, namespace, name);
    if (live === undefined || live.metadata.uid !== pod.metadata.uid) return;
    const { store } = this.#context;
    const bound = boundPod(live, { nodeName, labels: topologyLabels(store, nodeName), now: this.timestamp() });
    store.collection('', 'pods').put(storeKey(namespace, name), bound);
  }

  /** Begins the log of a new run of a container, with these lines. */
  beginLog(pod: KubeObject, container: string, lines: readonly string[]): void {
    const key = logKey(pod, container);
    this.#context.logs.begin(key);
    for (const line of lines) this.#context.logs.write(key, line);
  }

  /** Deletes the logs of a removed pod. */
  forgetLogs(pod: KubeObject): void {
    this.#context.logs.drop(pod.metadata.uid ?? '');
  }

  /**
   * Deletes an object. Does nothing when the object does not exist, or when an object with another uid has its name.
   */
  remove(object: KubeObject, options: RemoveOptions = {}): void {
    this.#admitted('remove', object, (services) => {
      const write = this.#write(services, object, object.metadata.name ?? '', '');
      const live = this.get(write.resource, write.namespace, write.name);
      if (live === undefined || live.metadata.uid !== object.metadata.uid) return;
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

/** The refusal of a pod that a workload needs. The manager reports it with the reason of kube-controller-manager. */
export class RefusedPod extends Error {
  readonly refusal: ApiError;

  constructor(refusal: ApiError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/**
 * Creates pods. Returns the refusal by the API, if any. The caller writes its status first, and throws the refusal
 * after that.
 */
export function refusedPod(createPods: () => void): RefusedPod | undefined {
  try {
    createPods();
    return undefined;
  } catch (error) {
    if (isApiError(error)) return new RefusedPod(error);
    throw error;
  }
}

/** Is the error the refusal of a create, because another object has the name? */
export function isAlreadyExists(error: unknown): boolean {
  return isApiError(error) && error.status.reason === 'AlreadyExists';
}

/** The owner reference for objects that a controller creates. */
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

/** Can a controller adopt the object? An object can be adopted when it has no controller and is not being deleted. */
export function isAdoptable({ metadata }: KubeObject): boolean {
  const controlled = metadata.ownerReferences?.some(({ controller }) => controller === true) === true;
  return !controlled && metadata.deletionTimestamp === undefined;
}
