/**
 * Measures how long one namespace can stop a cluster for all others, and how much memory it can fill, with objects of
 * the kinds that simulated controllers read, at the limits of the API. Run: `npm run bench -- turns [--rows TEXT]`.
 * Prints the longest turn of the event loop and the memory of each step. A turn is the smaller one of its processor time
 * and its duration. Each case has its own process.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createEmbeddedCluster } from '@typekro/cluster';
import { readOptions } from './support/options.ts';

type Step = readonly [name: string, method: string, path: string, body?: (index: number) => object, times?: number];

const options = readOptions({ rows: '', process: '' });
const NAMESPACE = '/api/v1/namespaces/many';
const PODS = `${NAMESPACE}/pods`;
const END: Step = ['delete namespace', 'DELETE', NAMESPACE];
const SELECTOR = { matchLabels: { app: 'many' } };
const placeOf = (version: string, plural: string) =>
  `${version === 'v1' ? '/api/v1' : `/apis/${version}`}/namespaces/many/${plural}`;

/** A pod with variables, each of which has about 105 bytes. */
const podOf = (variables: number, text = 'x', restartPolicy = 'Always') => {
  const env = Array.from({ length: variables }, (_, at) => ({ name: `VARIABLE_${at}`, value: text.repeat(60) }));
  return { restartPolicy, containers: [{ name: 'main', image: 'nginx', env }] };
};
const named = (name: string, spec: object) => ({ metadata: { name, labels: SELECTOR.matchLabels }, ...spec });

/** The life of a workload with a pod template. */
function life(version: string, kind: string, variables: number, more: object, scaled?: number): readonly Step[] {
  const path = placeOf(version, `${kind}s`);
  const of = (text: string) => () => {
    const spec = podOf(variables, text, kind === 'job' ? 'Never' : 'Always');
    return named('many', { spec: { ...more, template: { metadata: { labels: SELECTOR.matchLabels }, spec } } });
  };
  const scale: Step = ['scale', 'PATCH', `${path}/many/scale`, () => ({ spec: { replicas: scaled } })];
  return [
    ['create', 'POST', path, of('x')],
    ['list pods', 'GET', PODS],
    ...(kind === 'job' ? [] : [['update', 'PUT', `${path}/many`, of('y')] satisfies Step]),
    ...(scaled === undefined ? [] : [scale]),
    ['delete', 'DELETE', `${path}/many`],
    END,
  ];
}

/** Many objects of one kind next to pods, which are deleted as a collection. */
function beside(version: string, plural: string, amount: number, body: object, pods = 0, variables = 0): Step[] {
  const path = placeOf(version, plural);
  return [
    ['create', 'POST', path, (index) => named(`o-${index}`, body), amount],
    ['create pods', 'POST', PODS, (index) => named(`p-${index}`, { spec: podOf(variables) }), pods],
    ['deletecollection of pods', 'DELETE', PODS],
    ['deletecollection', 'DELETE', path],
    END,
  ];
}

const replicas = (count: number) => ({ replicas: count, selector: SELECTOR });
const parallel = { ...replicas(200), serviceName: 'many', podManagementPolicy: 'Parallel' };
const ADDRESSES = Array.from({ length: 250 }, (_, last) => ({ ip: `10.1.1.${last}` }));
const RULES = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const BUDGET = { selector: SELECTOR, minAvailable: 1 };
const SCALED = { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', apiVersion: 'apps/v1', name: 'many' } };
const CASES: Readonly<Record<string, readonly Step[]>> = {
  'Deployment, 500 × 641 KB': life('apps/v1', 'deployment', 6000, replicas(500), 10),
  'Deployment, 100 × 900 KB': life('apps/v1', 'deployment', 8500, replicas(100), 200),
  'Deployment, 500 × 106 KB': life('apps/v1', 'deployment', 1000, replicas(500), 1000),
  'Deployment, 3000 × 1 KB': life('apps/v1', 'deployment', 2, replicas(3000), 100),
  'ReplicaSet, 500 × 106 KB': life('apps/v1', 'replicaset', 1000, replicas(500), 1000),
  'StatefulSet, 200 × 641 KB': life('apps/v1', 'statefulset', 6000, parallel, 10),
  'DaemonSet, 641 KB': life('apps/v1', 'daemonset', 6000, { selector: SELECTOR }),
  'Job, 200 × 641 KB': life('batch/v1', 'job', 6000, { parallelism: 200, completions: 200 }),
  'Job, 10000': life('batch/v1', 'job', 0, { parallelism: 10_000, completions: 10_000 }),
  '1500 pods': beside('v1', 'configmaps', 1, {}, 1500),
  '200 pods of 641 KB': beside('v1', 'configmaps', 1, {}, 200, 6000),
  '200 ConfigMaps of 1 MB': beside('v1', 'configmaps', 200, { data: { text: 'x'.repeat(1e6) } }),
  '3000 Secrets': beside('v1', 'secrets', 3000, {}),
  '3000 ServiceAccounts': beside('v1', 'serviceaccounts', 3000, {}),
  '2000 claims': beside('v1', 'persistentvolumeclaims', 2000, { spec: CLAIM }),
  '200 Services': beside('v1', 'services', 200, { spec: { selector: { app: 'many' }, ports: [{ port: 80 }] } }, 1000),
  '200 budgets': beside('policy/v1', 'poddisruptionbudgets', 200, { spec: BUDGET }, 1000),
  '300 quotas': beside('v1', 'resourcequotas', 300, { spec: { hard: { pods: '100000' } } }, 300),
  '500 Endpoints': beside('v1', 'endpoints', 500, { subsets: [{ addresses: ADDRESSES, ports: [{ port: 80 }] }] }),
  '3000 Roles': beside('rbac.authorization.k8s.io/v1', 'roles', 3000, { rules: RULES }),
  '300 autoscalers': beside('autoscaling/v2', 'horizontalpodautoscalers', 300, { spec: SCALED }, 300),
};

/** Runs the steps of a case in this process, and prints a row for each step. */
async function run(name: string): Promise<void> {
  const cluster = await createEmbeddedCluster({ podStopSeconds: 0 });
  await cluster.listen();
  const transport = cluster.transport();
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  const request = async ([, method, path, body]: Step, index = 0): Promise<string> => {
    await turn();
    const headers = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
    const sent = body === undefined ? {} : { body: JSON.stringify(body(index)) };
    const answer = await transport.request({ method, path, headers, ...sent });
    let text = '';
    for await (const part of answer.body) text ||= Buffer.from(part).toString();
    if (answer.status >= 400) throw new Error(`${name}, ${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return text;
  };
  const version = async () =>
    /"resourceVersion":"(\d+)"/.exec(await request(['', 'GET', '/api/v1/nodes?limit=1']))?.[1];
  const settle = async () => {
    for (let [last, quiet] = [await version(), 0]; quiet < 4;) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await cluster.idle();
      const now = await version();
      quiet = now === last ? quiet + 1 : 0;
      last = now;
    }
  };
  await request(['', 'POST', '/api/v1/namespaces', () => ({ metadata: { name: 'many' } })]);
  await settle();
  let [longest, began, used] = [0, performance.now(), process.cpuUsage()];
  const measure = () => {
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, Math.min(performance.now() - began, (user + system) / 1000));
    [began, used] = [performance.now(), process.cpuUsage()];
    setImmediate(measure).unref();
  };
  measure();
  for (const step of CASES[name] ?? []) {
    await turn();
    longest = 0;
    const started = performance.now();
    for (let index = 0; index < (step[4] ?? 1); index += 1) await request(step, index);
    await settle();
    const [turnMs, seconds] = [Math.round(longest), (performance.now() - started) / 1000 - 2];
    globalThis.gc?.();
    await turn();
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    const [heap, resident] = [heapUsed + external, rss].map((bytes) => `${Math.round(bytes / 2 ** 20)} MiB`);
    console.log(`| ${name} | ${step[0]} | ${turnMs} ms | ${seconds.toFixed(1)} s | ${heap} | ${resident} |`);
  }
  process.exit();
}

if (options.process !== '') await run(options.process);
else {
  console.log('| case | step | longest turn | until quiet | heap and buffers | resident |\n|---|---|---|---|---|---|');
  for (const name of Object.keys(CASES).filter((each) => each.includes(options.rows))) {
    const child = fork(fileURLToPath(import.meta.url), ['--process', name], { execArgv: process.execArgv });
    await new Promise((resolve) => child.once('exit', resolve));
  }
}
