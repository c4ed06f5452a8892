/**
 * The embedded API server under load over HTTPS, server and load in processes of their own. Run:
 * `npm run bench -- cluster [--seconds N]`. Prints start time, memory, requests per second and latencies.
 */
import { fork } from 'node:child_process';
import { Agent, request } from 'node:https';
import { fileURLToPath } from 'node:url';

const seconds = Number(process.argv[process.argv.indexOf('--seconds') + 1]) || 3;
const CONNECTIONS = 8;

interface Ready {
  readonly url: string;
  readonly ca: string;
  readonly ms: number;
  readonly sinceProcessStart: number;
  readonly before: number;
}

const child = fork(fileURLToPath(new URL('support/cluster-server.ts', import.meta.url)), [], {
  execArgv: [...process.execArgv, '--expose-gc'],
  stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
});
const ready = await new Promise<Ready>((resolve) => {
  child.stdout?.once('data', (line: Buffer) => resolve(JSON.parse(line.toString()) as Ready));
});
const memory = () =>
  new Promise<number>((resolve) => {
    child.once('message', (message) => resolve((message as { rss: number }).rss));
    child.send('memory');
  });

const base = new URL(ready.url);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, ca: ready.ca });

function send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<number> {
  return new Promise((resolve, reject) => {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      authorization: 'Bearer bench',
      ...(payload === undefined ? {} : { 'content-type': type, 'content-length': payload.length }),
    };
    const call = request({ host: base.hostname, port: base.port, path, method, headers, agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    call.on('error', reject);
    call.end(payload);
  });
}

/** Keeps every connection busy for a while; answers the rate and the 99th percentile in milliseconds. */
async function load(name: string, once: (index: number) => Promise<number>): Promise<void> {
  const times: number[] = [];
  let index = 0;
  const end = performance.now() + seconds * 1000;
  const started = performance.now();
  const worker = async () => {
    while (performance.now() < end) {
      const from = performance.now();
      const status = await once(index++);
      if (status >= 400) throw new Error(`${name}: ${status}`);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const rate = times.length / ((performance.now() - started) / 1000);
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)] ?? 0;
  console.log(`| ${name} | ${Math.round(rate)}/s | ${p99.toFixed(1)} ms |`);
}

/** About 4 KB of a Deployment. */
const deployment = (name: string, turn: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, annotations: { note: 'x'.repeat(1200), turn: String(turn) } },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: ['a', 'b', 'c'].map((container) => ({
          name: container,
          image: 'nginx:1.27',
          env: Array.from({ length: 6 }, (_, index) => ({ name: `V${index}`, value: 'value' })),
          ports: [{ containerPort: 80 }],
        })),
      },
    },
  },
});

const path = '/apis/apps/v1/namespaces/default/deployments';
const APPLY = 'application/apply-patch+yaml';
console.log(
  `ready ${ready.ms.toFixed(0)} ms after the imports, ${ready.sinceProcessStart.toFixed(0)} ms after process start`,
);
console.log(`memory ${Math.round((await memory()) / 2 ** 20)} MiB after start\n`);
console.log('| what | rate | p99 |\n|---|---|---|');
for (let index = 0; index < 200; index++) await send('POST', path, deployment(`d${index}`, 0));
await load('GET', (index) => send('GET', `${path}/d${index % 200}`));
await load('PUT', (index) => send('PUT', `${path}/d${index % 200}`, deployment(`d${index % 200}`, index)));
await load('apply, changing', (index) =>
  send('PATCH', `${path}/d${index % 200}?fieldManager=bench&force=true`, deployment(`d${index % 200}`, index), APPLY),
);
await load('apply, same', (index) =>
  send('PATCH', `${path}/d${index % 8}?fieldManager=same&force=true`, deployment(`d${index % 8}`, -1), APPLY),
);
await load('list of 200', () => send('GET', path));
console.log(`\nmemory ${Math.round((await memory()) / 2 ** 20)} MiB at the end`);
agent.destroy();
child.kill();
