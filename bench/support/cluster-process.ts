/**
 * A cluster in a separate process. Sends its kubeconfig to the parent, responds to each message with its counts so far,
 * and lives until the parent disconnects. Its argument is the user agent whose requests it counts. With the prefix `!`,
 * it counts the requests of all other user agents.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { createEmbeddedCluster } from '../../dist/cluster/index.js';
import { controllerCrds } from '../../dist/controller/index.js';
import { KubeClient } from '../../dist/kube/index.js';
import type { ServerFigures } from './controller-run.ts';

const counted = process.argv[2] ?? '';
/** The counted requests by verb. A request is counted when it arrives. */
const requests: Record<string, number> = {};
let lastAt = 0;

subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage };
  const agent = request.headers['user-agent'] ?? '';
  if (counted.startsWith('!') ? counted === `!${agent}` : counted !== agent) return;
  const verb = verbOf(request);
  requests[verb] = (requests[verb] ?? 0) + 1;
  lastAt = Date.now();
});

function verbOf({ method = '', url = '', headers }: IncomingMessage): string {
  const path = url.replace(/\?.*/, '');
  if (url.includes('dryRun=All')) return 'dry run';
  switch (method) {
    case 'GET':
      if (url.includes('watch=true')) return url.includes('sendInitialEvents') ? 'list+watch' : 'watch';
      return /\/(apis|api)(\/|$)/.test(path) ? 'get' : 'other';
    case 'POST':
      return path.endsWith('/events') ? 'event' : 'create';
    case 'PATCH':
      if (path.includes('/events/')) return 'event';
      return headers['content-type']?.includes('apply') === true ? 'apply' : 'patch';
    default:
      return method.toLowerCase();
  }
}

const cluster = await createEmbeddedCluster({ workloads: false });
const client = new KubeClient({ transport: cluster.transport() });
for (const crd of controllerCrds()) await client.create(crd);
const { kubeconfig } = await cluster.listen();
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const figures: ServerFigures = { requests: { ...requests }, lastAt, cpuSeconds: (user + system) / 1e6 };
  process.send?.(figures);
});
process.on('disconnect', () => process.exit());
process.send?.({ kubeconfig });
