/**
 * Measures the controller, and compares each figure with its goal. The cluster, the controller and the load generator
 * are separate processes that talk over HTTPS. Run: `npm run bench -- controller` (`INSTANCES=1000`,
 * `DEFINITIONS=1000`, `IDLE_SECONDS=10`, `ROWS=many,idle,…`). `CONTROLLER` names the program to measure instead of
 * `dist/cli/main.js`. With `KUBECONFIG`, the benchmark uses that cluster instead of an embedded one; the cluster needs
 * the CRDs of kro. A goal in `time()` is for a real API server, and is halved for an embedded one. The other goals are
 * the same for both.
 */
import type { JsonObject, KubeObject } from '../dist/core/index.js';
import { KubeClient, loadKubeConfig } from '../dist/kube/index.js';
import type { Figures } from './support/controller-run.ts';
import { cleanUp, ControllerProcess, memoryOfEmptyNode, pause, Server } from './support/controller-run.ts';
import { chain, collection, five, graphOfFive, graphRights, largeCrd, numbered, typeOf } from './support/loads.ts';
import { each, follow } from './support/watching.ts';
import { readOptions } from './support/options.ts';

readOptions({});

const COUNT = Number(process.env['INSTANCES'] ?? 1000);
/** Number of definitions that the row `definitions` creates at once. One in a hundred of them does not compile. */
const DEFINITIONS = Number(process.env['DEFINITIONS'] ?? 1000);
const IDLE_SECONDS = Number(process.env['IDLE_SECONDS'] ?? 10);
const rows = process.env['ROWS']?.split(',');

let server = await Server.start();
let client = await clientOf(server);
let controller = await ControllerProcess.start(server);

async function clientOf({ path }: Server): Promise<KubeClient> {
  return new KubeClient({ config: await loadKubeConfig({ path }), userAgent: 'load' });
}

/**
 * The goal for this server. `real` is the goal for a real API server; the goal for the embedded one is half as long.
 */
const time = (real: number) => (server.isEmbedded ? real / 2 : real);
let missed = 0;

function row(what: string, measured: string, goal: string, met: boolean | undefined): void {
  if (met === false) missed += 1;
  console.log(`| ${what} | ${measured} | ${goal} | ${met === undefined ? '' : met ? 'met' : '**missed**'} |`);
}

/** One request lists and watches the ConfigMaps. The controller sends it for the first object of this kind. */
const WATCHES = 1;

interface Measured {
  /** Seconds until the work was done (`done`), and until the last request (`settled`). */
  readonly done: number;
  readonly settled: number;
  readonly total: number;
  readonly writes: number;
  readonly byVerb: string;
  readonly cpu: number;
  readonly serverCpu: number;
  readonly after: Figures;
}

async function measure(work: () => Promise<unknown>): Promise<Measured> {
  controller.resetPeak();
  const before = await controller.figures();
  const [began, beganAt] = [performance.now(), Date.now()];
  await work();
  const done = (performance.now() - began) / 1000;
  const after = await settle();
  const verbs = Object.entries(after.requests)
    .map(([verb, value]) => [verb, value - (before.requests[verb] ?? 0)] as const)
    .filter(([, value]) => value > 0);
  const sum = (list: typeof verbs) => list.reduce((total, [, value]) => total + value, 0);
  return {
    done,
    settled: Math.max(done, (after.lastAt - beganAt) / 1000),
    total: sum(verbs),
    writes: sum(verbs.filter(([verb]) => !['get', 'list', 'watch', 'list+watch', 'other'].includes(verb))),
    byVerb: verbs.map(([verb, value]) => `${verb} ${value}`).join(', '),
    cpu: after.controllerCpu - before.controllerCpu,
    serverCpu: after.cpuSeconds - before.cpuSeconds,
    after,
  };
}

/** Waits until the controller sends no more requests. */
const settle = (): Promise<Figures> => controller.settled();

async function define(definition: KubeObject): Promise<void> {
  await client.apply(definition, { fieldManager: 'bench', force: true });
  const name = definition.metadata.name ?? '';
  const type = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' };
  await using watched = follow(client, type, ({ status }) => {
    if (status?.['state'] === 'Inactive') console.error(`${name}: ${JSON.stringify(status['conditions'])}`);
    return status?.['state'] === 'Active';
  });
  await watched.reached(name);
  // kube-apiserver delays a POST by two seconds when its kind was established less than two seconds ago.
  if (!server.isEmbedded) await pause(2000);
}

const isActive = ({ status }: KubeObject) => status?.['state'] === 'ACTIVE';
const dataOf = (object: KubeObject, field: string) => (object['data'] as JsonObject | undefined)?.[field];
const instance = (kind: string, name: string, spec: JsonObject): KubeObject => ({
  ...typeOf(kind),
  metadata: { name, namespace: 'default' },
  spec,
});
const MAP = { apiVersion: 'v1', kind: 'ConfigMap' };
const seconds = (value: number) => `${value.toFixed(2)} s`;
const requests = ({ total, byVerb }: Measured) => `${total} requests (${byVerb})`;
/** The processor time of the cluster. Only an embedded cluster reports it. */
const clusterCpu = ({ serverCpu }: Measured) => `the cluster: ${server.isEmbedded ? `${seconds(serverCpu)} CPU` : '?'}`;

let loaded = false;

/** Creates the instances and waits until they are ACTIVE. */
async function createLoads(): Promise<void> {
  loaded = true;
  await using watched = follow(client, typeOf('Load'), isActive);
  await each(COUNT, (index) => client.create(instance('Load', `l${index}`, { text: 'a' })));
  await watched.count(COUNT);
}

/** Wraps a row that needs the instances. Creates them first unless an earlier row created them. */
function withLoads(run: () => Promise<void>): () => Promise<void> {
  return async () => {
    if (!loaded) {
      await createLoads();
      await settle();
    }
    await run();
  };
}

/** The seconds until all instances were ACTIVE. The goal of the row `graphs` depends on them. */
let secondsOfInstances: number | undefined;

async function many(): Promise<void> {
  const load = await measure(createLoads);
  const { rssMb, peakMb } = load.after;
  secondsOfInstances = load.done;
  const named = `${COUNT} instances × 5 resources`;
  row(`${named}: all ACTIVE`, seconds(load.done), `≤ ${time(30)} s`, load.done <= time(30));
  const isSettled = load.settled <= time(35) && load.total <= COUNT * 10 + WATCHES;
  row(
    '… until nothing moves',
    `${seconds(load.settled)}; ${requests(load)}`,
    `≤ ${time(35)} s; ${COUNT * 10} requests, and one list+watch of ConfigMaps`,
    isSettled,
  );
  row('… CPU of the controller', `${seconds(load.cpu)} (${clusterCpu(load)})`, '≤ 15 s', load.cpu <= 15);
  row('… memory: peak', `${peakMb.toFixed(0)} MB`, '≤ 100 MB', peakMb <= 100);
  row('… memory: just after', `${rssMb.toFixed(0)} MB`, '', undefined);
}

async function idle(): Promise<void> {
  const load = await measure(() => pause(IDLE_SECONDS * 1000));
  const { rssMb, privateMb, fileMb } = load.after;
  row(`idle for ${IDLE_SECONDS} s`, `${load.writes} writes; ${seconds(load.cpu)} CPU`, '0 writes', load.writes === 0);
  row('… memory at rest', `${rssMb.toFixed(1)} MB`, '≤ 60 MB', rssMb <= 60);
  const empty = await memoryOfEmptyNode();
  const parts = (all: number, own: number, files: number) =>
    `${all.toFixed(1)} MB: ${own.toFixed(1)} of its own, ${files.toFixed(1)} pages of files`;
  row('… its parts', parts(rssMb, privateMb, fileMb), '', undefined);
  row('… an empty Node', parts(empty.rssMb, empty.privateMb, empty.fileMb), '', undefined);
}

async function restart(what: string, instances = COUNT, kinds = 1): Promise<void> {
  await controller.stop();
  const before = await server.figures();
  const beganAt = Date.now();
  controller = await ControllerProcess.start(server);
  await controller.whenSeen(instances, kinds > 1 ? 250 : 25);
  const done = (performance.now() - controller.began) / 1000;
  const after = await settle();
  const settled = Math.max(done, (after.lastAt - beganAt) / 1000);
  const verbs = Object.entries(after.requests).map(
    ([verb, value]) => [verb, value - (before?.requests[verb] ?? 0)] as const,
  );
  const counted = verbs.filter(([, value]) => value > 0);
  const writes = counted.filter(([verb]) => !['get', 'list', 'watch', 'list+watch', 'other'].includes(verb));
  const text = counted.map(([verb, value]) => `${verb} ${value}`).join(', ');
  const limit = kinds > 1 ? 30 : time(3);
  const isMet = settled <= limit && writes.length === 0;
  row(`${what}: settled`, `${seconds(settled)}; ${text}`, `≤ ${limit} s; 0 writes, one list+watch per kind`, isMet);
  row(
    '… CPU; memory: peak, just after',
    `${seconds(after.controllerCpu)}; ${after.peakMb.toFixed(0)}, ${after.rssMb.toFixed(0)} MB`,
    kinds > 1 ? '' : '≤ 100 MB',
    kinds > 1 ? undefined : after.peakMb <= 100,
  );
}

/** The controller's processor time and peak memory for a load. */
function costRow({ cpu, after: { peakMb } }: Awaited<ReturnType<typeof measure>>): void {
  row('… CPU; memory: peak', `${seconds(cpu)}; ${peakMb.toFixed(0)} MB`, '≤ 100 MB', peakMb <= 100);
}

async function update(): Promise<void> {
  const load = await measure(async () => {
    await using watched = follow(client, MAP, (object) => dataOf(object, 'fixed') === 'b');
    await client.apply(five('b'), { fieldManager: 'bench', force: true });
    await watched.count(COUNT);
  });
  const isMet = load.settled <= time(25) && load.total <= COUNT * 4;
  row(
    'definition updated (one template field)',
    `${seconds(load.settled)}; ${requests(load)}`,
    `≤ ${time(25)} s; ${COUNT * 4} requests`,
    isMet,
  );
  costRow(load);
}

async function deleteAll(): Promise<void> {
  const load = await measure(async () => {
    await using watched = follow(client, typeOf('Load'), () => true);
    await watched.count(COUNT);
    await each(COUNT, (index) => client.delete({ ...typeOf('Load'), namespace: 'default', name: `l${index}` }));
    await watched.count(0);
  });
  loaded = false;
  const isMet = load.settled <= time(25) && load.total <= COUNT * 9;
  row(
    `delete all ${COUNT}`,
    `${seconds(load.settled)}; ${requests(load)}`,
    `≤ ${time(25)} s; ${COUNT * 9} requests`,
    isMet,
  );
  costRow(load);
}

/** Sorted milliseconds from the request to ACTIVE, for one instance at a time. */
async function latencies(kind: string, count: number): Promise<number[]> {
  const times: number[] = [];
  await using watched = follow(client, typeOf(kind), isActive);
  for (let index = 0; index < count; index += 1) {
    const began = performance.now();
    await client.create(instance(kind, `s${index}`, { text: 'a' }));
    await watched.reached(`s${index}`);
    times.push(performance.now() - began);
  }
  for (let index = 0; index < count; index += 1) {
    await client.delete({ ...typeOf(kind), namespace: 'default', name: `s${index}` });
  }
  await settle();
  return times.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;

async function single(): Promise<void> {
  const times = await latencies('Load', 200);
  const [half, most] = [at(times, 0.5), at(times, 0.99)];
  const isMet = half <= time(50) && most <= time(150);
  row(
    'one instance of 5, create → ACTIVE, p50 / p99',
    `${half.toFixed(0)} / ${most.toFixed(0)} ms`,
    `≤ ${time(50)} / ${time(150)} ms`,
    isMet,
  );
}

async function chained(): Promise<void> {
  await define(chain());
  const half = at(await latencies('Chain', 50), 0.5);
  row('chain of depth 6, create → ACTIVE, p50', `${half.toFixed(0)} ms`, `≤ ${time(80)} ms`, half <= time(80));
}

async function forEach(): Promise<void> {
  await define(collection());
  await settle();
  const load = await measure(async () => {
    await using watched = follow(client, typeOf('Many'), isActive);
    await client.create(instance('Many', 'many', { text: 'a', count: 1000 }));
    await watched.count(1);
  });
  const { peakMb } = load.after;
  row('forEach of 1000: ACTIVE', seconds(load.done), `≤ ${time(1.2)} s`, load.done <= time(1.2));
  row('… requests until settled', requests(load), '≤ 1010', load.total <= 1010);
  row(
    '… CPU; memory: peak',
    `${seconds(load.cpu)} (${clusterCpu(load)}); ${peakMb.toFixed(0)} MB`,
    '≤ 110 MB',
    peakMb <= 110,
  );
  await bareApplies();
  const edit = await measure(async () => {
    await using watched = follow(client, MAP, (object) => dataOf(object, 'text') === 'a');
    const child = { ...MAP, namespace: 'default', name: 'many-500' };
    await watched.reached('many-500');
    await client.patch(child, { data: { text: 'x' } });
    await watched.left('many-500');
    await watched.reached('many-500');
  });
  // Requests that report events do not count as writes. Without an embedded cluster, requests are counted by method.
  // Every POST then reports an event, because children are written by server-side apply.
  const writes = edit.writes - (Number(/(?:event|post) (\d+)/.exec(edit.byVerb)?.[1]) || 0);
  row(
    'one child of 1000 edited by hand',
    `${(edit.done * 1000).toFixed(0)} ms; ${requests(edit)}`,
    'one write',
    writes === 1,
  );
}

/**
 * Applies 1000 children, as in the row `forEach`, with a client and without a controller. Unlike the controller, this
 * process does not keep its heap small. The row has no goal.
 */
async function bareApplies(): Promise<void> {
  const child = (index: number): KubeObject => ({
    ...MAP,
    metadata: { name: `bare-${index}`, namespace: 'default' },
    data: { text: 'a' },
  });
  const began = performance.now();
  await each(1000, (index) => client.apply(child(index), { fieldManager: 'bench', force: true }));
  row('1000 children applied by a client alone', seconds((performance.now() - began) / 1000), '', undefined);
  await each(1000, (index) => client.delete({ ...MAP, namespace: 'default', name: `bare-${index}` }));
  await settle();
}

async function large(): Promise<void> {
  const load = await measure(() => each(200, (index) => client.create(largeCrd(index))));
  const { peakMb } = load.after;
  row(
    '200 large CRDs created; memory: peak',
    `${seconds(load.done)} (${clusterCpu(load)}); ${peakMb.toFixed(0)} MB`,
    '≤ 100 MB',
    peakMb <= 100,
  );
  await calm();
  await restart(`restart with ${COUNT} instances, 200 large CRDs`);
}

/** Waits until the server responds at once: kube-apiserver is busy for a while with the schemas of many new CRDs. */
async function calm(): Promise<void> {
  const until = performance.now() + 120_000;
  for (let quick = 0; quick < 20 && performance.now() < until; await pause(100)) {
    const began = performance.now();
    await client.raw({ path: '/version' });
    quick = performance.now() - began < 10 ? quick + 1 : 0;
  }
}

const isBad = (index: number) => index % 100 === 99;

/** Creates many definitions at once and an instance of each, restarts the controller, and deletes everything. */
async function definitions(): Promise<void> {
  const indexes = Array.from({ length: DEFINITIONS }, (_, index) => index);
  const good = indexes.filter((index) => !isBad(index));
  const type = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' };
  const ofRow = ({ metadata: { name = '' } }: KubeObject) => /^n\d+$/.test(name);
  const load = await measure(async () => {
    await using decided = follow(client, type, (object) => ofRow(object) && object.status?.['state'] !== undefined);
    await using active = follow(client, type, (object) => ofRow(object) && object.status?.['state'] === 'Active');
    await each(DEFINITIONS, (index) => client.create(numbered(index, isBad(index))));
    await active.count(good.length);
    await decided.count(DEFINITIONS);
  });
  row(`${DEFINITIONS} definitions at once: all Active`, seconds(load.done), '≤ 30 s', load.done <= 30);
  row('… requests', requests(load), `≤ ${DEFINITIONS * 7}`, load.total <= DEFINITIONS * 7);
  definitionsCost(load);
  const instances = await measure(async () => {
    await using watched = follow(client, MAP, ({ metadata: { name = '' } }) => /^n\d+-second$/.test(name));
    await each(good.length, async (index) => {
      await client.create(instance(`N${good[index]}`, `n${good[index]}`, { text: 'a' }));
    });
    await watched.count(good.length);
  });
  row('… an instance of each', `${seconds(instances.settled)}; ${requests(instances)}`, '', undefined);
  definitionsCost(instances);
  await restart(`restart with ${DEFINITIONS} definitions`, good.length, good.length);
  const removal = await measure(async () => {
    await using left = follow(client, type, ofRow);
    await left.count(DEFINITIONS);
    await each(good.length, async (index) => {
      await client.delete({ ...typeOf(`N${good[index]}`), namespace: 'default', name: `n${good[index]}` });
    });
    await each(DEFINITIONS, (index) => client.delete({ ...type, name: `n${index}` }));
    await left.count(0);
  });
  row('… all deleted', `${seconds(removal.settled)}; ${requests(removal)}`, '', undefined);
  definitionsCost(removal);
}

function definitionsCost(load: Measured): void {
  const { rssMb, peakMb } = load.after;
  const times = `${seconds(load.cpu)} (${clusterCpu(load)})`;
  row('… … CPU; memory: peak, just after', `${times}; ${peakMb.toFixed(0)}, ${rssMb.toFixed(0)} MB`, '', undefined);
}

const GRAPH = { apiVersion: 'kro.run/v1alpha1', kind: 'Graph' };
const GRAPH_FLAGS = [
  '--feature-gates=GraphKind=true',
  '--kro-compatibility=0.10',
  '--controller-namespace=kro-system',
  '--controller-service-account=kro',
];

function isReady({ status }: KubeObject): boolean {
  const conditions = status?.['conditions'];
  const isTrue = (entry: unknown) =>
    (entry as JsonObject)['type'] === 'Ready' && (entry as JsonObject)['status'] === 'True';
  return Array.isArray(conditions) && conditions.some(isTrue);
}

/** Replaces an embedded cluster by an empty one, because the objects of other rows take memory of the controller. */
async function emptyCluster(): Promise<void> {
  await controller.stop();
  if (!server.isEmbedded) return;
  await client.close();
  await server.stop();
  server = await Server.start();
  client = await clientOf(server);
}

/**
 * Measures `COUNT` Graphs of five objects on an empty cluster, with the flags that a controller needs for the kind
 * Graph.
 */
async function graphs(): Promise<void> {
  await emptyCluster();
  for (const object of graphRights()) await client.apply(object, { fieldManager: 'bench', force: true });
  controller = await ControllerProcess.start(server, GRAPH_FLAGS);
  await settle();
  const load = await measure(async () => {
    await using watched = follow(client, GRAPH, isReady);
    await each(COUNT, (index) => client.create(graphOfFive(index)));
    await watched.count(COUNT);
  });
  const most = secondsOfInstances === undefined ? undefined : secondsOfInstances * 1.1;
  const goal = most === undefined ? '' : `≤ ${most.toFixed(2)} s: 110 % of the time of the instances`;
  row(
    `${COUNT} Graphs × 5 objects: all Ready`,
    seconds(load.done),
    goal,
    most === undefined ? undefined : load.done <= most,
  );
  row(
    '… until nothing moves',
    `${seconds(load.settled)}; ${requests(load)}`,
    `${COUNT * 10} requests, and one list+watch of ConfigMaps`,
    load.total <= COUNT * 10 + WATCHES,
  );
  costRow(load);
  await idle();
  const removal = await measure(async () => {
    await using watched = follow(client, GRAPH, () => true);
    await watched.count(COUNT);
    await each(COUNT, (index) => client.delete({ ...GRAPH, namespace: 'default', name: `g${index}` }));
    await watched.count(0);
  });
  row(
    '… all deleted',
    `${seconds(removal.settled)}; ${requests(removal)}`,
    `${COUNT * 9} requests`,
    removal.total <= COUNT * 9,
  );
}

const SCENARIOS = {
  many,
  idle: withLoads(idle),
  restart: withLoads(() => restart(`restart with ${COUNT} instances`)),
  update: withLoads(update),
  large: withLoads(large),
  single,
  chain: chained,
  forEach,
  deleteAll: withLoads(deleteAll),
  definitions,
  graphs,
};

try {
  await settle();
  await define(five('a'));
  console.log('| load | measured | goal | |\n|---|---|---|---|');
  const { rssMb, peakMb } = await controller.figures();
  row('memory after start: now, peak', `${rssMb.toFixed(0)}, ${peakMb.toFixed(0)} MB`, '≤ 60 MB', rssMb <= 60);
  for (const [name, run] of Object.entries(SCENARIOS)) {
    if (rows === undefined || rows.includes(name)) await run();
  }
  console.log(`\n${missed} missed`);
  await client.close();
} finally {
  cleanUp();
}
