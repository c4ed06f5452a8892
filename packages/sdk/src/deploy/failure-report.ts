/** The parts of a deploy's failure report that are not about nodes: causes, logs, and remaining objects. */
import { type KubeObject, type ObjectRef, formatRef, listed } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { type KubernetesApi, KubeError, readCauses, causeText } from '@typekro/kube';
import { shorten } from './errors.ts';
import { readinessOf } from '@typekro/engine/readiness';
import { type Decision, type NodeReport, ApplySet, keys } from '@typekro/engine/runtime';

/** The time limit for finding causes after the deploy's own limit has ended, in milliseconds. */
const CAUSES_TIMEOUT_MS = 3000;
/** The maximum number of objects whose causes are read. */
const MAX_OBJECTS = 5;
/** The maximum number of children of an instance that are read. */
const MAX_CHILDREN = 50;

/** The kinds that have logs, with their names for `kubectl logs`. */
const LOG_NAMES = new Map([
  ['Deployment', 'deployment'],
  ['StatefulSet', 'statefulset'],
  ['DaemonSet', 'daemonset'],
  ['ReplicaSet', 'replicaset'],
  ['Job', 'job'],
  ['Pod', 'pod'],
]);

/** The command that prints the logs of an object; `undefined` for kinds without logs. */
export function podLogsCommand({ kind, name, namespace = 'default' }: ObjectRef): string | undefined {
  const type = LOG_NAMES.get(kind);
  return type === undefined ? undefined : `kubectl logs -n ${namespace} ${type}/${name} --all-containers`;
}

/** The description of objects that are not ready: indented lines, and a remedy when one is known. */
export interface ObjectDescriptions {
  readonly lines: readonly string[];
  readonly remedy?: string;
}

/** Describes the objects that are not ready, with their causes and the commands that print their logs. */
export function describeUnready(api: KubernetesApi, nodes: readonly NodeReport[]): Promise<ObjectDescriptions> {
  const objects = nodes.flatMap((node) => node.objects).filter(({ state }) => state !== 'absent');
  return describeObjects(
    api,
    objects.map(({ object }) => object),
    AbortSignal.timeout(CAUSES_TIMEOUT_MS),
  );
}

/**
 * Returns lines about the children of an instance. The first lines describe the children that are not ready, with
 * reasons, causes and the commands for their logs. The next lines list the existing children that belong to the
 * instance.
 */
export async function describeChildren(
  api: KubernetesApi,
  instance: KubeObject,
  children: readonly ObjectRef[],
): Promise<string[]> {
  const applySet = ApplySet.idOf(instance);
  const signal = AbortSignal.timeout(CAUSES_TIMEOUT_MS);
  const states = await Promise.all(
    children.slice(0, MAX_CHILDREN).map(async (child) => {
      try {
        const object = await api.find(child, { signal });
        const { ready, reason, message } =
          object === undefined ? { ready: false, reason: 'it does not exist', message: '' } : readinessOf(object);
        const isOfInstance = object?.metadata.labels?.[keys.PART_OF_LABEL] === applySet;
        return { child, ready, exists: object !== undefined, isOfInstance, why: message === '' ? reason : message };
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        return { child, ready: false, exists: false, isOfInstance: false, why: error.message };
      }
    }),
  );
  const waiting = states.filter(({ ready }) => !ready);
  const existing = waiting.filter(({ exists }) => exists).map(({ child }) => child);
  return [
    ...waiting.map(({ child, why }) => `  ${formatRef(child)}: ${why}`),
    ...(await describeObjects(api, existing, signal)).lines,
    ...describeExisting(
      states.filter(({ isOfInstance }) => isOfInstance).map(({ child }) => child),
      'deploy again to continue, or call deleteInstance() to delete them',
    ),
  ];
}

async function describeObjects(
  api: KubernetesApi,
  all: readonly ObjectRef[],
  signal: AbortSignal,
): Promise<ObjectDescriptions> {
  const found = await readCauses(api, all.slice(0, MAX_OBJECTS), signal);
  const lines = found.flatMap(({ object, causes, unread }) => {
    const logs = podLogsCommand(object);
    const described = [...causes.map((cause) => shorten(causeText(cause))), ...unread];
    if (logs !== undefined) described.push(`logs: ${logs}`);
    return described.length === 0 ? [] : [`  ${formatRef(object)}`, ...described.map((line) => `    ${line}`)];
  });
  const remedy = found.flatMap(({ causes }) => causes).find((cause) => cause.remedy !== undefined)?.remedy;
  return { lines, ...(remedy === undefined ? {} : { remedy }) };
}

/**
 * Lists the objects that a failed deploy left in the cluster. Also names the calls that continue the deploy, roll it
 * back or delete the objects. Empty when the cluster has no such object.
 */
export function describeLeftovers(
  decision: Decision,
  { nodes, definedBy }: Pick<Graph, 'nodes' | 'definedBy'>,
  name: string,
): string[] {
  // The objects of external nodes and of patch nodes do not belong to the deploy. It only reads an external object, and
  // writes only some fields of the target of a patch.
  const isForeign = ({ id, retired }: NodeReport): boolean => {
    const nodeType = retired === true ? undefined : nodes.get(id)?.nodeType;
    return nodeType === 'external' || nodeType === 'externalCollection' || nodeType === 'patch';
  };
  const ownNodes = decision.nodes.filter((node) => node.because.kind !== 'other-owner' && !isForeign(node));
  const left = ownNodes.flatMap((node) => node.objects).filter(({ state }) => state === 'present');
  const own = definedBy === 'graph' ? '' : `'${name}'`;
  const [rollback, deletion] = [`rollback(${own})`, definedBy === 'graph' ? 'delete()' : `deleteInstance(${own})`];
  return describeExisting(
    left.map(({ object }) => object),
    `deploy again to continue, or call ${rollback} to restore the previous deploy (if there is none, ${rollback} deletes the instance) or ${deletion} to delete the instance`,
  );
}

function describeExisting(left: readonly ObjectRef[], nextCalls: string): string[] {
  if (left.length === 0) return [];
  return [`in the cluster: ${listed(left.map(formatRef), 10)}`, nextCalls];
}
