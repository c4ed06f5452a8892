import { afterEach, describe, expect, it } from 'vitest';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds, runController } from '@typekro/controller/controller';
import { holderOf, shardOf } from '../../packages/controller/src/controller/shards/assignment.ts';
import type { KubeObject } from '@typekro/kit/core';
import { type TransportRequest, KubeClient } from '@typekro/kube';

const SHARDS = 12;
const COUNT = 8;
const FLAGS = [
  `--shards=${SHARDS}`,
  '--leader-election-retry-period=20ms',
  '--metrics-bind-address=0',
  '--health-probe-bind-address=0',
];
const kindOf = (index: number) => `Part${index}k`;
const LEASE = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };

/** Definition number `index`. With `inner`, its instances also create an instance of definition number `inner`. */
function definition(index: number, inner?: number): KubeObject {
  const map = {
    id: 'map',
    template: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `\${schema.metadata.name}-${index}` },
      data: { text: '${schema.spec.text}' },
    },
  };
  const nested = {
    id: 'nested',
    template: {
      apiVersion: 'shards.test/v1',
      kind: kindOf(inner ?? 0),
      metadata: { name: '${schema.metadata.name}-nested' },
      spec: { text: '${map.data.text}' },
    },
  };
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: `part-${index}` },
    spec: {
      schema: { apiVersion: 'v1', kind: kindOf(index), group: 'shards.test', spec: { text: 'string' } },
      resources: inner === undefined ? [map] : [map, nested],
    },
  };
}

let cluster: Cluster;
let user: KubeClient;
const ends: (() => Promise<void>)[] = [];
/** Maps the name of a ConfigMap to the replica that wrote it last. */
const writers = new Map<string, string>();

async function setup(): Promise<void> {
  cluster = await createEmbeddedCluster({ workloads: false });
  user = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await user.create(crd);
  await user.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  await cluster.idle();
}

afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
  writers.clear();
  await user.close();
  await cluster.close();
});

/** Starts a replica. Returns a function that stops it. */
function replica(identity: string): () => Promise<void> {
  const transport = cluster.transport();
  const client = new KubeClient({
    transport: {
      request(request: TransportRequest) {
        const map = /\/configmaps\/([^?]+)/.exec(request.path)?.[1];
        if (request.method === 'PATCH' && map !== undefined) writers.set(map, identity);
        return transport.request(request);
      },
      close: () => transport.close(),
    },
  });
  const stop = new AbortController();
  const ended = runController({ client, args: FLAGS, logger: { log: () => undefined }, signal: stop.signal, identity });
  const end = () => (stop.abort(), ended);
  ends.push(end);
  return end;
}

/**
 * Watches the Leases of the shards until `accepts` returns true for their holders. Returns a map from the shard to its
 * holder.
 */
async function holders(
  accepts: (holders: ReadonlyMap<number, string>) => boolean,
): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, string>();
  const signal = AbortSignal.timeout(20_000);
  for await (const event of user.watch(LEASE, {
    namespace: 'kro-system',
    labelSelector: 'typekro.dev/lease=shard',
    signal,
  })) {
    if (!('object' in event)) continue;
    const holder = event.object.spec?.['holderIdentity'];
    const shard = Number(/\d+$/.exec(event.object.metadata.name ?? '')?.[0]);
    found.set(shard, typeof holder === 'string' ? holder : '');
    if (accepts(found)) return found;
  }
  throw new Error(`shards ended up as ${JSON.stringify([...found])}`);
}

/** Does each shard have its preferred holder among these replicas, and does each replica hold a shard? */
const allHeldBy =
  (...names: string[]) =>
  (found: ReadonlyMap<number, string>) =>
    found.size === SHARDS &&
    [...found].every(([shard, name]) => name === holderOf(shard, names)) &&
    names.every((name) => [...found.values()].includes(name));

/** Sets the field `text` of every instance, and waits until all ConfigMaps have the new value. */
async function write(text: string): Promise<void> {
  const waits = new Set<string>();
  for (let index = 0; index < COUNT; index += 1) {
    waits.add(`x-${index}`);
    const metadata = { name: 'x', namespace: 'default' };
    await user.apply(
      { apiVersion: 'shards.test/v1', kind: kindOf(index), metadata, spec: { text } },
      { fieldManager: 'user' },
    );
  }
  const signal = AbortSignal.timeout(20_000);
  for await (const event of user.watch({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default', signal })) {
    if (!('object' in event)) continue;
    const data = event.object['data'] as { text?: string } | undefined;
    if (data?.text === text) waits.delete(event.object.metadata.name ?? '');
    if (waits.size === 0) return;
  }
  throw new Error(`${text} did not reach ${[...waits].join(', ')}`);
}

async function define(): Promise<void> {
  const active = new Set<string>();
  // The last definition creates instances of the first definition, which another replica may hold.
  for (let index = 0; index < COUNT; index += 1)
    await user.create(definition(index, index === COUNT - 1 ? 0 : undefined));
  const type = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' };
  for await (const event of user.watch(type, { signal: AbortSignal.timeout(20_000) })) {
    if ('object' in event && event.object.status?.['state'] === 'Active') active.add(event.object.metadata.name ?? '');
    if (active.size === COUNT) return;
  }
  throw new Error(`only ${[...active].join(', ')} became active`);
}

describe('replicas that share the work', () => {
  it('work only on the definitions of their own shards, and take over the shards of a replica that ends', async () => {
    await setup();
    const endOne = replica('one');
    replica('two');
    replica('three');
    const before = await holders(allHeldBy('one', 'two', 'three'));
    await define();
    await write('a');
    for (let index = 0; index < COUNT; index += 1) {
      expect(writers.get(`x-${index}`), `part-${index}`).toBe(before.get(shardOf(`part-${index}`, SHARDS)));
    }
    expect(new Set(writers.values()).size).toBeGreaterThan(1);

    await endOne();
    const after = await holders(allHeldBy('two', 'three'));
    for (const [shard, holder] of before) if (holder !== 'one') expect(after.get(shard)).toBe(holder);
    writers.clear();
    await write('b');
    for (let index = 0; index < COUNT; index += 1) {
      expect(writers.get(`x-${index}`), `part-${index}`).toBe(after.get(shardOf(`part-${index}`, SHARDS)));
    }
  });

  it('hand shards over to a new replica, and each definition has one writer', async () => {
    await setup();
    replica('one');
    await holders(allHeldBy('one'));
    await define();
    await write('a');
    replica('two');
    const after = await holders(allHeldBy('one', 'two'));
    writers.clear();
    await write('b');
    for (let index = 0; index < COUNT; index += 1) {
      expect(writers.get(`x-${index}`), `part-${index}`).toBe(after.get(shardOf(`part-${index}`, SHARDS)));
    }
    const group = await user.get({ ...LEASE, namespace: 'kro-system', name: 'controller.kro.run' });
    expect(group.spec?.['holderIdentity']).toBe(`typekro-${SHARDS}-shards`);
  });

  it('do not leak listeners, regardless of the number of shards', async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error) => warnings.push(name);
    process.on('warning', note);
    await setup();
    const end = replica('one');
    await holders(allHeldBy('one'));
    await end();
    await new Promise(setImmediate);
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('release all Leases when the last replica ends', async () => {
    await setup();
    const end = replica('one');
    await holders(allHeldBy('one'));
    await end();
    const { items } = await user.list(LEASE, { namespace: 'kro-system' });
    expect(items.map(({ spec }) => spec?.['holderIdentity']).filter((holder) => holder !== '')).toEqual([]);
  });

  it('release all Leases when all replicas end at once', async () => {
    await setup();
    const all = ['one', 'two', 'three'].map(replica);
    await holders(allHeldBy('one', 'two', 'three'));
    await Promise.all(all.map((end) => end()));
    const { items } = await user.list(LEASE, { namespace: 'kro-system' });
    expect(items.filter(({ spec }) => spec?.['holderIdentity'] !== '').map(({ metadata }) => metadata.name)).toEqual(
      [],
    );
  });
});
