import type { KubeObject } from '../../core/index.ts';
import type { BootstrapContext } from '../bootstrap.ts';
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

/** Creates the node, which is Ready and has ample resources. */
export function putNode(context: BootstrapContext): void {
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
