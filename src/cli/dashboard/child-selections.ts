import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { formatApiVersion, parseApiVersion } from '../../core/index.ts';
import { isGraphObject, ownsObjects } from '../../graph/index.ts';
import type { ResourceType, Selection } from '../../kube/index.ts';
import { keys, selectorText } from '../../runtime/index.ts';
import type { InstanceObservation } from '../instance/observation.ts';
import { liveObjects } from './current-values.ts';
import { keyOf } from './watched-kind.ts';

/**
 * The maximum number of objects of one kind and namespace that are watched by name. More objects are watched by one
 * watch of the kind.
 */
const MAX_NAMED = 4;

/** The maximum number of workloads whose pods are watched. */
const MAX_WORKLOADS = 16;

/** Objects of an instance that one watch follows. */
export interface ChildSelection extends Selection {
  /** Equal for equal selections. */
  readonly key: string;
  readonly type: ResourceType;
  /** The keys of the objects, for a watch that reports further objects. Absent: all reported objects count. */
  readonly only?: ReadonlySet<string>;
  /**
   * The versions of the objects that the instance's reader has seen, by their keys. An object of the first list with
   * another version has changed since. Absent: the first list reports no change.
   */
  readonly seen?: ReadonlyMap<string, string>;
}

type Watched = Omit<ChildSelection, 'key' | 'seen'>;

/** The kinds of workloads with a selector of their pods, by API group. */
const WORKLOADS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['apps', new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'])],
  ['batch', new Set(['Job'])],
]);

/**
 * The selections that report each change of an instance's objects: one for each kind and namespace of the objects with
 * the instance's label, one for each other object, one for each external collection, and one for the pods of each
 * workload. The pods of nodes that are not ready come first.
 *
 * @param variables the live objects of the nodes, by id
 */
export function childSelections(
  observation: Pick<InstanceObservation, 'instance' | 'decision' | 'resumed' | 'graph'>,
  variables: ReadonlyMap<string, unknown>,
): readonly ChildSelection[] {
  const { instance, graph, resumed } = observation;
  const decision = resumed ?? observation.decision;
  const label = `${keys.INSTANCE_ID_LABEL}=${instance.metadata.uid ?? ''}`;
  const live = new Map<string, KubeObject>();
  for (const { id } of decision.nodes)
    for (const object of liveObjects(variables, id)) live.set(refKey(object), object);

  const labelled = new Map<string, ObjectRef[]>();
  const named = new Map<string, ObjectRef[]>();
  for (const { id, objects } of decision.nodes) {
    const node = graph?.nodes.get(id);
    // A controller labels the objects that it creates. A Graph labels only the objects of collections.
    const isLabelled = !isGraphObject(instance) && (node === undefined || ownsObjects(node));
    for (const { object } of objects) {
      const found = live.get(refKey(object));
      const hasLabel = found === undefined ? isLabelled : labelOf(found) === instance.metadata.uid;
      const group = hasLabel ? labelled : named;
      const place = `${object.apiVersion} ${object.kind} ${object.namespace ?? ''}`;
      group.set(place, [...(group.get(place) ?? []), object]);
    }
  }

  const watched: readonly Watched[] = [
    ...[...labelled.values()].flatMap(([first]): Watched[] =>
      first === undefined ? [] : [{ ...selectionOf(first), labelSelector: label }],
    ),
    ...[...named.values()].flatMap(byName),
    ...decision.watch.flatMap((watch): Watched[] => {
      if (watch.kind !== 'list') return [];
      const { type, namespace, selector } = watch.target;
      const of: ResourceType = { apiVersion: formatApiVersion(type), kind: type.kind };
      return [{ type: of, ...inNamespace(namespace), labelSelector: selector }];
    }),
  ];
  const selections = watched.map((selection) => ({ ...keyed(selection), seen: versionsOf(selection, live.values()) }));

  const unready = decision.nodes.filter(({ state }) => state !== 'ready');
  const ready = decision.nodes.filter(({ state }) => state === 'ready');
  const pods = [...unready, ...ready]
    .flatMap(({ id }) => liveObjects(variables, id))
    .flatMap(podsOf)
    .slice(0, MAX_WORKLOADS);
  return [...new Map([...selections, ...pods].map((each) => [each.key, each])).values()];
}

const labelOf = ({ metadata: { labels = {} } }: KubeObject): string | undefined =>
  Object.hasOwn(labels, keys.INSTANCE_ID_LABEL) ? labels[keys.INSTANCE_ID_LABEL] : undefined;

const refKey = (object: KubeObject | ObjectRef): string => {
  const { name = '', namespace = '' } = 'metadata' in object ? object.metadata : object;
  return `${object.apiVersion} ${object.kind} ${namespace}/${name}`;
};

const placeOf = ({ namespace = '', name }: ObjectRef): string => `${namespace}/${name}`;

const inNamespace = (namespace: string | undefined): Pick<Selection, 'namespace'> =>
  namespace === undefined || namespace === '' ? {} : { namespace };

const selectionOf = ({ apiVersion, kind, namespace }: ResourceType & Pick<ObjectRef, 'namespace'>) => ({
  type: { apiVersion, kind },
  ...inNamespace(namespace),
});

/** Selects few objects by their names. For many objects, selects their whole kind, and reports only these objects. */
function byName(refs: readonly ObjectRef[]): readonly Watched[] {
  const [first] = refs;
  if (first !== undefined && refs.length > MAX_NAMED)
    return [{ ...selectionOf(first), only: new Set(refs.map(placeOf)) }];
  return refs.map((ref) => ({ ...selectionOf(ref), fieldSelector: `metadata.name=${ref.name}` }));
}

/** The versions of the live objects of a selection's kind and namespace. */
function versionsOf({ type, namespace }: Watched, live: Iterable<KubeObject>): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const object of live) {
    const { apiVersion, kind, metadata } = object;
    if (kind !== type.kind || apiVersion !== type.apiVersion) continue;
    if (namespace === undefined || metadata.namespace === namespace)
      versions.set(keyOf(object), metadata.resourceVersion ?? '');
  }
  return versions;
}

function keyed(selection: Watched): ChildSelection {
  const { type, namespace = '', labelSelector = '', fieldSelector = '', only = [] } = selection;
  return {
    ...selection,
    key: [type.apiVersion, type.kind, namespace, labelSelector, fieldSelector, ...only].join('\n'),
  };
}

/** The selection of the pods of a workload. */
function podsOf({ apiVersion, kind, metadata, spec }: KubeObject): readonly ChildSelection[] {
  if (WORKLOADS.get(parseApiVersion(apiVersion).group)?.has(kind) !== true) return [];
  const selector = selectorText(spec?.['selector']);
  if (!selector.ok || selector.text === '') return [];
  const type = { apiVersion: 'v1', kind: 'Pod' };
  return [keyed({ type, ...inNamespace(metadata.namespace), labelSelector: selector.text })];
}
