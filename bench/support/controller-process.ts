/** Our controller in a process of its own: answers each message with its figures so far. */
import { createController } from '../../dist/controller/index.js';
import { KubeClient, loadKubeConfig } from '../../dist/kube/index.js';

const requests: Record<string, number> = {};
const client = new KubeClient({
  config: await loadKubeConfig({ path: process.argv[2] ?? '' }),
  userAgent: 'bench',
  onRequest({ method, path }) {
    const verb = path.includes('watch=true') ? 'WATCH' : path.includes('/events') ? 'EVENT' : method;
    requests[verb] = (requests[verb] ?? 0) + 1;
  },
});
const controller = createController({ client });
await controller.start();
let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 50).unref();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({
    requests,
    cpuSeconds: (user + system) / 1e6,
    rssMb: process.memoryUsage().rss / 2 ** 20,
    peakMb: Math.max(peak, process.memoryUsage().rss) / 2 ** 20,
  });
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
