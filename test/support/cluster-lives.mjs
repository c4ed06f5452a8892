/**
 * Creates and closes clusters one after another, and prints, as JSON, the resources that they leak. Run it in a
 * separate process: `node --expose-gc test/support/cluster-lives.mjs COUNT`.
 */
import { Agent, get } from 'node:http';
import { createCluster } from '../../dist/testing/entry.js';

const WARM_UP = 20;
const count = Number(process.argv[2]);

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', kind: 'Gadget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: { size: { type: 'integer' } },
                'x-kubernetes-validations': [{ rule: 'self.size > 0' }],
              },
            },
          },
        },
      },
    ],
  },
};
const gadget = { apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name: 'a', namespace: 'default' } };
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };

/**
 * Sends a request over the socket on a keep-alive connection. `fetch` would keep a connection pool for every address.
 */
function getVersion(url) {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: true });
    get(`${url}/version`, { agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
  });
}

const left = { timers: 0, refs: [], watchesEnded: 0 };

/**
 * The life of one cluster: a CRD, objects, and a watch that is open until the end. Every second cluster serves on a
 * socket.
 */
async function live(index) {
  const cluster = await createCluster(index % 4 === 3 ? { clock: 'real' } : {});
  if (index % 2 === 0) {
    const { url } = await cluster.listen({ https: index % 4 === 0 });
    if (url.startsWith('http:')) await getVersion(url);
  }
  const { client } = cluster;
  await client.create(crd);
  await cluster.idle();
  await client.create({ ...gadget, spec: { size: 1 } });
  await client.create({ ...map, data: { text: 'x'.repeat(100_000) } });
  let onSynced = () => {};
  const synced = new Promise((resolve) => {
    onSynced = resolve;
  });
  const watching = (async () => {
    for await (const { type } of client.watch({ apiVersion: 'v1', kind: 'ConfigMap' })) {
      if (type === 'SYNCED') onSynced();
    }
    left.watchesEnded += 1;
  })();
  await synced;
  await cluster.close();
  await watching;
  left.timers += cluster.clock.pending;
  left.refs.push(new WeakRef(cluster), new WeakRef(client));
}

const heap = async () => {
  // Finalizers of sockets run in later turns of the event loop.
  for (let turn = 0; turn < 5; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
};

for (let index = 0; index < WARM_UP; index++) await live(index);
const before = await heap();
for (let index = 0; index < count; index++) await live(index);
const after = await heap();
const resources = process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe)Wrap$/.test(name));
console.log(
  JSON.stringify({
    resources,
    timers: left.timers,
    watchesEnded: left.watchesEnded === count + WARM_UP,
    clustersInMemory: left.refs.filter((reference) => reference.deref() !== undefined).length,
    growthBytes: after - before,
  }),
);
