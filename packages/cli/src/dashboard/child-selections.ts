import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { typeMetaOf, formatRef, parseApiVersion, refOf } from '@typekro/kit/core';
import { type GraphNode, GraphObject, Nodes } from '@typekro/engine/graph';
import type { ResourceType, Selection } from '@typekro/kube';
import { keys, ObjectTarget } from '@typekro/engine/runtime';
import { EVENT, type InstanceObservation } from '@typekro/app/instance';
import { liveObjects } from './current-values.ts';
import { keyOf } from './watched-kind.ts';

/**
 * The maximum number of objects of one kind and namespace that are watched by name. If there are more objects, a single
 * watch of the kind covers all of them.
 */
const MAX_NAMED = 4;

/** The maximum number of workloads whose pods are watched. */
const MAX_WORKLOADS = 16;

/** Objects of an instance that one watch follows. */
export interface ChildSelection extends Selection {
  /** Two selections that the same watch can serve have the same key. */
  readonly key: string;
  readonly type: ResourceType;
  /**
   * The keys of the selected objects, for a watch that also reports other objects. If absent, all reported objects are
   * selected.
   */
  readonly only?: ReadonlySet<string>;
  /**
   * The versions that the reader of the instance has seen, keyed by object. If an object in the watch's first list has
   * another version, it has changed since the read. If it is missing from the list, it was removed. Without `seen`, the
   * first list reports no changes.
   */
  readonly seen?: ReadonlyMap<string, string>;
  /** The keys of existing objects that the reader may not read. The first list reports no changes of these objects. */
  readonly unread?: ReadonlySet<string>;
}

type Watched = Omit<ChildSelection, 'key'>;

/** Is this the kind of Kubernetes events? */
export const isEvent = ({ apiVersion, kind }: ResourceType): boolean =>
  apiVersion === EVENT.apiVersion && kind === EVENT.kind;

/** The selection of the events about an instance itself. Events about a cluster-scoped object are in `default`. */
export function eventSelection({ metadata: { namespace = 'default', uid = '' } }: KubeObject): ChildSelection {
  return keyed({ type: EVENT, namespace, fieldSelector: `involvedObject.uid=${uid}` });
}

/** An object of an instance, and its live state if the reader may read the object. */
interface Child {
  readonly ref: ObjectRef;
  readonly isAbsent: boolean;
  readonly live: KubeObject | undefined;
}

/** The kinds of workloads with a selector of their pods, by API group. */
const WORKLOADS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['apps', new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'])],
  ['batch', new Set(['Job'])],
]);

/**
 * The selections that report each change of an instance's objects:
 *
 * - one per kind and namespace for the objects with the instance's label
 * - one per object without the label, or a single one for more than `MAX_NAMED` such objects of the same kind and
 *   namespace
 * - one per external collection
 * - one per workload for its pods; workloads of nodes that are not ready come first
 *
 * Whether an object has the label is derived from the graph, so that readers with different rights get the same
 * selections. An object whose label is missing is also selected by its name.
 *
 * @param variables the live objects of the nodes, by id
 */
export function childSelections(
  observation: Pick<InstanceObservation, 'instance' | 'decision' | 'resumed' | 'graph'>,
  variables: ReadonlyMap<string, unknown>,
): readonly ChildSelection[] {
  const { instance, graph, resumed } = observation;
  const decision = resumed ?? observation.decision;
  const { uid = '' } = instance.metadata;
  const live = new Map<string, KubeObject>();
  for (const { id } of decision.nodes)
    for (const object of liveObjects(variables, id)) live.set(formatRef(refOf(object)), object);

  const labelled = new Map<string, Child[]>();
  const named = new Map<string, Child[]>();
  for (const { id, objects } of decision.nodes) {
    const isLabelled = getsLabel(GraphObject.is(instance), graph?.nodes.get(id));
    for (const { object: ref, state } of objects) {
      const child: Child = { ref, isAbsent: state === 'absent', live: live.get(formatRef(ref)) };
      const lacksLabel = child.live !== undefined && labelOf(child.live) !== uid;
      const place = `${ref.apiVersion} ${ref.kind} ${ref.namespace ?? ''}`;
      if (isLabelled)
        labelled.set(place, [
          ...(labelled.get(place) ?? []),
          lacksLabel ? { ...child, live: undefined, isAbsent: true } : child,
        ]);
      if (!isLabelled || lacksLabel) named.set(place, [...(named.get(place) ?? []), child]);
    }
  }

  const label = `${keys.INSTANCE_ID_LABEL}=${uid}`;
  const watched: readonly Watched[] = [
    ...[...labelled.values()].map((children) => ({ ...selectionOf(children), labelSelector: label })),
    ...[...named.values()].flatMap(byName),
    ...decision.watch.flatMap((watch): Watched[] => {
      if (watch.kind !== 'list') return [];
      const { type, namespace, selector } = watch.target;
      const of: ResourceType = typeMetaOf(type);
      const place = { type: of, ...inNamespace(type.namespaced ? namespace : undefined) };
      const seen = variables.has(watch.nodeId) ? { seen: versionsOf(place, liveObjects(variables, watch.nodeId)) } : {};
      return [{ ...place, ...(selector === '' ? {} : { labelSelector: selector }), ...seen }];
    }),
  ];

  const unready = decision.nodes.filter(({ state }) => state !== 'ready');
  const ready = decision.nodes.filter(({ state }) => state === 'ready');
  const pods = [...unready, ...ready]
    .flatMap(({ id }) => liveObjects(variables, id))
    .flatMap(podsOf)
    .slice(0, MAX_WORKLOADS);
  return [...new Map([...watched, ...pods].map(keyed).map((each) => [each.key, each])).values()];
}

/**
 * Does the controller write the instance's label to the objects of a node? For an instance, it labels the objects that
 * it creates. For a Graph, it labels only the objects of collections.
 */
function getsLabel(isGraph: boolean, node: GraphNode | undefined): boolean {
  if (isGraph) return node?.nodeType === 'collection';
  return node === undefined || Nodes.ownsObjects(node);
}

const labelOf = ({ metadata: { labels = {} } }: KubeObject): string | undefined =>
  Object.hasOwn(labels, keys.INSTANCE_ID_LABEL) ? labels[keys.INSTANCE_ID_LABEL] : undefined;

const placeOf = ({ namespace = '', name }: ObjectRef): string => `${namespace}/${name}`;

const inNamespace = (namespace: string | undefined): Pick<Selection, 'namespace'> =>
  namespace === undefined || namespace === '' ? {} : { namespace };

/** Returns the type and namespace, which all objects share, and the versions that the reader has seen. */
function selectionOf(children: readonly Child[]): Watched {
  const [{ ref }] = children as readonly [Child];
  const unread = children.filter((child) => child.live === undefined && !child.isAbsent);
  return {
    type: { apiVersion: ref.apiVersion, kind: ref.kind },
    ...inNamespace(ref.namespace),
    seen: new Map(
      children.flatMap((child) =>
        child.live === undefined ? [] : [[placeOf(child.ref), child.live.metadata.resourceVersion ?? ''] as const],
      ),
    ),
    ...(unread.length === 0 ? {} : { unread: new Set(unread.map((child) => placeOf(child.ref))) }),
  };
}

/**
 * Selects up to `MAX_NAMED` objects by name. A larger number of objects is selected by kind, with the keys of the
 * objects in `only`.
 */
function byName(children: readonly Child[]): readonly Watched[] {
  if (children.length > MAX_NAMED)
    return [{ ...selectionOf(children), only: new Set(children.map(({ ref }) => placeOf(ref))) }];
  return children.map((child) => ({ ...selectionOf([child]), fieldSelector: `metadata.name=${child.ref.name}` }));
}

/** The versions of the live objects of a kind and namespace. */
function versionsOf(
  { type, namespace }: Pick<Watched, 'type' | 'namespace'>,
  live: readonly KubeObject[],
): ReadonlyMap<string, string> {
  return new Map(
    live
      .filter(({ apiVersion, kind }) => kind === type.kind && apiVersion === type.apiVersion)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .map((object) => [keyOf(object), object.metadata.resourceVersion ?? '']),
  );
}

/**
 * Adds the key of the selection. The key shows whether `only` is set, but does not contain the members of `only`,
 * because one watch of the kind serves all its objects.
 */
function keyed(selection: Watched): ChildSelection {
  const { type, namespace = '', labelSelector = '', fieldSelector = '', only } = selection;
  const of = only === undefined ? [] : ['only'];
  return { ...selection, key: [type.apiVersion, type.kind, namespace, labelSelector, fieldSelector, ...of].join('\n') };
}

/** The selection of the pods of a workload. */
function podsOf({ apiVersion, kind, metadata, spec }: KubeObject): readonly Watched[] {
  if (WORKLOADS.get(parseApiVersion(apiVersion).group)?.has(kind) !== true) return [];
  const selector = ObjectTarget.selectorText(spec?.['selector']);
  if (!selector.ok || selector.text === '') return [];
  const type = { apiVersion: 'v1', kind: 'Pod' };
  return [{ type, ...inNamespace(metadata.namespace), labelSelector: selector.text }];
}
