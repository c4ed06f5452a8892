/**
 * Figures of the controller: cluster, controller and load in processes of their own, over HTTPS. Run:
 * `npm run bench -- controller` (`INSTANCES=1000`); with `KUBECONFIG` against that cluster instead of an embedded one.
 */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject, KubeObject } from '../dist/core/index.js';
import { KubeClient, loadKubeConfig } from '../dist/kube/index.js';

interface Figures {
  readonly requests: Readonly<Record<string, number>>;
  readonly cpuSeconds: number;
  readonly rssMb: number;
  readonly peakMb: number;
}

const COUNT = Number(process.env['INSTANCES'] ?? 1000);
const folder = mkdtempSync(join(tmpdir(), 'typekro-bench-'));
const children: ChildProcess[] = [];

function start(file: string, ...args: string[]): ChildProcess {
  const child = fork(new URL(`support/${file}`, import.meta.url), args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  return child;
}

function message<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    child.once('message', (value) => resolve(value as T));
    child.once('exit', (code) => reject(new Error(`a process ended with ${code}`)));
  });
}

async function kubeconfigFile(): Promise<string> {
  const given = process.env['KUBECONFIG'];
  if (given !== undefined) return given;
  const path = join(folder, 'kubeconfig');
  writeFileSync(path, (await message<{ kubeconfig: string }>(start('cluster-process.ts'))).kubeconfig);
  return path;
}

const figures = (controller: ChildProcess) => {
  const answer = message<Figures>(controller);
  controller.send('figures');
  return answer;
};

const row = (what: string, ...values: string[]) => console.log(`| ${[what, ...values].join(' | ')} |`);
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(2);
const ref = { apiVersion: 'bench.test/v1', kind: 'Load' };

function definition(fixed: string): KubeObject {
  const resources = Array.from({ length: 5 }, (_, index): JsonObject => ({
    id: `m${index}`,
    template: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `\${schema.metadata.name}-${index}` },
      data: { text: '${schema.spec.text}', fixed },
    },
  }));
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'loads' },
    spec: {
      schema: {
        apiVersion: 'v1',
        kind: 'Load',
        group: 'bench.test',
        spec: { text: 'string' },
        status: { text: '${m0.data.text}' },
      },
      resources,
    },
  };
}

/** Watches until so many objects answer yes (or are gone, for a count of 0). */
async function until(
  client: KubeClient,
  type: { apiVersion: string; kind: string },
  count: number,
  ask: (object: KubeObject) => boolean,
) {
  const yes = new Set<string>();
  const all = new Set<string>();
  for await (const event of client.watch(type, { namespace: 'default' })) {
    if ('object' in event) {
      const name = event.object.metadata.name ?? '';
      if (event.type === 'DELETED') all.delete(name);
      else all.add(name);
      if (event.type !== 'DELETED' && ask(event.object)) yes.add(name);
      else yes.delete(name);
    } else if (event.type !== 'SYNCED') continue;
    if (count === 0 ? all.size === 0 : yes.size >= count) return;
  }
}

/** Runs `work` with so many under way at a time. */
async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < count) await work(next++);
    }),
  );
}

const isActive = (object: KubeObject) => object.status?.['state'] === 'ACTIVE';
const difference = (after: Figures, before: Figures) => {
  const verbs = Object.entries(after.requests).map(
    ([verb, value]) => [verb, value - (before.requests[verb] ?? 0)] as const,
  );
  const total = verbs.reduce((sum, [, value]) => sum + value, 0);
  return `${total} (${verbs
    .filter(([, value]) => value > 0)
    .map(([verb, value]) => `${verb} ${value}`)
    .join(', ')})`;
};

try {
  const path = await kubeconfigFile();
  const client = new KubeClient({ config: await loadKubeConfig({ path }), userAgent: 'load' });
  let controller = start('controller-process.ts', path);
  await message(controller);
  await client.apply(definition('a'), { fieldManager: 'bench', force: true });
  await until(
    client,
    { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' },
    1,
    (object) => object.status?.['state'] === 'Active',
  );

  console.log(
    `${COUNT} instances of 5 resources\n\n| load | time | requests of the controller | CPU | memory now, peak |\n|---|---|---|---|---|`,
  );
  const measure = async (what: string, work: () => Promise<unknown>) => {
    const before = await figures(controller);
    const began = performance.now();
    await work();
    const time = `${seconds(began)} s`;
    await new Promise((resolve) => setTimeout(resolve, 500));
    const after = await figures(controller);
    const cpu = `${(after.cpuSeconds - before.cpuSeconds).toFixed(2)} s`;
    row(what, time, difference(after, before), cpu, `${after.rssMb.toFixed(0)}, ${after.peakMb.toFixed(0)} MB`);
  };

  await measure('all ACTIVE', async () => {
    const done = until(client, ref, COUNT, isActive);
    await each(COUNT, (index) =>
      client.create({ ...ref, metadata: { name: `l${index}`, namespace: 'default' }, spec: { text: 'a' } }),
    );
    await done;
  });
  await measure('idle, 10 s', () => new Promise((resolve) => setTimeout(resolve, 10_000)));
  await measure('one child edited by hand', async () => {
    const child = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'l0-0' };
    await client.patch(child, { data: { text: 'x' } });
    await until(client, child, COUNT * 5, (object) => (object['data'] as JsonObject | undefined)?.['text'] === 'a');
  });
  await measure('definition updated', async () => {
    await client.apply(definition('b'), { fieldManager: 'bench', force: true });
    await until(
      client,
      { apiVersion: 'v1', kind: 'ConfigMap' },
      COUNT * 5,
      (object) => (object['data'] as JsonObject | undefined)?.['fixed'] === 'b',
    );
  });

  controller.disconnect();
  const began = performance.now();
  controller = start('controller-process.ts', path);
  await message(controller);
  await client.patch({ ...ref, namespace: 'default', name: 'l0' }, { spec: { text: 'c' } });
  await until(client, ref, 1, (object) => object.status?.['text'] === 'c');
  const restarted = await figures(controller);
  row(
    'restart, then one instance changed',
    `${seconds(began)} s`,
    difference(restarted, { ...restarted, requests: {} }),
    `${restarted.cpuSeconds.toFixed(2)} s`,
    `${restarted.rssMb.toFixed(0)}, ${restarted.peakMb.toFixed(0)} MB`,
  );

  const times: number[] = [];
  for (let index = 0; index < 100; index += 1) {
    const since = performance.now();
    const name = `single${index}`;
    const one = until1(client, name);
    await client.create({ ...ref, metadata: { name, namespace: 'default' }, spec: { text: 'a' } });
    await one;
    times.push(performance.now() - since);
  }
  times.sort((a, b) => a - b);
  row(
    'one instance of 5, create to ACTIVE, p50 / p99',
    `${times[50]?.toFixed(0)} / ${times[99]?.toFixed(0)} ms`,
    '',
    '',
    '',
  );

  await measure('delete all', async () => {
    const { items } = await client.list(ref, { namespace: 'default' });
    await each(items.length, (index) =>
      client.delete({ ...ref, namespace: 'default', name: items[index]?.metadata.name ?? '' }),
    );
    await until(client, ref, 0, () => false);
  });
  await client.close();
} finally {
  for (const child of children) if (child.connected) child.disconnect();
  rmSync(folder, { recursive: true });
}

async function until1(client: KubeClient, name: string): Promise<void> {
  for await (const event of client.watch(ref, { namespace: 'default', fieldSelector: `metadata.name=${name}` })) {
    if ('object' in event && event.type !== 'DELETED' && isActive(event.object)) return;
  }
}
