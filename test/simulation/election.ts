import type { Cluster } from '../../src/cluster/index.ts';
import { runController } from '../../src/controller/index.ts';
import { shardOf } from '../../src/controller/shards/assignment.ts';
import { textOf } from '../../src/testing/simulation/faulty-transport.ts';
import type { Election } from '../../src/testing/simulation/process.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kro-system/leases';
const LEASE = 'controller.kro.run';
/** Durations longer than the defaults, so that hours of elections cost few requests. */
const FLAGS = [
  '--leader-election-lease-duration=150s',
  '--leader-election-renew-deadline=100s',
  '--leader-election-retry-period=20s',
];

/** Several controller processes: one of them leads, or the processes divide the shards (when `shards` is above 0). */
export function electionOf(cluster: Cluster, shards: number): Election {
  const args = [
    ...FLAGS,
    ...(shards > 0 ? [`--shards=${shards}`] : ['--leader-elect']),
    '--metrics-bind-address=0',
    '--health-probe-bind-address=0',
  ];
  return {
    run: (options) => runController({ ...options, args }),
    // The Lease that covers the only definition of the simulation.
    async leads(process) {
      const lease = shards > 0 ? `${LEASE}-shard-${shardOf('rigs', shards)}` : LEASE;
      const response = await cluster.transport().request({ method: 'GET', path: `${LEASES}/${lease}` });
      const held = JSON.parse(await textOf(response)) as { spec?: { holderIdentity?: string } };
      return held.spec?.holderIdentity === process;
    },
  };
}
