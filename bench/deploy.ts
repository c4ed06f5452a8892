/**
 * Measures deploys. Three figures have goals. The first is the time from the readiness of the last child to the return
 * of `deploy`. The second is the memory that the first deploy adds to its process. The third is the number of requests
 * for 201 resources in direct mode. Cluster, controller and the deploying program are separate processes, and use
 * HTTPS. Memory is the median of fresh processes. Run: `npm run bench -- deploy`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { KubeClient, loadKubeConfig } from '../dist/kube/index.js';
import { message } from './support/child-messages.ts';
import { cleanUp, ControllerProcess, Server } from './support/controller-run.ts';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';

readOptions({});

/** The number of fresh processes for each figure of a first deploy. */
const RUNS = 5;
/** The number of measured deploys of one process, for the latency. */
const ROUNDS = 20;
/**
 * Goals: milliseconds from the last child's readiness to the end, requests for 201 resources in direct mode, mebibytes
 * that a deploy adds.
 */
const GOAL = { latency: 100, requests: 220, memory: 35 };

type Mode = 'direct' | 'kro';

/** The memory that a program reports of its own process, in mebibytes. */
interface Memory {
  readonly rss: number;
  readonly peak: number;
}

/** A finished deploy. `at`: its end, in milliseconds since 1970. `took` and `cpu`: milliseconds. */
interface Deployed extends Memory {
  readonly at: number;
  readonly took: number;
  readonly cpu: number;
}

const { server, client } = await start().catch((error: unknown) => {
  cleanUp();
  throw error;
});
let missed = 0;

async function start(): Promise<{ readonly server: Server; readonly client: KubeClient }> {
  const server = await Server.start('typekro');
  // A real cluster is refused: the figures count requests in the cluster's process, and `reportReady` would write the
  // status of every Deployment.
  if (!server.isEmbedded) throw new Error('this benchmark needs the embedded cluster: unset KUBECONFIG');
  return { server, client: new KubeClient({ config: await loadKubeConfig({ path: server.path }), userAgent: 'load' }) };
}

function row(what: string, measured: string, goal = '', met?: boolean): void {
  if (met === false) missed += 1;
  console.log(`| ${what} | ${measured} | ${goal} | ${met === undefined ? '' : met ? 'met' : '**missed**'} |`);
}

/** The time just before `reportReady` writes that a Deployment is ready, by name, in milliseconds since 1970. */
const readyAt = new Map<string, number>();

/**
 * Acts as the controller of Deployments: makes each Deployment without ready replicas ready. Notes the time before each
 * write.
 */
async function reportReady(signal: AbortSignal): Promise<void> {
  const type = { apiVersion: 'apps/v1', kind: 'Deployment' };
  for await (const event of client.watch(type, { namespace: 'default', signal })) {
    if (event.type !== 'ADDED' || event.object.status?.['readyReplicas'] !== undefined) continue;
    const { name = '', namespace = '', generation = 1 } = event.object.metadata;
    const ref = { ...type, name, namespace };
    const conditions = [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' }];
    const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
    readyAt.set(name, performance.timeOrigin + performance.now());
    const status = { observedGeneration: generation, ...counts, conditions };
    await client.patch(ref, { status }, { subresource: 'status' });
  }
}

interface Program {
  readonly process: ChildProcess;
  readonly before: Memory;
}

async function program(mode: Mode, count: number): Promise<Program> {
  const path = new URL('support/deploy-process.mjs', import.meta.url);
  const child = fork(path, [server.path, mode, String(count)], { execArgv: [] });
  return { process: child, before: await message<Memory>(child) };
}

async function deploy({ process }: Program, name: string): Promise<Deployed> {
  return message<Deployed>(process, name);
}

async function requestsOf(work: () => Promise<unknown>): Promise<{ total: number; byVerb: string }> {
  const before = await server.figures();
  await work();
  const after = await server.figures();
  const verbs = Object.entries(after?.requests ?? {})
    .map(([verb, value]) => [verb, value - (before?.requests[verb] ?? 0)] as const)
    .filter(([, value]) => value > 0);
  return {
    total: verbs.reduce((sum, [, value]) => sum + value, 0),
    byVerb: verbs.map(([verb, value]) => `${verb} ${value}`).join(', '),
  };
}

/** Measures the first deploy of fresh processes. */
async function first(mode: Mode, count: number): Promise<void> {
  const runs: { readonly before: Memory; readonly after: Deployed }[] = [];
  let cost = { total: 0, byVerb: '' };
  for (let run = 0; run < RUNS; run += 1) {
    const { process, before } = await program(mode, count);
    cost = await requestsOf(async () => {
      runs.push({ before, after: await deploy({ process, before }, `${mode}-${count}-${run}`) });
    });
    process.disconnect();
  }
  const what = `${mode}, ${count} resources`;
  const added = median(runs.map(({ before, after }) => after.rss - before.rss));
  const peak = median(runs.map(({ before, after }) => after.peak - before.rss));
  const whole = median(runs.map(({ after }) => after.peak));
  const requests = mode === 'direct' && count > 100 ? GOAL.requests : undefined;
  row(
    `${what}: requests of the last of ${RUNS} runs`,
    `${cost.total} (${cost.byVerb})`,
    requests === undefined ? '' : `≤ ${requests}`,
    requests === undefined ? undefined : cost.total <= requests,
  );
  const took = median(runs.map(({ after }) => after.took));
  const cpu = median(runs.map(({ after }) => after.cpu));
  row('… the first deploy takes', `${took.toFixed(0)} ms, ${cpu.toFixed(0)} ms of processor time`);
  row(
    '… memory that it adds, and at its peak',
    `${added.toFixed(1)} MiB, ${peak.toFixed(1)} MiB (whole process ${whole.toFixed(0)} MiB)`,
    `≤ ${GOAL.memory} MiB`,
    added <= GOAL.memory,
  );
}

/** Measures the time from just before the write that makes the last child ready until `deploy` returns. */
async function latency(mode: Mode): Promise<void> {
  const running = await program(mode, 5);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `${mode}-latency-${round}`;
    const { at } = await deploy(running, name);
    times.push(at - (readyAt.get(`${name}-web`) ?? Number.NaN));
  }
  running.process.disconnect();
  const longest = Math.max(...times);
  row(
    `${mode}, 5 resources: from the last child's readiness to the return of deploy, median and longest of ${ROUNDS}`,
    `${median(times).toFixed(0)} ms, ${longest.toFixed(0)} ms`,
    `≤ ${GOAL.latency} ms`,
    longest <= GOAL.latency,
  );
}

const ending = new AbortController();
try {
  // If either of the two fails, the benchmark ends.
  await Promise.all([reportReady(ending.signal), measure().finally(() => ending.abort())]);
} finally {
  await client.close();
  cleanUp();
}
if (missed > 0) {
  console.log(`\n${missed} of the goals missed`);
  process.exitCode = 1;
}

async function measure(): Promise<void> {
  await ControllerProcess.start(server);
  console.log(`Node ${process.version}\n\n| What | Measured | Goal | |\n|---|---|---|---|`);
  for (const mode of ['direct', 'kro'] as const) {
    await first(mode, 5);
    await first(mode, 201);
    await latency(mode);
  }
}
