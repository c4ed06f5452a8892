/**
 * Measures the command line and compares each figure with its goal: `--help`, `validate`, `plan` over many instances,
 * and `why`. Cluster, controller and command run in separate processes, and talk over HTTPS. Run:
 * `npm run bench -- cli`. `-- cli --instances 100` measures with fewer instances.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JsonObject, refOf } from '../dist/core/index.js';
import { KubeClient, loadKubeConfig } from '../dist/kube/index.js';
import { cleanUp, ControllerProcess, pause, Server } from './support/controller-run.ts';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';

const { instances: INSTANCES } = readOptions({ instances: 1000 });
const CHILDREN = 5;
/** The number of runs of a command that takes less than a second. The table shows the median of the runs. */
const SHORT_RUNS = 5;

/** A command of the table. */
interface Measured {
  readonly name: string;
  /** The words after `typekro`. */
  readonly words: readonly string[];
  readonly goal: Goal;
  /** The exit code of a successful run. Default 0. */
  readonly exitCode?: number;
  /** The number of measured runs. Default 1. */
  readonly runs?: number;
}

/**
 * The goal of a command, as maximums: its time in seconds, the number of its requests (dry runs do not count), and its
 * resident memory in megabytes.
 */
interface Goal {
  readonly seconds: number;
  readonly requests: number;
  readonly memory: number;
}

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'typekro-bench-cli-'));
const server = await Server.start('typekro');
const client = new KubeClient({ config: await loadKubeConfig({ path: server.path }), userAgent: 'load' });

/** A ConfigMap of a definition. */
const map = (id: string, data: JsonObject, more: JsonObject = {}) => {
  const metadata = { name: `\${schema.metadata.name}-${id.toLowerCase()}` };
  return { id, ...more, template: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } };
};

const definitionOf = (kind: string, spec: JsonObject, resources: JsonObject[]) => ({
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: kind.toLowerCase() },
  spec: { schema: { apiVersion: 'v1', kind, group: 'bench.test', spec }, resources },
});

const definition = (value: string) => {
  const maps = Array.from({ length: CHILDREN }, (_, index) =>
    map(`map${index}`, { value, text: '${schema.spec.text}' }),
  );
  return definitionOf('Bench', { text: 'string | default="x"' }, maps);
};

/** A definition whose instances wait forever. */
const waitingDefinition = definitionOf('Wait', {}, [
  map('first', { value: 'no' }, { readyWhen: ['${first.data.value == "yes"}'] }),
  map('second', { value: '${first.data.value}' }),
]);

/** Runs the command and prints a row of the table. */
async function measure({ name, words, goal, exitCode = 0, runs = 1 }: Measured): Promise<void> {
  const probe =
    "process.on('exit', () => { const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage(); " +
    'process.stderr.write(`PEAK ${maxRSS / 1024} CPU ${(userCPUTime + systemCPUTime) / 1e6}`) });';
  const preload = `data:text/javascript,${encodeURIComponent(probe)}`;
  // Node would keep extra certificates of this machine in memory, and they would count as memory of the command.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const before = await server.figures();
  const seconds: number[] = [];
  const processor: number[] = [];
  let peak = 0;
  for (let run = 0; run < runs; run += 1) {
    const began = performance.now();
    const ended = spawnSync(process.execPath, ['--import', preload, main, ...words], {
      cwd: folder,
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    seconds.push((performance.now() - began) / 1000);
    if (ended.status !== exitCode) throw new Error(`typekro ${words.join(' ')}: ${ended.stdout}${ended.stderr}`);
    const [, memory, cpu] = /PEAK ([\d.]+) CPU ([\d.]+)/.exec(ended.stderr) ?? [];
    peak = Math.max(peak, Number(memory));
    processor.push(Number(cpu));
  }
  const after = await server.figures();
  const count = (name: string) => ((after?.requests[name] ?? 0) - (before?.requests[name] ?? 0)) / runs;
  const all = Object.keys(after?.requests ?? {}).reduce((sum, name) => sum + count(name), 0);
  const dryRuns = count('dry run');
  const middle = median(seconds);
  const requests = after === undefined ? '?' : String(all - dryRuns);
  const isMet = middle <= goal.seconds && all - dryRuns <= goal.requests && peak <= goal.memory;
  const limits = `≤ ${goal.seconds} s, ≤ ${goal.requests}, ≤ ${goal.memory} MB`;
  console.log(
    `| ${name} | ${middle.toFixed(2)} | ${median(processor).toFixed(2)} | ${requests} | ${dryRuns} | ${peak.toFixed(0)} | ${limits} | ${isMet ? 'met' : '**missed**'} |`,
  );
}

try {
  const controller = await ControllerProcess.start(server);
  await client.apply(definition('one'), { fieldManager: 'load', force: true });
  const bench = { apiVersion: 'bench.test/v1', kind: 'Bench' };
  while ((await client.discovery.resourceOf(bench)) === undefined) await pause(200);
  for (let from = 0; from < INSTANCES; from += 50) {
    await Promise.all(
      Array.from({ length: Math.min(50, INSTANCES - from) }, (_, index) =>
        client.create({ ...bench, metadata: { name: `bench-${from + index}`, namespace: 'default' }, spec: {} }),
      ),
    );
  }
  const labelSelector = 'applyset.kubernetes.io/part-of';
  const children = async () =>
    (await client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { labelSelector, metadataOnly: true })).items.length;
  while ((await children()) < INSTANCES * CHILDREN) await pause(500);
  const wait = { apiVersion: 'bench.test/v1', kind: 'Wait' };
  await client.apply(waitingDefinition, { fieldManager: 'load', force: true });
  while ((await client.discovery.resourceOf(wait)) === undefined) await pause(200);
  const waiting = await client.create({ ...wait, metadata: { name: 'one', namespace: 'default' }, spec: {} });
  while ((await client.get(refOf(waiting))).status?.['state'] !== 'IN_PROGRESS') await pause(200);
  await controller.stop();
  writeFileSync(join(folder, 'next.json'), JSON.stringify(definition('two')));

  console.log(`${INSTANCES} instances × ${CHILDREN} children, Node ${process.version}\n`);
  console.log(
    '| what | seconds | processor seconds | requests | dry runs | peak memory MB | goal | |\n|---|---|---|---|---|---|---|---|',
  );
  const realistic = fileURLToPath(new URL('../test/conformance/graph/realistic/', import.meta.url));
  const definitions = readdirSync(realistic).filter((name) => name.endsWith('.yaml'));
  const cluster = ['--kubeconfig', server.path];
  await measure({
    name: '--help',
    words: ['--help'],
    goal: { seconds: 0.1, requests: 0, memory: 150 },
    runs: SHORT_RUNS,
  });
  await measure({
    name: `validate (${definitions.length} realistic definitions)`,
    words: ['validate', ...definitions.map((name) => join(realistic, name))],
    goal: { seconds: 0.4, requests: 0, memory: 150 },
    // Some of the definitions have mistakes, so the command fails.
    exitCode: 3,
    runs: SHORT_RUNS,
  });
  for (const how of ['server', 'none']) {
    await measure({
      name: `plan --dry-run ${how}`,
      words: ['plan', 'next.json', '--dry-run', how, ...cluster],
      goal: { seconds: 5, requests: 30, memory: 150 },
    });
  }
  await measure({
    name: 'why',
    words: ['why', 'wait/one', ...cluster],
    goal: { seconds: 0.3, requests: 15, memory: 150 },
    runs: SHORT_RUNS,
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
  await client.close();
  cleanUp();
}
