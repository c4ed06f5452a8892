import { type KubeObject, type ObjectRef, definedMembers, isBuiltinGroup, parseApiVersion } from '@typekro/kit/core';
import { objectsAt, valueAt } from '@typekro/kit/kubernetes';
import { type Cause, causesOf, podFamily, openFamily } from './causes.ts';
import { ObjectTarget } from '@typekro/engine/runtime';
import { podSelectorOf, serviceOf, withoutPods } from './silent-causes.ts';
import { KubeError } from './kube-error.ts';
import type { KubernetesApi, ListOptions, ResourceType } from './kube-api.ts';

const POD: ResourceType = { apiVersion: 'v1', kind: 'Pod' };
const CLAIM: ResourceType = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const REPLICA_SET: ResourceType = { apiVersion: 'apps/v1', kind: 'ReplicaSet' };
const JOB: ResourceType = { apiVersion: 'batch/v1', kind: 'Job' };
const EVENT: ResourceType = { apiVersion: 'v1', kind: 'Event' };

/** The kinds of the objects that a workload creates, down to pods, by the kind of the workload. */
const MADE_BY: ReadonlyMap<string, readonly ResourceType[]> = new Map([
  ['Deployment', [REPLICA_SET, POD]],
  ['ReplicaSet', [POD]],
  ['ReplicationController', [POD]],
  ['StatefulSet', [POD]],
  ['DaemonSet', [POD]],
  ['Job', [POD]],
  ['CronJob', [JOB, POD]],
]);

/** The kinds of objects that the operator of a custom resource may create. */
const MADE_BY_OPERATORS: readonly ResourceType[] = [
  POD,
  REPLICA_SET,
  JOB,
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
];

/** Kinds whose `spec.selector` is a label selector for their pods. */
const SELECTING: ReadonlySet<string> = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job']);

/**
 * Up to this number of objects, one list per object reads the events of the object. For more objects, one list reads
 * all warnings of the namespace. If claims are among the objects, a second list reads the events of type Normal about
 * claims.
 */
const MAX_EVENT_LISTS = 2;

/** The reasons why one object is not ready. */
export interface ReadCauses {
  readonly object: ObjectRef;
  /** The object as it was read. Absent when it does not exist, or its read failed. */
  readonly live?: KubeObject;
  readonly causes: readonly Cause[];
  /** Failed reads with their reasons. If there are any, the causes may be incomplete. */
  readonly unread: readonly string[];
}

type Reads = Pick<KubernetesApi, 'find' | 'list'>;

/**
 * Finds the reasons why objects are not ready. Reads the objects, the objects that they created, and the claims that
 * their pods mount. Also reads the events of the objects that are not ready. An absent object has no causes. A failed
 * read is not thrown, but listed in `unread`.
 */
export async function readCauses(api: Reads, refs: readonly ObjectRef[], signal: AbortSignal): Promise<ReadCauses[]> {
  const read = await Promise.all(
    refs.map(async (ref) => {
      const [object, failure] = await attempt(() => api.find(ref, { signal }));
      return { ref, object, failure };
    }),
  );
  const namespaces = [...new Set(refs.map(({ namespace = '' }) => namespace))];
  const around = new Map(
    await Promise.all(
      namespaces.map(async (namespace) => {
        const objects = read.flatMap(({ ref, object }) =>
          object !== undefined && (ref.namespace ?? '') === namespace ? [object] : [],
        );
        return [namespace, await surroundings(api, namespace, objects, signal)] as const;
      }),
    ),
  );
  const found = read.map(async ({ ref, object, failure }) => {
    const { objects, events, unread } = around.get(ref.namespace ?? '') ?? NOTHING;
    const own = object === undefined ? [] : causesOf(object, { objects, events });
    return {
      object: ref,
      ...definedMembers({ live: object }),
      causes: object === undefined || own.length > 0 ? own : await selectionCauses(api, object, signal),
      unread: failure === undefined ? unread : [...unread, `it could not be read: ${failure.message}`],
    };
  });
  return Promise.all(found);
}

/**
 * The causes of an object that has no effect without the pods of a selector: the selector matches none, or one of the
 * pods is not ready.
 */
async function selectionCauses(api: Reads, object: KubeObject, signal: AbortSignal): Promise<readonly Cause[]> {
  const service = serviceOf(object);
  const [selecting] = service === undefined ? [object] : await attempt(() => api.find(service, { signal }));
  const labelSelector = selecting === undefined ? '' : podSelectorOf(selecting);
  if (selecting === undefined || labelSelector === '') return [];
  const { namespace = 'default' } = selecting.metadata;
  const [pods] = await attempt(() => api.list(POD, { namespace, labelSelector, signal }));
  if (pods?.items.length === 0) return [{ ...withoutPods(selecting, labelSelector), others: 0 }];
  const causes = (pods?.items ?? []).map((pod) => causesOf(pod, NOTHING));
  return causes.find(({ length }) => length > 0) ?? [];
}

/**
 * Reads objects together with the objects that they created, down to pods, by their owner references. Objects that do
 * not exist are left out. For a cluster-scoped object, only the object itself is read.
 *
 * @throws KubeError when the objects, or those that they created, cannot be read.
 */
export async function readFamilies(
  api: Reads,
  refs: readonly ObjectRef[],
  signal: AbortSignal,
): Promise<{ readonly ref: ObjectRef; readonly family: readonly KubeObject[] }[]> {
  const families = await Promise.all(
    refs.map(async (ref) => {
      const object = await api.find(ref, { signal });
      if (object === undefined) return undefined;
      const reader = new Reader(api, ref.namespace ?? 'default', signal);
      const made = ref.namespace === undefined ? [] : await reader.made([object]);
      if (reader.failure !== undefined) throw reader.failure;
      return { ref, family: podFamily(object, made) };
    }),
  );
  return families.filter((family) => family !== undefined);
}

interface Around {
  readonly objects: readonly KubeObject[];
  readonly events: readonly KubeObject[];
  readonly unread: readonly string[];
}

const NOTHING: Around = { objects: [], events: [], unread: [] };

/**
 * Reads the objects that the given objects of one namespace created, and the claims of pods. Also reads the events of
 * the objects that are not ready. For cluster-scoped objects, the namespace is empty.
 */
async function surroundings(
  api: Reads,
  namespace: string,
  roots: readonly KubeObject[],
  signal: AbortSignal,
): Promise<Around> {
  if (roots.length === 0) return NOTHING;
  const reader = new Reader(api, namespace || 'default', signal);
  const made = namespace === '' ? [] : await reader.made(roots);
  const mounting = made.concat(roots).some((each) => each.kind === 'Pod' && mountsClaim(each));
  const claims = mounting && namespace !== '' ? await reader.list(CLAIM, {}) : [];
  const objects = [...made, ...claims];
  const open = roots.flatMap((root) => openFamily(root, objects));
  const byName = new Map(open.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
  return { objects, events: await reader.events([...byName.values()]), unread: reader.unread };
}

/** Reads lists in one namespace, and records failed reads. */
class Reader {
  readonly unread: string[] = [];
  /** The first failed read. Its message names the kind. */
  failure: KubeError | undefined;
  readonly #api: Reads;
  readonly #namespace: string;
  readonly #signal: AbortSignal;

  constructor(api: Reads, namespace: string, signal: AbortSignal) {
    this.#api = api;
    this.#namespace = namespace;
    this.#signal = signal;
  }

  async list(
    type: ResourceType,
    selection: Pick<ListOptions, 'labelSelector' | 'fieldSelector'>,
  ): Promise<KubeObject[]> {
    const options = { namespace: this.#namespace, ...selection, signal: this.#signal };
    const [list, failure] = await attempt(() => this.#api.list(type, options));
    if (failure !== undefined) {
      const what = type === EVENT ? 'its events' : `objects of kind ${type.kind}`;
      const message = `${what} could not be read: ${failure.message}`;
      this.unread.push(message);
      const { status, reason, details, retryAfterMs } = failure;
      const pause = retryAfterMs === undefined ? {} : { retryAfterMs };
      this.failure ??= new KubeError(message, { status, reason, details, ...pause, cause: failure });
    }
    return list?.items ?? [];
  }

  /**
   * Lists the objects that the roots may have created. If all roots that may create objects of a kind have label
   * selectors, only the selected objects of this kind are listed.
   */
  async made(roots: readonly KubeObject[]): Promise<KubeObject[]> {
    const selections = new Map<ResourceType, Set<string>>();
    for (const root of roots) {
      for (const type of madeBy(root)) {
        const known = selections.get(type) ?? new Set();
        selections.set(type, known.add(podSelector(root)));
      }
    }
    const lists = await Promise.all(
      [...selections].flatMap(([type, labels]) =>
        (labels.has('') ? [''] : [...labels]).map((labelSelector) =>
          this.list(type, labelSelector === '' ? {} : { labelSelector }),
        ),
      ),
    );
    const byUid = new Map(lists.flat().map((object) => [object.metadata.uid ?? object.metadata.name, object]));
    return [...byUid.values()];
  }

  async events(open: readonly KubeObject[]): Promise<KubeObject[]> {
    if (open.length === 0) return [];
    if (open.length <= MAX_EVENT_LISTS) {
      const each = open.map(({ kind, metadata: { name = '' } }) =>
        this.list(EVENT, { fieldSelector: `involvedObject.kind=${kind},involvedObject.name=${name}` }),
      );
      return (await Promise.all(each)).flat();
    }
    const warnings = this.list(EVENT, { fieldSelector: 'type!=Normal' });
    // The events of a waiting claim have the type Normal.
    const ofClaims = open.some(({ kind }) => kind === CLAIM.kind)
      ? this.list(EVENT, { fieldSelector: `involvedObject.kind=${CLAIM.kind},type=Normal` })
      : [];
    return [...(await warnings), ...(await ofClaims)];
  }
}

/**
 * The kinds of objects that an object may have created. `MADE_BY` has them for workloads, and `MADE_BY_OPERATORS` for
 * custom resources. Other built-in objects create no objects.
 */
function madeBy({ apiVersion, kind }: KubeObject): readonly ResourceType[] {
  return isBuiltinGroup(parseApiVersion(apiVersion).group) ? (MADE_BY.get(kind) ?? []) : MADE_BY_OPERATORS;
}

/** The label selector of the objects that a workload creates; empty when the workload has no selector. */
function podSelector(object: KubeObject): string {
  const selector = SELECTING.has(object.kind) ? valueAt(object, 'spec', 'selector') : undefined;
  const text = ObjectTarget.selectorText(selector);
  return text.ok ? text.text : '';
}

const mountsClaim = (pod: KubeObject): boolean =>
  objectsAt(pod, 'spec', 'volumes').some((volume) => valueAt(volume, 'persistentVolumeClaim') !== undefined);

/** Returns the result of a read, or its failure. */
async function attempt<Answer>(
  read: () => Promise<Answer>,
): Promise<readonly [Answer | undefined, KubeError | undefined]> {
  try {
    return [await read(), undefined];
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return [undefined, error];
  }
}
