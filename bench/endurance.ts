/**
 * Measures the growth of the embedded API server under a mixed load: reads, lists, changes, creations and deletions on
 * 5,000 objects, with watches that come and go. The load causes many times more events than a server keeps. The server
 * therefore compacts old events all the time. The benchmark `controller-endurance` measures the controller. Run: `npm
 * run bench -- endurance [--minutes N]`; one minute by default. `docs/evidence.md` has the figures.
 */
import { readOptions } from './support/options.ts';
import { startServer } from './support/server-process.ts';
import { growthOfThirds } from './support/trend.ts';
import { Connection, type Endpoint, requestBytes, watch } from './support/wire.ts';

const { minutes } = readOptions({ minutes: 1 });
const MAPS = '/api/v1/namespaces/default/configmaps';
const OBJECTS = 5000;
const CONNECTIONS = 6;
const WATCHERS = 10;
const WATCH_LIFE_MS = 1000;
const SAMPLES = 30;
const MIB = 2 ** 20;

const configMap = (name: string, turn: number) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels: { part: String(turn % 10) } },
    data: { text: 'x'.repeat(800), turn: String(turn) },
  });

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/**
 * The requests of one turn: one object is read and changed, or deleted and created again. Every 50th turn also lists
 * 100 objects, and every 500th turn lists all objects.
 */
function requestsOf(turn: number): readonly string[] {
  const name = `m${(turn * 7919) % OBJECTS}`;
  const path = `${MAPS}/${name}`;
  const apply = requestBytes(
    'PATCH',
    `${path}?fieldManager=bench&force=true`,
    configMap(name, turn),
    'application/apply-patch+yaml',
  );
  const change = turn % 3 === 0 ? apply : requestBytes('PUT', path, configMap(name, turn));
  const remade = [requestBytes('DELETE', path), requestBytes('POST', MAPS, configMap(name, turn))];
  return [
    requestBytes('GET', path),
    ...(turn % 5 === 0 ? remade : [change]),
    ...(turn % 50 === 0 ? [requestBytes('GET', `${MAPS}?limit=100`)] : []),
    ...(turn % 500 === 0 ? [requestBytes('GET', MAPS)] : []),
  ];
}

let turns = 0;
let requests = 0;
let events = 0;
let watches = 0;

async function work(server: Endpoint, end: number): Promise<void> {
  const connection = await Connection.to(server);
  while (performance.now() < end) {
    for (const request of requestsOf(turns++)) {
      const status = await connection.send(request);
      // Another connection may have changed the object at the same time, or deleted it.
      if (status >= 400 && status !== 404 && status !== 409) throw new Error(`${request.slice(0, 60)}: ${status}`);
      requests++;
    }
  }
  connection.close();
}

/**
 * Opens watches one after another, each for a short time. The first watcher watches all objects. Each other watcher
 * watches a tenth of the objects.
 */
async function churn(server: Endpoint, watcher: number, end: number): Promise<void> {
  const selector = watcher === 0 ? '' : `&labelSelector=part%3D${watcher}`;
  while (performance.now() < end) {
    const close = await watch(server, `${MAPS}?watch=true${selector}`, () => events++);
    watches++;
    await sleep(WATCH_LIFE_MS);
    close();
  }
}

const server = await startServer([], ['--expose-gc']);
const first = await Connection.to(server);
for (let index = 0; index < OBJECTS; index++)
  await first.send(requestBytes('POST', MAPS, configMap(`m${index}`, index)));
first.close();

const duration = minutes * 60_000;
const end = performance.now() + duration;
const load = Promise.all([
  ...Array.from({ length: CONNECTIONS }, () => work(server, end)),
  ...Array.from({ length: WATCHERS }, (_, watcher) => churn(server, watcher, end)),
]);
const heaps: number[] = [];
const sizes: number[] = [];
for (let sample = 0; sample < SAMPLES; sample++) {
  await Promise.race([load, sleep(duration / SAMPLES)]);
  const { heap, rss } = await server.usage();
  heaps.push(heap);
  sizes.push(rss);
}
await load;
await server.stop();

/**
 * The growth from the second third of the samples to the last third. The first third is left out, because the lists of
 * kept events fill during this third.
 */
const growth = (values: readonly number[]) => {
  const { from, to, growth: fraction } = growthOfThirds(values);
  return `${(fraction * 100).toFixed(1)} %, from ${Math.round(from / MIB)} to ${Math.round(to / MIB)} MiB`;
};

console.log('| what | to reach | measured |\n|---|---|---|');
const what = `${minutes} min of mixed load on ${OBJECTS} objects: growth of the`;
console.log(`| ${what} heap | ≤ 5 % | ${growth(heaps)} |`);
console.log(`| ${what} resident memory | ≤ 5 % | ${growth(sizes)} |`);
console.log(`| requests, watches and events of this load | | ${requests}, ${watches} and ${events} |`);
