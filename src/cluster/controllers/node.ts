import type { KubeObject } from '../../core/index.ts';
import type { BootstrapContext } from '../bootstrap.ts';
import { jsonEquals } from '../../core/index.ts';
import { objectAt } from '../../kubernetes/index.ts';
import { NODE_ADDRESS } from '../bootstrap.ts';
import { timestampOf } from '../clock.ts';
import { NODE_CAPACITY } from '../pods/node-capacity.ts';
import { versionOf } from '../release.ts';
import { putObject } from './put-object.ts';

export const NODES = { group: '', plural: 'nodes' } as const;

/** The annotation of nodes with a simulated kubelet. A test may create further such nodes. */
const SIMULATED = 'typekro.dev/simulated';

export const isSimulatedNode = (node: KubeObject): boolean => node.metadata.annotations?.[SIMULATED] === 'true';

/** The node that every cluster begins with. */
export const NODE_NAME = 'fake-0';

/** The resources of the node in earlier releases, which the scheduler of these releases did not count. */
const FORMER_CAPACITY = { cpu: '64', memory: '256Gi', pods: '10k', 'ephemeral-storage': '1Ti' };

/**
 * Gives the node of a kept cluster the present capacity, when an earlier release made the node and no user has changed
 * its resources.
 */
function raiseFormerCapacity({ store }: BootstrapContext): void {
  const nodes = store.collection('', 'nodes');
  const node = nodes.get(NODE_NAME)?.object;
  if (node === undefined || !jsonEquals(objectAt(node.status, 'allocatable'), FORMER_CAPACITY)) return;
  nodes.put(NODE_NAME, { ...node, status: { ...node.status, capacity: NODE_CAPACITY, allocatable: NODE_CAPACITY } });
}

/** Creates the node, which is Ready and has ample resources. */
export function putNode(context: BootstrapContext): void {
  context.onRestored.push(() => raiseFormerCapacity(context));
  const now = timestampOf(context.clock);
  putObject(context, '', 'nodes', {
    metadata: {
      name: NODE_NAME,
      labels: { 'kubernetes.io/hostname': NODE_NAME, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
      annotations: { [SIMULATED]: 'true' },
    },
    spec: {},
    status: {
      capacity: NODE_CAPACITY,
      allocatable: NODE_CAPACITY,
      addresses: [
        { type: 'InternalIP', address: NODE_ADDRESS },
        { type: 'Hostname', address: NODE_NAME },
      ],
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          message: 'the node is simulated: nothing runs on it',
          lastHeartbeatTime: now,
          lastTransitionTime: now,
        },
      ],
      nodeInfo: {
        architecture: 'amd64',
        bootID: '',
        containerRuntimeVersion: 'simulated://1',
        kernelVersion: '',
        kubeProxyVersion: '',
        kubeletVersion: versionOf(context.registry.release),
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'simulated',
        systemUUID: '',
      },
    },
  });
}
