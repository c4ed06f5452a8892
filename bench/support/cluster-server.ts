/** A cluster in a process of its own: prints its kubeconfig data as one line of JSON when it is ready. */
import { createCluster } from '../../dist/cluster/index.js';

const started = performance.now();
const before = process.memoryUsage().rss;
const cluster = await createCluster({ controllers: false, adminToken: 'bench' });
const listener = await cluster.listen({ https: !process.argv.includes('--http') });
const ready = {
  url: listener.url,
  ca: listener.caData,
  ms: performance.now() - started,
  sinceProcessStart: performance.now(),
  before,
};
console.log(JSON.stringify(ready));
process.on('message', (message) => {
  if (message === 'memory') {
    globalThis.gc?.();
    process.send?.({ rss: process.memoryUsage().rss });
  }
});
