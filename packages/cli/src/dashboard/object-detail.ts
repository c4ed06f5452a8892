import { type JsonValue, type KubeObject, type ObjectRef, formatRef, isJsonObject } from '@typekro/kit/core';
import type { FieldDrift, FieldManager, ObjectDetail, PodContainers } from '@typekro/controller/inspect';
import { type KubernetesApi, KubeError, readFamilies } from '@typekro/kube';
import type { Decision, FieldDifference } from '@typekro/engine/runtime';
import { ObjectTarget, PlacedExpression, RenderedInstance, Secrets } from '@typekro/engine/runtime';
import { type InstanceObservation, logSourcesOf, managersOf, resumedInstance } from '@typekro/app/instance';
import { readObject } from './current-values.ts';
import { maskedObject } from './masked-object.ts';
import { mayOwn, ownedObjects, withoutOwner } from './owned-objects.ts';
import { labelledNodes, liveNodes, nodesOfObject } from './object-nodes.ts';

/** The options of the details of an object. */
export interface ObjectDetailInput {
  readonly api: KubernetesApi;
  readonly observation: InstanceObservation;
  readonly object: ObjectRef;
  /** Maps the id of a node to the node's current value. */
  readonly variables: ReadonlyMap<string, unknown>;
  readonly now: number;
  readonly signal: AbortSignal;
}

/**
 * Compares one object of an instance with its desired state. Returns `undefined` when the object does not belong to a
 * node.
 */
export async function objectDetail(input: ObjectDetailInput): Promise<ObjectDetail | undefined> {
  const { api, observation, object, signal } = input;
  const { decision: present, resumed, graph } = observation;
  const decision = resumed ?? present;
  const nodes = nodesOfObject(observation, input.variables, object);
  const [node] = nodes;
  if (node === undefined) return undefined;
  const [{ object: live, failure }, pods] = await Promise.all([
    readObject(api, object, signal),
    isReported(present, object) ? podsOf(api, object, signal) : NO_PODS,
  ]);
  const hides = Secrets.liveFieldsOf(graph, liveNodes(observation, input.variables));
  const ids = [...nodes.map(({ id }) => id), ...(live === undefined ? [] : labelledNodes(observation, live))];
  const isSecret = (path: string, value?: JsonValue): boolean => ids.some((id) => hides(id, path, value));
  const wanted = node.retired === true ? undefined : desiredObject(input, node.id);
  const [desired, found] = [wanted, live].map((each) =>
    each === undefined ? undefined : maskedObject(asStored(each), isSecret),
  );
  const managers = managersOf(live);
  const action = decision.apply.find(({ target }) => formatRef(ObjectTarget.refOf(target)) === formatRef(object));
  return {
    object,
    node: node.id,
    ...(desired === undefined ? {} : { desired: desired.object }),
    ...(found === undefined ? {} : { live: found.object }),
    ...(failure === undefined ? {} : { unread: failure }),
    differences: (action?.differences ?? []).map((each) => drift(each, managers, isSecretObject(object), isSecret)),
    managers,
    masked: [...new Set([...(desired?.masked ?? []), ...(found?.masked ?? [])])],
    ...pods,
  };
}

type Pods = Pick<ObjectDetail, 'owned' | 'pods' | 'podsUnread'>;

const NO_PODS: Pods = { owned: [], pods: [] };

/** Does the instance report the object as existing? The logs of pods can be read only for such an object. */
function isReported({ nodes }: Pick<Decision, 'nodes'>, object: ObjectRef): boolean {
  const key = formatRef(object);
  return nodes.some(({ objects }) =>
    objects.some((each) => formatRef(each.object) === key && (each.state === 'present' || each.state === 'deleting')),
  );
}

const isSecretObject = ({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): boolean =>
  kind === 'Secret' && apiVersion === 'v1';

/**
 * Converts a Secret to the form that the API server stores: moves the keys of `stringData` to `data`. The values are
 * not encoded, because the caller masks them.
 */
function asStored(object: KubeObject): KubeObject {
  const { stringData, ...stored } = object as KubeObject & { readonly stringData?: unknown };
  if (!isSecretObject(object) || !isJsonObject(stringData)) return object;
  const data = stored['data'];
  return { ...stored, data: { ...(isJsonObject(data) ? data : {}), ...stringData } };
}

/** The object as the graph wants it, without the labels and annotations of the controller. */
function desiredObject(
  { observation, object, variables, now }: ObjectDetailInput,
  node: string,
): KubeObject | undefined {
  const { graph, instance } = observation;
  if (graph === undefined || instance.metadata.deletionTimestamp !== undefined) return undefined;
  const live = [...variables].flatMap(([id, data]) =>
    id === PlacedExpression.SPEC_NODE ? [] : (data as KubeObject | KubeObject[]),
  );
  const rendered = RenderedInstance.of(graph, resumedInstance(instance), live, { now });
  const { objects, external } = rendered.nodes.find(({ report }) => report.id === node) ?? {
    objects: [],
    external: true,
  };
  if (external) return undefined;
  const own = objects.filter(({ unknown }) => unknown.length === 0).map((each) => each.object as KubeObject);
  return own.find(({ kind, metadata }) => {
    const isHere = metadata.namespace === undefined || metadata.namespace === object.namespace;
    return kind === object.kind && metadata.name === object.name && isHere;
  });
}

function drift(
  difference: FieldDifference,
  managers: readonly FieldManager[],
  isInSecret: boolean,
  isSecret: (path: string) => boolean,
): FieldDrift {
  const { wanted, found, ...rest } = difference;
  const at = managers.find(({ manager, time }) => time !== undefined && rest.managers.includes(manager))?.time;
  const own = { ...rest, ...(at === undefined ? {} : { at }) };
  if ((isInSecret && Secrets.hides(difference.path)) || isSecret(difference.path)) {
    return {
      ...own,
      ...(wanted === undefined ? {} : { wanted: Secrets.MASK }),
      ...(found === undefined ? {} : { found: Secrets.MASK }),
      secret: true,
    };
  }
  return { ...own, ...(wanted === undefined ? {} : { wanted }), ...(found === undefined ? {} : { found }) };
}

/** The objects that an object owns, and the pods among them, or the pod itself. */
async function podsOf(api: KubernetesApi, object: ObjectRef, signal: AbortSignal): Promise<Pods> {
  if (!mayOwn(object)) return NO_PODS;
  try {
    const families = await readFamilies(api, [object], signal);
    const family = families.flatMap((each) => each.family);
    const found = family.filter(({ kind }) => kind === 'Pod');
    const pods = found.map((pod): PodContainers => {
      const { namespace = '', name = '' } = pod.metadata;
      const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name };
      return { pod: ref, containers: logSourcesOf(pod).map(({ container }) => container) };
    });
    return { owned: await ownedObjects(api, withoutOwner(object, family), signal), pods };
  } catch (error) {
    if (error instanceof KubeError && !signal.aborted) return { ...NO_PODS, podsUnread: error.message };
    throw error;
  }
}
