import { type BootstrapContext, complete, NODE_ADDRESS } from '../../bootstrap.ts';
import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { objectAt, objectsAt, optionalAt } from '@typekro/kit/kubernetes';
import { timestampOf } from '../../cluster-clock.ts';
import { NODE_CAPACITY } from '../../pods/node-capacity.ts';
import { versionOf } from '../../release.ts';
import { type SimulatedController, concerns, targetIn } from '../simulated-controller.ts';
import { withReplacedLabels } from '../../kinds/node-strategy.ts';
import { decodeObject } from '../../types/decode.ts';

export const NODES = { group: '', plural: 'nodes' } as const;

/** The annotation of nodes with a simulated kubelet. A test can create additional simulated nodes. */
const SIMULATED = 'typekro.dev/simulated';

export const isSimulatedNode = (node: KubeObject): boolean => node.metadata.annotations?.[SIMULATED] === 'true';

/** The name of the initial node in a cluster with workloads. */
export const NODE_NAME = 'fake-0';

/** The resources of the node in earlier releases, whose scheduler did not use them. */
const FORMER_CAPACITY = { cpu: '64', memory: '256Gi', pods: '10k', 'ephemeral-storage': '1Ti' };

/**
 * Sets this release's capacity on the node of a cluster that starts from saved state, if an earlier release created the
 * node and no user has changed its resources.
 */
function raiseFormerCapacity({ store }: BootstrapContext): void {
  const nodes = store.collection('', 'nodes');
  const node = nodes.get(NODE_NAME)?.object;
  if (node === undefined || !jsonEquals(objectAt(node.status, 'allocatable'), FORMER_CAPACITY)) return;
  nodes.put(NODE_NAME, { ...node, status: { ...node.status, capacity: NODE_CAPACITY, allocatable: NODE_CAPACITY } });
}

/** Creates the node, which is Ready and has large resources. */
export function putNode(context: BootstrapContext): void {
  context.onRestored.push(() => raiseFormerCapacity(context));
  putControllerObject(context, '', 'nodes', {
    metadata: {
      name: NODE_NAME,
      labels: withReplacedLabels({
        'kubernetes.io/hostname': NODE_NAME,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      }),
      annotations: { [SIMULATED]: 'true' },
    },
    spec: {},
    status: reportedStatus(NODE_NAME, {}, versionOf(context.registry.release), timestampOf(context.clock)),
  });
}

/**
 * Returns the status of a simulated node, with the members of the present status that a user has set. When a user has
 * set only one of `capacity` and `allocatable`, the other one gets the same values, and the simulated capacity for
 * every resource that the user did not set.
 */
export function reportedStatus(name: string, present: JsonObject, kubeletVersion: string, now: string): JsonObject {
  const capacity = optionalAt(present, 'capacity');
  const allocatable = optionalAt(present, 'allocatable');
  const conditions = objectsAt(present, 'conditions');
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'the node is simulated: no container image runs on it',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  return {
    ...present,
    capacity: capacity ?? { ...NODE_CAPACITY, ...allocatable },
    allocatable: allocatable ?? { ...NODE_CAPACITY, ...capacity },
    addresses:
      objectsAt(present, 'addresses').length > 0
        ? present['addresses']
        : [
            { type: 'InternalIP', address: NODE_ADDRESS },
            { type: 'Hostname', address: name },
          ],
    conditions: conditions.some((condition) => condition['type'] === 'Ready') ? conditions : [...conditions, ready],
    nodeInfo: {
      ...NODE_INFO,
      kubeletVersion,
      // The API server stores empty strings for the values that a client leaves out.
      ...Object.fromEntries(Object.entries(objectAt(present, 'nodeInfo')).filter(([, value]) => value !== '')),
    },
  };
}

const NODE_INFO = {
  architecture: 'amd64',
  bootID: '',
  containerRuntimeVersion: 'simulated://1',
  kernelVersion: '',
  kubeProxyVersion: '',
  machineID: '',
  operatingSystem: 'linux',
  osImage: 'simulated',
  systemUUID: '',
};

/**
 * Reports the status of simulated nodes that users create, like their kubelets would. Keeps values that users have set.
 */
export function nodeStatusController({ registry }: Pick<BootstrapContext, 'registry'>): SimulatedController {
  return {
    name: 'node-status',
    fieldManager: 'kubelet',
    target: targetIn(NODES),

    *keysOf(event) {
      if (!concerns(event, '', 'nodes') || event.type === 'DELETED') return;
      if (isSimulatedNode(event.stored.object)) yield event.stored.key;
    },

    reconcile(name, client) {
      const node = client.get(NODES, '', name);
      if (node === undefined || !isSimulatedNode(node) || node.metadata.deletionTimestamp !== undefined) return;
      const status = reportedStatus(name, node.status ?? {}, versionOf(registry.release), client.timestamp());
      if (!jsonEquals(status, node.status ?? {})) client.updateStatus(node, status);
    },
  };
}

/** Stores a system object without the checks of a request. Does nothing when the resource is not served. */
export function putControllerObject(context: BootstrapContext, group: string, plural: string, value: JsonObject): void {
  const resource = context.registry.findAny(group, plural);
  if (resource === undefined) return;
  const named = { ...value, kind: resource.kind, apiVersion: resource.apiVersion };
  const decoded = decodeObject(resource.node, named).value as KubeObject;
  const { key, object } = complete(context, decoded, timestampOf(context.clock));
  resource.collection.put(key, resource.toStorage(object));
}
