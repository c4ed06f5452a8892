import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import {
  formatApiVersion,
  typeMetaOf,
  formatRef,
  isJsonObject,
  refOf,
  TypeKroError,
  definedMembers,
} from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import { isConflict, isNotFound, waitForObject, withDeadline, systemClock, isTimeout } from '@typekro/kube';
import { objectsAt } from '@typekro/kit/kubernetes';
import { Finalizers, keys, ObjectLabels, WriteAttempt } from '@typekro/engine/runtime';
import { ignoreNotFound } from './errors.ts';
import { isRecordOf, parentObject } from './parent.ts';
import type { DirectContext } from './direct-run.ts';
import { DEFINITION_KIND } from './kro-context.ts';
import { parentRef, supersede } from './record-owner.ts';

/**
 * How long the migration waits for a controller to report the suspension of an instance, in milliseconds. Without a
 * running controller, no report arrives.
 */
const SUSPEND_MS = 10_000;
/** How long the migration waits for the garbage collector to release an instance, in milliseconds. */
const COLLECTED_MS = 10_000;
/** The maximum number of attempts to release an instance that another client changes. */
const MAX_TRIES = 5;

const INVENTORY_ANNOTATIONS = [
  keys.TOOLING_ANNOTATION,
  keys.GROUP_KINDS_ANNOTATION,
  keys.NAMESPACES_ANNOTATION,
  keys.INVENTORY_HASH_ANNOTATION,
];

/** The labels and annotations that make an object the parent of an ApplySet. Empty for other objects. */
function inventoryOf({ metadata }: KubeObject): Pick<KubeObject['metadata'], 'labels' | 'annotations'> {
  const id = metadata.labels?.[keys.APPLYSET_ID_LABEL];
  if (id === undefined) return {};
  const annotations = INVENTORY_ANNOTATIONS.flatMap((key) => {
    const value = metadata.annotations?.[key];
    return value === undefined ? [] : [[key, value] as const];
  });
  return { labels: { [keys.APPLYSET_ID_LABEL]: id }, annotations: Object.fromEntries(annotations) };
}

/**
 * Moves an instance from a controller to direct mode. Copies the instance's inventory to the record of the direct
 * deployment (a ConfigMap), suspends the instance, and deletes it without its finalizer. Does not write the children.
 * Returns the unchanged context when the instance does not exist, or when an earlier process has released it.
 *
 * @throws TypeKroError `deploy/being-deleted` when the instance is being deleted together with its children;
 * `deploy/contended` when another client keeps changing the instance; `deploy/not-collected` when the released instance
 * remains, because no garbage collector runs.
 */
export async function takeFromController<Context extends TakenContext>(
  context: Context,
  progress: (message: string) => void,
): Promise<Context> {
  const { api, graph, signal } = context;
  const instance = await findInstance(context);
  if (instance === undefined) return context;
  const ref = refOf(instance);
  const { deletionTimestamp, finalizers = [] } = instance.metadata;
  if (deletionTimestamp !== undefined && !finalizers.includes(keys.FINALIZER)) {
    // An earlier process released the instance and ended before the instance was gone.
    await untilReleased(api, ref, signal);
    return context;
  }
  if (deletionTimestamp !== undefined) {
    throw new TypeKroError(`${ref.kind} "${ref.name}" is being deleted with all of its objects`, {
      code: 'deploy/being-deleted',
      object: ref,
      remedy: 'deploy again when it is gone',
    });
  }
  const inventory = inventoryOf(instance);
  const carried: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      labels: { ...context.parent?.metadata.labels, ...inventory.labels },
      annotations: { ...context.parent?.metadata.annotations, ...inventory.annotations },
    },
  };
  const record = parentRef(graph.name, context.name, context.namespace);
  const parent = await api.apply(parentObject(record, graph, context.record, carried), {
    fieldManager: keys.INVENTORY_MANAGER,
    force: true,
    signal,
  });
  await release(context, ref);
  progress(`took over ${ref.kind} ${ref.name} from its controller`);
  return { ...context, parent };
}

/** The members of a direct deploy's context that a takeover uses. */
type TakenContext = Pick<DirectContext, 'api' | 'graph' | 'name' | 'namespace' | 'parent' | 'record' | 'signal'>;

async function findInstance({ api, graph, name, namespace, signal }: TakenContext): Promise<KubeObject | undefined> {
  const { group, version, kind, namespaced } = graph.instance;
  const apiVersion = formatApiVersion({ group, version });
  if ((await api.discovery.resourceOf({ apiVersion, kind }, { signal })) === undefined) return undefined;
  return api.find({ apiVersion, kind, name, ...(namespaced ? { namespace } : {}) }, { signal });
}

/**
 * Makes the controller release the instance. Then removes the controller's finalizer and deletes the instance. With
 * this finalizer, the controller would delete the children.
 */
async function release({ api, signal }: TakenContext, ref: ObjectRef): Promise<void> {
  await api.patch(
    ref,
    // This project's controller reads the deletion policy, and removes its finalizer. kro's controller reacts only to
    // the suspension.
    {
      metadata: {
        annotations: { [keys.RECONCILE_ANNOTATION]: 'suspended', [keys.DELETION_POLICY_ANNOTATION]: 'orphan' },
      },
    },
    { type: 'merge', signal },
  );
  await untilSuspended(api, ref, signal);
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    try {
      const current = await api.find(ref, { signal });
      if (current === undefined) return;
      const patched = await api.patch(ref, withoutFinalizer(current), { type: 'merge', signal });
      const { uid, resourceVersion } = patched.metadata;
      // The resourceVersion as a precondition prevents the deletion if a controller has added its finalizer again in
      // the meantime.
      await api.delete(ref, {
        preconditions: { ...definedMembers({ uid, resourceVersion }) },
        propagationPolicy: 'Orphan',
        signal,
      });
    } catch (error) {
      if (isNotFound(error)) return;
      if (!isConflict(error)) throw error;
      continue;
    }
    await untilReleased(api, ref, signal);
    return;
  }
  throw new TypeKroError(`${ref.kind} "${ref.name}" keeps being changed and cannot be taken over`, {
    code: 'deploy/contended',
    object: ref,
    remedy: 'stop the client that changes it (no controller changes it, because it is suspended), and deploy again',
  });
}

/**
 * Waits until a released instance is gone. The garbage collector removes the finalizer `orphan` of the instance after
 * it has released the dependents.
 *
 * @throws TypeKroError `deploy/not-collected` when the instance remains, because no garbage collector runs.
 */
async function untilReleased(api: KubernetesApi, ref: ObjectRef, signal: AbortSignal): Promise<void> {
  let held: readonly string[] = [];
  await withDeadline(COLLECTED_MS, [signal], systemClock, async (inner) => {
    try {
      await waitForObject(api, ref, inner, (object) => {
        held = object?.metadata.finalizers ?? [];
        return object === undefined || undefined;
      });
    } catch (error) {
      if (signal.aborted || !isTimeout(inner)) throw error;
      const type = ref.kind.toLowerCase();
      throw new TypeKroError(
        `${formatRef(ref)} was released, but is not gone after ${COLLECTED_MS / 1000} s: its finalizers are ${held.join(', ')}`,
        {
          code: 'deploy/not-collected',
          object: ref,
          cause: error,
          remedy:
            'its children are safe. The finalizer "orphan" is removed by the garbage collector: is kube-controller-manager ' +
            `running? Remove other finalizers with \`kubectl edit ${type} ${ref.name}\`, and deploy again: the deploy continues from here`,
        },
      );
    }
  });
}

/**
 * Waits until the controller reports the suspension. Also returns at the time limit, because a missing report means
 * that no controller runs.
 */
async function untilSuspended(api: KubernetesApi, ref: ObjectRef, signal: AbortSignal): Promise<void> {
  await withDeadline(SUSPEND_MS, [signal], systemClock, async (inner) => {
    try {
      await waitForObject(api, ref, inner, (object) => object === undefined || saysSuspended(object) || undefined);
    } catch (error) {
      if (signal.aborted || !isTimeout(inner)) throw error;
    }
  });
}

function saysSuspended({ status }: KubeObject): boolean {
  const conditions = status?.['conditions'];
  return (
    Array.isArray(conditions) &&
    conditions.some((condition) => isJsonObject(condition) && condition['reason'] === 'ReconciliationSuspended')
  );
}

function withoutFinalizer(instance: KubeObject): JsonObject {
  const { resourceVersion } = instance.metadata;
  return { metadata: { finalizers: Finalizers.others(instance), ...definedMembers({ resourceVersion }) } };
}

/**
 * Releases the namespaces of a direct deployment that are not resources of its definition. In kro mode, a namespace
 * whose name depends only on the spec is applied before the instance and is not a resource of the definition. If the
 * namespace stayed in the inventory, the controller would prune it together with all objects in it.
 */
export async function releaseNamespaces(
  api: KubernetesApi,
  definition: string,
  parent: KubeObject,
  signal: AbortSignal,
  dryRun = false,
): Promise<void> {
  const { labels = {}, annotations = {} } = inventoryOf(parent);
  const id = labels[keys.APPLYSET_ID_LABEL];
  const kinds = annotations[keys.GROUP_KINDS_ANNOTATION]?.split(',') ?? [];
  if (id === undefined || !kinds.includes(WriteAttempt.NAMESPACE_TYPE.kind)) return;
  const type = typeMetaOf(WriteAttempt.NAMESPACE_TYPE);
  const { items } = await api.list(type, { labelSelector: `${keys.PART_OF_LABEL}=${id}`, signal });
  if (items.length === 0) return;
  const served = await api.find({ ...DEFINITION_KIND, name: definition }, { signal });
  const created = new Set(
    objectsAt(served?.spec, 'resources').flatMap((entry) => (isJsonObject(entry['template']) ? [entry['id']] : [])),
  );
  for (const namespace of items) {
    if (created.has(ObjectLabels.nodeIdOf(namespace))) continue;
    const options = { type: 'merge', fieldManager: keys.CHILD_MANAGER, signal, dryRun } as const;
    await api.patch(refOf(namespace), ObjectLabels.releasePatch(namespace), options).catch(ignoreNotFound);
  }
}

/** The state of a direct deployment for the controller that takes it over. */
export interface InheritedState {
  /**
   * The instance with the inventory of the direct deployment. The inventory tells the controller which objects to prune
   * after they are removed from the graph.
   */
  readonly instance: KubeObject;
  /** Deletes the record. Must be called after the instance exists in the cluster. */
  forget(): Promise<void>;
}

/**
 * Moves the direct deployment of an instance to kro mode. Stops a running deploy, releases namespaces
 * (`releaseNamespaces`), and copies the inventory of the record to the instance. Returns `undefined` when there is no
 * direct deployment. `namespace` is the namespace of the record, because an instance may have no namespace.
 */
export async function takeFromDirect(
  api: KubernetesApi,
  definition: string,
  instance: KubeObject,
  namespace: string,
  signal: AbortSignal,
): Promise<InheritedState | undefined> {
  const { name = '' } = instance.metadata;
  const ref = parentRef(definition, name, namespace);
  const parent = await api.find(ref, { signal });
  if (parent === undefined || !isRecordOf(parent, definition, name)) return undefined;
  await supersede(api, ref, signal);
  await releaseNamespaces(api, definition, parent, signal);
  const inventory = inventoryOf(parent);
  const metadata = {
    ...instance.metadata,
    labels: { ...instance.metadata.labels, ...inventory.labels },
    annotations: { ...instance.metadata.annotations, ...inventory.annotations },
  };
  return {
    instance: { ...instance, metadata },
    forget: async () => {
      const { uid } = parent.metadata;
      await api.delete(ref, { ...(uid === undefined ? {} : { preconditions: { uid } }), signal }).catch(ignoreNotFound);
    },
  };
}
