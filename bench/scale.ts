/**
 * Measures how the cost of the controller grows with the number of objects. The cluster and each controller are
 * separate processes that talk over HTTPS; each measurement begins with an empty cluster. Run:
 * `npm run bench -- scale`, with `--rows grow,child,shards` for some rows, `--instances 1000,10000,50000` for other
 * sizes of the row `grow`, and `--rows definitions` for the row that runs only on demand. After its last size, the row
 * `grow` also measures how long lists of all children take.
 */
import { type Figures, cleanUp, ControllerProcess, pause, totalRequests } from './support/controller-run.ts';
import { independent, numbered } from './support/loads.ts';
import { LoadedCluster } from './support/loaded-cluster.ts';
import { readOptions } from './support/options.ts';

const CHILDREN = 5;
const MIB = 2 ** 20;
/**
 * The wait before the figures of a controller at rest are read, in milliseconds. The controller begins to collect
 * garbage ten seconds after its last work.
 */
const REST_MS = 14_000;
const MAPS = '/api/v1/namespaces/default/configmaps';

const options = readOptions({ rows: 'grow,child,shards', instances: '1000,10000' });
const sizes = options.instances.split(',').map(Number);
if (!sizes.every((size) => Number.isInteger(size) && size > 0)) throw new Error(`--instances ${options.instances}`);

function row(what: string, measured: string, goal = '', isMet?: boolean): void {
  console.log(`| ${what} | ${measured} | ${goal} | ${isMet === undefined ? '' : isMet ? 'met' : '**missed**'} |`);
}
const seconds = (value: number) => `${value.toFixed(2)} s`;
const times = (value: number) => value.toFixed(2);

/** The figures of a controller at rest, after its collection of garbage. */
async function atRest(controller: ControllerProcess): Promise<Figures> {
  await controller.settled();
  await pause(REST_MS);
  return controller.figures();
}

/** The measured cost of a number of instances. */
interface Cost {
  readonly instances: number;
  readonly done: number;
  readonly requests: number;
  readonly cpu: number;
  readonly restMb: number;
  readonly heapBytes: number;
  readonly restart: number;
  readonly restartCpu: number;
}

/** Creates instances, waits for rest, and restarts the controller. */
async function costOf(cluster: LoadedCluster, kind: string, children: number, instances: number): Promise<Cost> {
  const { server } = cluster;
  const controller = await ControllerProcess.start(server);
  await cluster.define([independent(`${kind.toLowerCase()}s`, kind, children)]);
  const before = await controller.settled();
  const began = performance.now();
  await cluster.create([kind], instances);
  const done = (performance.now() - began) / 1000;
  const after = await controller.settled();
  const { rssMb: restMb } = await atRest(controller);
  await controller.stop();
  const [cpu, clusterCpu] = [after.controllerCpu - before.controllerCpu, after.cpuSeconds - before.cpuSeconds];
  const requests = totalRequests(after.requests) - totalRequests(before.requests);
  const byVerb = Object.entries(after.requests)
    .map(([verb, count]) => [verb, count - (before.requests[verb] ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .map(([verb, count]) => `${verb} ${count}`);
  const named = `${instances} instances × ${children}`;
  row(`${named}: all ACTIVE`, `${seconds(done)}; ${requests} requests (${byVerb.join(', ')})`);
  row('… CPU: controller, cluster', `${seconds(cpu)}, ${seconds(clusterCpu)}`);
  row('… memory: peak, at rest', `${after.peakMb.toFixed(0)}, ${restMb.toFixed(1)} MB`);
  const beganAt = Date.now();
  const stopped = await server.figures();
  const restarted = await ControllerProcess.start(server);
  await restarted.whenSeen(instances, 25);
  const decided = (performance.now() - restarted.began) / 1000;
  const seen = await restarted.settled();
  const restart = Math.max(decided, (seen.lastAt - beganAt) / 1000);
  const restartRequests = totalRequests(seen.requests) - totalRequests(stopped?.requests ?? {});
  const rest = await atRest(restarted);
  const heapBytes = await restarted.liveHeapBytes();
  await restarted.stop();
  const memory = `peak ${seen.peakMb.toFixed(0)}, at rest ${rest.rssMb.toFixed(1)} MB, live heap ${(heapBytes / MIB).toFixed(1)} MB`;
  row(
    '… restart',
    `${seconds(restart)}; ${restartRequests} requests, ${seconds(seen.controllerCpu)} CPU; ${memory}`,
    '',
  );
  row('… longest delay of the event loop', `${(restarted.longestDelaySeconds * 1000).toFixed(0)} ms`);
  return { instances, done, requests, cpu, restMb: rest.rssMb, heapBytes, restart, restartCpu: seen.controllerCpu };
}

/** Compares the costs of one instance at the first size and at another. */
function compare(first: Cost, other: Cost): void {
  const growth = (of: (cost: Cost) => number) => of(other) / other.instances / (of(first) / first.instances);
  const figures = [
    ['time', growth(({ done }) => done)],
    ['requests', growth((cost) => cost.requests)],
    ['CPU', growth(({ cpu }) => cpu)],
    ['CPU of a restart', growth(({ restartCpu }) => restartCpu)],
  ] as const;
  for (const [what, value] of figures) {
    const named = `${what} per instance, ${first.instances} → ${other.instances}`;
    row(named, `× ${times(value)}`, '≤ × 1.10', value <= 1.1);
  }
  const bytes = ((other.restMb - first.restMb) * MIB) / (other.instances - first.instances);
  row(`memory at rest for each further instance × ${CHILDREN}`, `${bytes.toFixed(0)} bytes`);
}

/**
 * The speed of a machine changes in the minutes between two sizes. Each larger size is therefore compared with the mean
 * of two measurements of the first size: one before it, and one after it.
 */
async function grow(): Promise<void> {
  let before: Cost | undefined;
  for (const instances of sizes) {
    const cost = await costOfSize(instances, instances === sizes.at(-1));
    if (before === undefined) {
      before = cost;
      continue;
    }
    const after = await costOfSize(before.instances, false);
    compare(mean(before, after), cost);
    before = after;
  }
}

/**
 * Measures the cost of instances with five children on an empty cluster. With `isListed`, also measures lists of all
 * children.
 */
async function costOfSize(instances: number, isListed: boolean): Promise<Cost> {
  await using cluster = await LoadedCluster.start();
  const cost = await costOf(cluster, 'Load', CHILDREN, instances);
  if (isListed) await lists(cluster);
  return cost;
}

/** The mean of two measurements of one size. */
function mean(one: Cost, other: Cost): Cost {
  const of = (figure: (cost: Cost) => number) => (figure(one) + figure(other)) / 2;
  return {
    instances: one.instances,
    done: of(({ done }) => done),
    requests: of(({ requests }) => requests),
    cpu: of(({ cpu }) => cpu),
    restMb: of(({ restMb }) => restMb),
    heapBytes: of(({ heapBytes }) => heapBytes),
    restart: of(({ restart }) => restart),
    restartCpu: of(({ restartCpu }) => restartCpu),
  };
}

/**
 * Lists all ConfigMaps of a cluster: as a whole, in pages, and as a stream. Then lists the half that a shard selector
 * selects.
 */
async function lists({ server, client }: LoadedCluster): Promise<void> {
  const measure = async (what: string, read: () => Promise<number>) => {
    const before = await server.figures();
    const began = performance.now();
    const count = await read();
    const took = (performance.now() - began) / 1000;
    const cpu = ((await server.figures())?.cpuSeconds ?? 0) - (before?.cpuSeconds ?? 0);
    row(`${count} ConfigMaps ${what}`, `${seconds(took)}; ${seconds(cpu)} CPU of the cluster`);
  };
  const type = { apiVersion: 'v1', kind: 'ConfigMap' };
  await measure('in one list', async () => (await client.list(type, { namespace: 'default', limit: 0 })).items.length);
  await measure('in pages of 500', async () => (await client.list(type, { namespace: 'default' })).items.length);
  await measure('as a streamed list', async () => {
    let count = 0;
    for await (const event of client.watch(type, { namespace: 'default' })) {
      if (event.type === 'SYNCED') break;
      if ('object' in event) count += 1;
    }
    return count;
  });
  const half = "shardRange(object.metadata.uid, '0x0000000000000000', '0x8000000000000000')";
  await measure('in one list of a shard selector', async () => {
    const { text } = await client.raw({ path: `${MAPS}?shardSelector=${encodeURIComponent(half)}` });
    return (JSON.parse(text) as { readonly items: readonly unknown[] }).items.length;
  });
}

/**
 * Measures the memory of an idle child: compares a controller for instances of five children with one for instances of
 * fifteen, each after a restart.
 */
async function child(): Promise<void> {
  const instances = 2000;
  const more = 3 * CHILDREN;
  const costs: Cost[] = [];
  for (const children of [CHILDREN, more]) {
    await using cluster = await LoadedCluster.start();
    costs.push(await costOf(cluster, 'Load', children, instances));
  }
  const [few, many] = costs;
  if (few === undefined || many === undefined) return;
  const added = instances * (more - CHILDREN);
  const heap = (many.heapBytes - few.heapBytes) / added;
  const resident = ((many.restMb - few.restMb) * MIB) / added;
  row('live heap of an idle child', `${heap.toFixed(0)} bytes`, '≤ 600 bytes', heap <= 600);
  row('… resident memory', `${resident.toFixed(0)} bytes`);
}

/** Divides 16 shards among 1, 2 and 4 processes, and compares the busiest process with a process that works alone. */
async function shards(): Promise<void> {
  const kinds = Array.from({ length: 16 }, (_, index) => `Part${index}`);
  let alone = { requests: 0, cpu: 0 };
  for (const processes of [1, 2, 4]) {
    await using cluster = await LoadedCluster.start();
    const start = () => ControllerProcess.start(cluster.server, ['--shards=16']);
    const controllers = await Promise.all(Array.from({ length: processes }, start));
    await cluster.define(kinds.map((kind) => independent(`${kind.toLowerCase()}s`, kind, CHILDREN)));
    await Promise.all(controllers.map((each) => each.settled(500)));
    const figures = () =>
      Promise.all(
        controllers.map(async (each) => ({
          requests: await each.ownRequests(),
          cpu: (await each.figures()).controllerCpu,
        })),
      );
    const before = await figures();
    const began = performance.now();
    await cluster.create(kinds, 100);
    const done = (performance.now() - began) / 1000;
    await Promise.all(controllers.map((each) => each.settled()));
    const after = (await figures()).map(({ requests, cpu }, index) => ({
      requests: requests - (before[index]?.requests ?? 0),
      cpu: cpu - (before[index]?.cpu ?? 0),
    }));
    const busiest = after.reduce((most, each) => (each.cpu > most.cpu ? each : most));
    if (processes === 1) alone = busiest;
    const parts = after.map(({ requests, cpu }) => `${requests} in ${seconds(cpu)}`).join(', ');
    const named = processes === 1 ? '1 process' : `${processes} processes`;
    row(`1600 instances in 16 shards of ${named}: all ACTIVE`, seconds(done));
    row('… requests in CPU of each process', parts);
    const share = `${times(busiest.requests / alone.requests)} of the requests, ${times(busiest.cpu / alone.cpu)} of the CPU`;
    row('… the busiest process, compared with one alone', share);
    await Promise.all(controllers.map((each) => each.stop()));
  }
}

/** Measures 500 definitions with 20 instances each. */
async function definitions(): Promise<void> {
  const indexes = Array.from({ length: 500 }, (_, index) => index);
  await using cluster = await LoadedCluster.start();
  const controller = await ControllerProcess.start(cluster.server);
  const before = await controller.settled();
  const began = performance.now();
  await cluster.define(indexes.map((index) => numbered(index, false)));
  const defined = (performance.now() - began) / 1000;
  for (const index of indexes) await cluster.create([`N${index}`], 20);
  const done = (performance.now() - began) / 1000;
  const after = await controller.settled();
  const { rssMb } = await atRest(controller);
  const requests = totalRequests(after.requests) - totalRequests(before.requests);
  row('500 definitions: all Active', seconds(defined));
  row('… 20 instances × 2 of each: all ACTIVE', `${seconds(done)}; ${requests} requests`);
  const cpu = after.controllerCpu - before.controllerCpu;
  row('… CPU; memory: peak, at rest', `${seconds(cpu)}; ${after.peakMb.toFixed(0)}, ${rssMb.toFixed(1)} MB`);
  await controller.stop();
}

const ROWS: Readonly<Record<string, () => Promise<void>>> = { grow, child, shards, definitions };

try {
  console.log('| load | measured | goal | |\n|---|---|---|---|');
  for (const name of options.rows.split(',')) {
    const run = Object.hasOwn(ROWS, name) ? ROWS[name] : undefined;
    if (run === undefined) throw new Error(`--rows ${name}: the rows are ${Object.keys(ROWS).join(', ')}`);
    await run();
  }
} finally {
  cleanUp();
}
