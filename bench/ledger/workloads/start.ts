/**
 * The processor time that a process uses from its start until its embedded cluster has responded to a read. The time
 * includes the start of Node.
 */
import { createEmbeddedCluster } from '@typekro/cluster';

const cluster = await createEmbeddedCluster({ controllers: false });
const { status, body } = await cluster.transport().request({ method: 'GET', path: '/api/v1/namespaces' });
for await (const _ of body);
if (status !== 200) throw new Error(`status ${status}`);
const { user, system } = process.cpuUsage();
console.log((user + system) / 1000);
process.exit(0);
