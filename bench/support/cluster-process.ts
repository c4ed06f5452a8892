/** A cluster in a process of its own: sends its kubeconfig to the parent and lives until it is disconnected. */
import { createCluster } from '../../src/cluster/index.ts';
import { controllerCrds } from '../../src/controller/index.ts';
import { KubeClient } from '../../src/kube/index.ts';

const cluster = await createCluster({ workloads: false });
const client = new KubeClient({ transport: cluster.transport() });
for (const crd of controllerCrds()) await client.create(crd);
const { kubeconfig } = await cluster.listen();
process.send?.({ kubeconfig });
process.on('disconnect', () => process.exit());
