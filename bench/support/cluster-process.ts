/** A cluster in a process of its own: sends its kubeconfig to the parent and lives until it is disconnected. */
import { createCluster } from '../../dist/cluster/index.js';
import { controllerCrds } from '../../dist/controller/index.js';
import { KubeClient } from '../../dist/kube/index.js';

const cluster = await createCluster({ workloads: false });
const client = new KubeClient({ transport: cluster.transport() });
for (const crd of controllerCrds()) await client.create(crd);
const { kubeconfig } = await cluster.listen();
process.send?.({ kubeconfig });
process.on('disconnect', () => process.exit());
