/**
 * Records the cluster state that the controller of another source tree leaves. The recording is a fixture for
 * `test/conformance/takeover`: `node scripts/run-ts.mjs scripts/record-state.ts TREE LEVEL FILE`. TREE is the folder of
 * an earlier commit of this repository with its dependencies. LEVEL is the value of `--kro-compatibility`, or `-` for a
 * tree without levels.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as ClusterRoom from '@typekro/cluster';
import type * as ControllerRoom from '@typekro/controller/controller';
import { type KubeObject, stringifyJson } from '@typekro/kit/core';
import type * as KubeRoom from '@typekro/kube';
import type * as Stories from '../test/conformance/takeover/stories.ts';

const [tree = '', level = '', file = ''] = process.argv.slice(2);
if (file === '') throw new Error('record-state.ts TREE LEVEL FILE');
const load = async <T>(path: string): Promise<T> => (await import(pathToFileURL(resolve(tree, path)).href)) as T;

/** The API groups of the recorded objects. */
const GROUPS = new Set(['', 'apps', 'apiextensions.k8s.io', 'internal.kro.run', 'kro.run', 'takeover.test']);
const NAMESPACES = new Set(['takeover', 'elsewhere', 'tenant-acme']);

const { createEmbeddedCluster } = await load<typeof ClusterRoom>('packages/cluster/src/index.ts');
const { controllerCrds, createController } = await load<typeof ControllerRoom>(
  'packages/controller/src/controller/index.ts',
);
const { KubeClient } = await load<typeof KubeRoom>('packages/kube/src/index.ts');
const { NAMESPACE, STORIES } = await load<typeof Stories>('test/conformance/takeover/stories.ts');

const cluster = await createEmbeddedCluster({ workloads: false });
const admin = new KubeClient({ transport: cluster.transport() });
for (const crd of controllerCrds()) await admin.create(crd);
const client = new KubeClient({ transport: cluster.transport() });
const controller = createController({
  client,
  ...(level === '-' ? {} : { kroCompatibility: level as '0.9' | '0.10' }),
});
await controller.start();
const settled = async () => {
  for (let round = 0; round < 3; round += 1) {
    await cluster.idle();
    await controller.idle();
  }
};
const apply = async (object: KubeObject) => {
  await admin.apply(object, { fieldManager: 'user', force: true });
  await settled();
};
for (const object of [NAMESPACE, ...STORIES.flatMap(({ before }) => before)]) await apply(object);
for (const object of STORIES.flatMap(({ definitions }) => definitions)) await apply(object);
for (const object of STORIES.flatMap(({ instances }) => instances)) await apply(object);
// kro's recorded state has an instance whose deletion waits for another client's finalizer, and a suspended instance.
// This recording contains the same two cases.
const held = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'takeover', name: 'leaving-high' };
await admin.patch(held, { metadata: { finalizers: ['test/hold'] } });
const of = (kind: string, name: string) => ({ apiVersion: 'takeover.test/v1', kind, namespace: 'takeover', name });
await admin.delete(of('Stack', 'leaving'));
await admin.patch(of('Pause', 'asleep'), { metadata: { annotations: { 'kro.run/reconcile': 'suspended' } } });
await settled();
await controller.stop();

const { resourceVersion, collections } = cluster.snapshot();
const isOfStories = ({ kind, metadata: { name = '', namespace } }: KubeObject): boolean =>
  namespace === undefined ? kind !== 'Namespace' || NAMESPACES.has(name) : NAMESPACES.has(namespace);
const kept = collections
  .filter(({ group }) => GROUPS.has(group))
  .map((collection) => ({ ...collection, items: collection.items.filter(isOfStories) }))
  // Leaves out the CRDs of kro's own kinds, because the tree that restores the state creates its own.
  .map((each) => ({ ...each, items: each.items.filter(({ metadata }) => metadata.name?.endsWith('kro.run') !== true) }))
  .filter(({ items }) => items.length > 0);
const lines = kept.map(
  ({ items, ...collection }) =>
    `{"items":[\n${items.map((item) => stringifyJson(item as never)).join(',\n')}],${stringifyJson(collection as never).slice(1)}`,
);
writeFileSync(file, `{"resourceVersion":"${resourceVersion}","collections":[\n${lines.join(',\n')}]}\n`);
await cluster.close();
