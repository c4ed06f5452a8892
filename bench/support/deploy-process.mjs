/**
 * A deploying program in a separate process, as a user runs it: from `dist/`, without a loader.
 * `deploy-process.mjs KUBECONFIG MODE COUNT` composes COUNT resources, and sends the memory use of the process. The
 * second resource is a Deployment. Each message to the process is the name of an instance to deploy. The response
 * contains the memory use, the end time, the duration and the processor time of the deploy.
 */
import { kubernetesComposition } from '../../dist/index.js';
import { ConfigMap, Deployment } from '../../dist/factories/simple/index.js';

const [kubeConfig, mode, count] = process.argv.slice(2);

const megabytes = () => ({ rss: process.memoryUsage.rss() / 2 ** 20, peak: process.resourceUsage().maxRSS / 2 ** 10 });

const spec = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const numbers = Array.from({ length: Number(count) - 2 }, (_, index) => index);
const app = kubernetesComposition({ name: `bench${count}`, spec }, (spec) => {
  const first = ConfigMap({ id: 'first', name: `${String(spec['name'])}-first`, data: { a: 'b' } });
  const web = Deployment({
    id: 'web',
    name: `${String(spec['name'])}-web`,
    image: 'nginx',
    env: { FROM: first.metadata.name },
  });
  web.withReadyWhen((self) => self.status.readyReplicas >= 1);
  for (const i of numbers) ConfigMap({ id: `c${i}`, name: `${first.metadata.name}-${i}`, data: { index: `${i}` } });
});
// Most programs print the definition before they deploy.
app.toYaml();
const factory = app.factory(mode, { namespace: 'default', kubeConfig, timeout: 60_000, createNamespace: false });

async function deploy(name) {
  const began = performance.now();
  const before = process.cpuUsage();
  await factory.deploy({ name });
  const at = performance.timeOrigin + performance.now();
  const { user, system } = process.cpuUsage(before);
  process.send({ ...megabytes(), at, took: performance.now() - began, cpu: (user + system) / 1000 });
}

// A failed deploy ends the process with its error.
process.on('message', (name) => void deploy(name));
process.on('disconnect', () => process.exit());
process.send(megabytes());
