import type { Cluster } from '@typekro/cluster';
import { DEFINITIONS_CRD, runController } from '@typekro/controller/controller';
import { shardOf } from '../../packages/controller/src/controller/shards/assignment.ts';
import { responseText } from '../../packages/testing/src/simulation/faulty-transport.ts';
import type { TransportRequest } from '@typekro/kube';
import type { Election } from '../../packages/testing/src/simulation/process.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kro-system/leases';
const LEASE = 'controller.kro.run';
/** Lease durations above the defaults, so that hours of simulated time cost few requests. */
const FLAGS = [
  '--leader-election-lease-duration=150s',
  '--leader-election-renew-deadline=100s',
  '--leader-election-retry-period=20s',
];

/** Matches the path of a Graph. Captures the namespace and the name of the Graph. */
const GRAPH_PATH = /\/apis\/kro\.run\/v1alpha1\/namespaces\/([^/]+)\/graphs\/([^/?]+)/;

/**
 * Runs several controller processes. If `shards` is 0, one process leads. If not, the processes divide the shards among
 * them.
 */
export function electionOf(cluster: Cluster, shards: number, flags: readonly string[]): Election {
  const args = [
    ...FLAGS,
    ...flags,
    ...(shards > 0 ? [`--shards=${shards}`] : ['--leader-elect']),
    '--metrics-bind-address=0',
    '--health-probe-bind-address=0',
  ];
  return {
    run: (options) => runController({ ...options, args }),
    async leads(process, request) {
      const group = groupOf(request);
      if (shards > 0 && group === undefined) return true;
      const lease = shards > 0 ? `${LEASE}-shard-${shardOf(group ?? '', shards)}` : LEASE;
      const response = await cluster.transport().request({ method: 'GET', path: `${LEASES}/${lease}` });
      const held = JSON.parse(await responseText(response)) as { spec?: { holderIdentity?: string } };
      return held.spec?.holderIdentity === process;
    },
  };
}

/**
 * The group to which a write belongs (not an API group). A group is a set of objects in one shard. Each Graph is a
 * separate group. The only definition of the simulation and its instances form another group. Undefined for an object
 * that a Graph writes, because the path of the object does not name the Graph, and for the CRD of definitions, in which
 * each replica may publish the common flags.
 */
function groupOf({ path, headers }: TransportRequest): string | undefined {
  const [, namespace, name] = GRAPH_PATH.exec(path) ?? [];
  if (headers?.['impersonate-user'] !== undefined || path.includes(DEFINITIONS_CRD.name)) return undefined;
  return name === undefined ? 'rigs' : `kro.run/Graph/${namespace ?? ''}/${name}`;
}
