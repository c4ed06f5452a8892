/** An Alchemy program that deploys to a cluster in its own process, and then destroys all resources. */
import alchemy from 'alchemy';
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { KroResource } from 'typekro/alchemy';
import { ConfigMap } from 'typekro/simple';
import { createCluster } from 'typekro/testing';

const notes = kubernetesComposition({ name: 'notes', spec: type({ name: 'string' }) }, (spec) => {
  ConfigMap({ id: 'note', name: `${spec.name}-note`, data: { a: 'b' } });
});
const cluster = await createCluster({ clock: 'real' });
const events = [];
const namesOf = async () => {
  const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
  return items.map(({ metadata }) => metadata.name).filter((name) => name !== 'kube-root-ca.crt');
};

const app = await alchemy('transport', { stage: 'test', quiet: true, noTrack: true, rootDir: process.cwd() });
const resource = await KroResource('notes', {
  composition: notes,
  spec: { name: 'a' },
  transport: cluster.transport,
  progressCallback: ({ type: event }) => events.push(event),
});
const created = await namesOf();
await alchemy.destroy(resource);
await app.finalize();
console.log(JSON.stringify({ created, gone: await namesOf(), completed: events.includes('completed') }));
await cluster.close();
