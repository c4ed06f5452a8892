/**
 * Measures the embedded API server under load over HTTPS. Server and load run in separate processes. Run:
 * `npm run bench -- cluster [--seconds N] [--rows TEXT] [--http] [--controllers] [--profile DIR]`. Prints one row per
 * figure, with its goal. `--rows` selects the rows whose name contains the text.
 */
import { createEmbeddedCluster } from '../dist/cluster/index.js';
import { envtestStartMs, ownAssets, suiteSeconds } from './support/envtest-start.ts';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';
import { type Server, type Times, startServer as startWith } from './support/server-process.ts';
import { type Endpoint, Connection, requestBytes, watch } from './support/wire.ts';

const options = readOptions({ seconds: 3, rows: '', http: false, controllers: false, profile: '' });
const { seconds, rows: wanted } = options;
const CONNECTIONS = 8;
const OBJECTS = 200;
const MIB = 2 ** 20;

function print(name: string, goal: string, value: string) {
  console.log(`| ${name} | ${goal} | ${value} |`);
}

const startServer = (...flags: string[]): Promise<Server> => {
  const shared = [...(options.http ? ['--http'] : []), ...(options.controllers ? ['--controllers'] : [])];
  const { profile } = options;
  return startWith([...flags, ...shared], profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]);
};

const percentile = (times: number[], part: number) =>
  times.sort((a, b) => a - b)[Math.floor(times.length * part)] ?? Number.NaN;

type Send = (bytes: string) => Promise<number>;

/**
 * Keeps every sender busy for one second, which is not measured, and then for `seconds`. Returns the requests per
 * second, the 99th percentile of their durations in milliseconds, and the number of all requests.
 */
async function load(
  senders: readonly Send[],
  request: (index: number) => string,
): Promise<{ rate: number; p99: number; count: number }> {
  const times: number[] = [];
  let index = 0;
  const began = performance.now();
  const warm = began + 1000;
  const end = warm + seconds * 1000;
  const work = async (send: Send) => {
    for (let from = performance.now(); from < end;) {
      const bytes = request(index++);
      const status = await send(bytes);
      if (status >= 400) throw new Error(`${bytes.slice(0, 60)}: ${status}`);
      const now = performance.now();
      if (from >= warm) times.push(now - from);
      from = now;
    }
  };
  await Promise.all(senders.map(work));
  return { rate: times.length / seconds, p99: percentile(times, 0.99), count: index };
}

/** A Deployment whose response has about 4 KB. */
const deployment = (index: number, turn: number) =>
  JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `d${index}`, annotations: { note: 'x'.repeat(800), turn: String(turn) } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: `d${index}` } },
      template: {
        metadata: { labels: { app: `d${index}` } },
        spec: {
          containers: ['a', 'b', 'c'].map((name) => ({
            name,
            image: 'nginx:1.27',
            env: ['V0', 'V1', 'V2', 'V3'].map((variable) => ({ name: variable, value: 'value' })),
            ports: [{ containerPort: 80 }],
          })),
        },
      },
    },
  });

const configMap = (name: string, turn: number) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data: { text: 'x'.repeat(1000), turn: String(turn) },
  });

const PATH = '/apis/apps/v1/namespaces/default/deployments';
const MAPS = '/api/v1/namespaces/default/configmaps';
const APPLY = 'application/apply-patch+yaml';
const applied = (index: number, turn: number, manager: string) =>
  requestBytes('PATCH', `${PATH}/d${index}?fieldManager=${manager}&force=true`, deployment(index, turn), APPLY);

interface Load {
  readonly name: string;
  readonly goal: number;
  readonly p99?: number;
  readonly request: (index: number) => string;
}

const LOADS: readonly Load[] = [
  { name: 'GET of 4 KB', goal: 8000, p99: 5, request: (index) => requestBytes('GET', `${PATH}/d${index % OBJECTS}`) },
  {
    name: 'PUT',
    goal: 2500,
    request: (index) => requestBytes('PUT', `${PATH}/d${index % OBJECTS}`, deployment(index % OBJECTS, index)),
  },
  { name: 'server-side apply, changing', goal: 2500, request: (index) => applied(index % OBJECTS, index, 'bench') },
  { name: 'server-side apply, nothing new', goal: 4000, request: (index) => applied(index % CONNECTIONS, -1, 'same') },
  { name: 'list of 200', goal: 200, request: () => requestBytes('GET', PATH) },
];

/** client-go accepts gzip by default. The server compresses the 800 KB of the list outside its event loop. */
const COMPRESSED: Load = {
  name: 'list of 200, compressed',
  goal: 200,
  request: () => requestBytes('GET', PATH, undefined, '', 'gzip'),
};

async function prepare(send: Send): Promise<void> {
  for (let index = 0; index < OBJECTS; index++) {
    const status = await send(requestBytes('POST', PATH, deployment(index, 0)));
    if (status !== 201) throw new Error(`create: ${status}`);
  }
}

async function throughput(server: Server): Promise<void> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.to(server)));
  const [first] = connections;
  if (first === undefined) return;
  await prepare((bytes) => first.send(bytes));
  const senders = connections.map(
    (connection): Send =>
      (bytes) =>
        connection.send(bytes),
  );
  for (const { name, goal, p99: limit, request } of [...LOADS, COMPRESSED]) {
    if (!name.includes(wanted)) continue;
    const before = (await server.usage()).cpu;
    const { rate, p99, count } = await load(senders, request);
    const each = ((await server.usage()).cpu - before) / count;
    const goals = `≥ ${goal}/s${limit === undefined ? '' : `, p99 ≤ ${limit} ms`}`;
    // Processor time shows the server's own cost even when other processes use the cores.
    print(
      name,
      goals,
      `${Math.round(rate)}/s, p99 ${p99.toFixed(1)} ms, ${Math.round(each)} µs of the server's processor`,
    );
  }
  for (const connection of connections) connection.close();
}

/** Writes one object repeatedly while `watchers` watch it. `pause` delays the next write. */
async function fanOut(
  server: Endpoint,
  watchers: number,
  pause: (sent: number, seen: number) => Promise<void>,
): Promise<{ rate: number; p99: number }> {
  const writer = await Connection.to(server);
  const name = `fan-${watchers}-${Date.now()}`;
  await writer.send(requestBytes('POST', MAPS, configMap(name, 0)));
  const sentAt: number[] = [];
  const times: number[] = [];
  const seen = new Uint32Array(watchers);
  let total = 0;
  const path = `${MAPS}?watch=true&fieldSelector=metadata.name%3D${name}`;
  const closers: (() => void)[] = [];
  for (let index = 0; index < watchers; index++) {
    let initial = true;
    closers.push(
      await watch(server, path, () => {
        if (initial) {
          initial = false;
          return;
        }
        total++;
        times.push(performance.now() - (sentAt[seen[index]!++] ?? 0));
      }),
    );
  }
  const began = performance.now();
  for (let turn = 1; performance.now() - began < seconds * 1000; turn++) {
    sentAt.push(performance.now());
    const status = await writer.send(requestBytes('PUT', `${MAPS}/${name}`, configMap(name, turn)));
    if (status !== 200) throw new Error(`write: ${status}`);
    await pause(turn, Math.floor(total / watchers));
  }
  const rate = total / ((performance.now() - began) / 1000);
  while (total < sentAt.length * watchers) await new Promise((resolve) => setTimeout(resolve, 10));
  for (const close of closers) close();
  writer.close();
  return { rate, p99: percentile(times, 0.99) };
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

async function watches(server: Endpoint): Promise<void> {
  for (const watchers of [100, 500]) {
    const name = `watch fan-out to ${watchers}, 1 KB`;
    if (!name.includes(wanted)) continue;
    // The writer pauses when it is more than 8 writes ahead of the watchers, so that queues stay short.
    const { rate } = await fanOut(server, watchers, (sent, seen) => (sent - seen > 8 ? sleep(1) : Promise.resolve()));
    print(name, '≥ 30000 events/s', `${Math.round(rate)} events/s`);
  }
  if (!'40 events/s to 500 watches'.includes(wanted)) return;
  const { p99 } = await fanOut(server, 500, () => sleep(25));
  print('40 events/s to 500 watches', 'p99 ≤ 50 ms', `p99 ${p99.toFixed(1)} ms`);
}

async function manyObjects(server: Server): Promise<void> {
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.to(server)));
  let index = 0;
  const began = performance.now();
  const work = async (connection: Connection) => {
    while (index < 100_000) {
      const status = await connection.send(requestBytes('POST', MAPS, configMap(`m${(index++ * 7919) % 100_000}`, 0)));
      if (status !== 201) throw new Error(`create: ${status}`);
    }
  };
  await Promise.all(connections.map(work));
  const took = (performance.now() - began) / 1000;
  const { peak } = await server.usage();
  for (const connection of connections) connection.close();
  print(
    '100,000 ConfigMaps of 1 KB',
    '≤ 700 MiB',
    `${Math.round(peak / MIB)} MiB at most, created in ${took.toFixed(1)} s`,
  );
}

/** Measures the requests of `LOADS` in this process, through `cluster.transport()`, one at a time. */
async function inProcess(): Promise<void> {
  const cluster = await createEmbeddedCluster({ controllers: options.controllers });
  const transport = cluster.transport();
  const send: Send = async (bytes) => {
    const [head = '', body = ''] = bytes.split('\r\n\r\n', 2);
    const [method = '', path = ''] = head.split(' ', 2);
    const type = /content-type: (\S+)/.exec(head)?.[1];
    const headers = type === undefined ? {} : { 'content-type': type };
    const answer = await transport.request({ method, path, headers, ...(body === '' ? {} : { body }) });
    for await (const chunk of answer.body) void chunk;
    return answer.status;
  };
  await prepare(send);
  for (const { name, goal, request } of LOADS) {
    if (!`in process: ${name}`.includes(wanted)) continue;
    const { rate, p99 } = await load([send], request);
    print(`in process: ${name}`, `≥ ${goal}/s`, `${Math.round(rate)}/s, p99 ${p99.toFixed(1)} ms`);
  }
  await cluster.close();
}

/** Milliseconds from the fork of the process to the complete response to its first request, over a new connection. */
async function firstAnswer(server: Server): Promise<number> {
  const connection = await Connection.to(server);
  const status = await connection.send(requestBytes('GET', '/api/v1/namespaces/default'));
  const took = performance.now() - server.forkedAt;
  connection.close();
  if (status !== 200) throw new Error(`first request: ${status}`);
  return took;
}

interface Start extends Times {
  readonly answered: number;
  readonly rss: number;
}

const STARTS = 15;

async function start(): Promise<void> {
  const bare: Start[] = [];
  const servers: Start[] = [];
  const began = async (server: Server, answered: number): Promise<Start> => {
    const { rss } = await server.usage();
    await server.stop();
    return { ...server, answered, rss };
  };
  // Processes with and without the server start in turn, so that both kinds run under the same load. The first run of
  // each kind reads cold files.
  for (let run = 0; run <= STARTS; run++) {
    const empty = await startServer('--bare');
    const bareMs = performance.now() - empty.forkedAt;
    const server = await startServer();
    const starts = [await began(empty, bareMs), await began(server, await firstAnswer(server))] as const;
    if (run === 0) continue;
    bare.push(starts[0]);
    servers.push(starts[1]);
  }
  const middle = (starts: readonly Start[], key: keyof Start) => median(starts.map((each) => each[key]));
  const printDifference = (key: keyof Start, base: keyof Start, goal: string, name: string) => {
    const [node, all] = [middle(bare, base), middle(servers, key)];
    print(name, goal, `${(all - node).toFixed(1)} ms, and ${node.toFixed(1)} ms of Node alone`);
  };
  const ready = `≤ ${options.http ? 30 : 40} ms`;
  print('createEmbeddedCluster() and listen()', '≤ 10 ms', `${middle(servers, 'made').toFixed(1)} ms`);
  printDifference('ready', 'first', ready, 'process start to ready');
  printDifference('answered', 'answered', '', 'fork of the process to first response');
  const memory = middle(servers, 'rss') - middle(bare, 'rss');
  print('memory above bare Node', '≤ 40 MiB', `${Math.round(memory / MIB)} MiB`);
}

console.log('| what | to reach | measured |\n|---|---|---|');
if ('start memory'.includes(wanted)) await start();
if ('start of envtest'.includes(wanted)) {
  const took = envtestStartMs(STARTS);
  // envtest checks the health of etcd, then of kube-apiserver: once before it starts the program, then every 100 ms. So
  // the figure includes at least two pauses of 100 ms. A program that is not healthy after its first pause adds another
  // pause.
  const measured = took === undefined ? 'not built: npm run clients -- go' : `${took.toFixed(0)} ms`;
  print("start of envtest: controller-runtime's Start()", '≤ 250 ms', measured);
}
const SUITE = 'pkg/client';
if (`suite ${SUITE} of controller-runtime`.includes(wanted)) {
  const own = suiteSeconds(SUITE, ownAssets());
  const real = process.env['KUBEBUILDER_ASSETS'];
  const compared = real === undefined ? undefined : suiteSeconds(SUITE, real);
  const measured = own === undefined ? `not built: TYPEKRO_SUITES=${SUITE} npm run clients` : `${own.toFixed(0)} s`;
  const other = compared === undefined ? '' : `, and ${compared.toFixed(0)} s with the programs of KUBEBUILDER_ASSETS`;
  print(`suite ${SUITE} of controller-runtime`, '≤ a third of a real server', `${measured}${other}`);
}
const server = await startServer();
await throughput(server);
await watches(server);
if ('100,000 ConfigMaps'.includes(wanted)) await manyObjects(server);
await server.stop();
await inProcess();
