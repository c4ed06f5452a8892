import { type KubeObject, type ObjectRef, refOf } from '@typekro/kit/core';
import { Nodes } from '@typekro/engine/graph';
import { type NodeReport, keys, Secrets } from '@typekro/engine/runtime';
import type { InstanceObservation } from '@typekro/app/instance';
import { liveObjects } from './current-values.ts';

type Observed = Pick<InstanceObservation, 'instance' | 'decision' | 'resumed' | 'graph'>;

/**
 * The nodes to which an object belongs: first the nodes that write the object, then the nodes whose reports contain it,
 * then the external collections that select it.
 *
 * @param variables the live objects of the nodes, by id
 */
export function nodesOfObject(
  observation: Observed,
  variables: ReadonlyMap<string, unknown>,
  object: ObjectRef,
): readonly NodeReport[] {
  const { graph } = observation;
  const key = Secrets.keyOf(object);
  const nodes = allNodes(observation);
  const reporting = nodes.filter(({ objects }) => objects.some((each) => Secrets.keyOf(each.object) === key));
  const writing = reporting.filter(({ id, retired }) => {
    const node = graph?.nodes.get(id);
    return retired !== true && node !== undefined && !Nodes.isExternal(node);
  });
  const selecting = nodes.filter(({ id }) =>
    liveObjects(variables, id).some((each) => Secrets.keyOf(refOf(each)) === key),
  );
  return [...new Set([...writing, ...reporting, ...selecting])];
}

/**
 * Collects which objects belong to which node of an instance, from the reports, the reads and the labels of the
 * objects.
 */
export function liveNodes(
  observation: Observed,
  variables: ReadonlyMap<string, unknown>,
): ReturnType<typeof Secrets.liveNodes> {
  return Secrets.liveNodes(
    allNodes(observation).flatMap(({ id, objects }) => {
      const live = liveObjects(variables, id);
      return [
        ...objects.map(({ object }) => [id, object] as const),
        ...live.map((each) => [id, refOf(each)] as const),
        ...live.flatMap((each) => labelledNodes(observation, each).map((node) => [node, refOf(each)] as const)),
      ];
    }),
  );
}

/**
 * Returns a list with the id of the node that the labels of an object name. The list is empty if the labels do not also
 * name the kind of `instance`. Does not compare the instance: in all instances of a kind, a node fills the same fields
 * from Secrets.
 */
export function labelledNodes(
  { instance }: Pick<InstanceObservation, 'instance'>,
  { metadata: { labels = {} } }: KubeObject,
): readonly string[] {
  const label = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const node = label(keys.NODE_ID_LABEL);
  return node === undefined || node === '' || label(keys.INSTANCE_KIND_LABEL) !== instance.kind ? [] : [node];
}

/** The nodes of the decision that a resumption would cause, followed by the nodes of the present decision. */
function allNodes({ decision, resumed }: Observed): readonly NodeReport[] {
  return resumed === undefined ? decision.nodes : [...resumed.nodes, ...decision.nodes];
}
