/**
 * Measures the first minute: start of the embedded cluster, `typekro up --once` from cold, an instance from creation
 * to ACTIVE, memory of the process, import time of the package. Run: `npm run bench -- start`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refOf } from '../dist/core/index.js';
import { KubeClient, loadKubeConfig, waitForObject } from '../dist/kube/index.js';
import { median } from './support/median.ts';
import { readOptions } from './support/options.ts';

readOptions({});

const root = fileURLToPath(new URL('..', import.meta.url));
const RUNS = 5;

/** Runs a snippet in a fresh process. The snippet prints a JSON list of numbers. */
function measure(snippet: string): number[] {
  const result = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', snippet], {
    cwd: root,
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(result.stderr);
  return JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '') as number[];
}

function row(what: string, values: readonly number[], unit: string): void {
  const range = `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
  console.log(`| ${what} | ${median(values).toFixed(1)} ${unit} | ${range} |`);
}

const runs = <T>(body: () => T): T[] => Array.from({ length: RUNS }, body);
const RSS = 'process.memoryUsage().rss / 2 ** 20';

console.log(`Node ${process.version}, ${RUNS} runs each, a fresh process per run\n`);
console.log('| what | median | range |\n|---|---|---|');

const imports = runs(() =>
  measure(`const r = ${RSS}, t = performance.now(); await import('typekro');
    console.log(JSON.stringify([performance.now() - t, ${RSS} - r]))`),
);
row(
  "import 'typekro'",
  imports.map(([time = Number.NaN]) => time),
  'ms',
);
row(
  '  memory over bare Node',
  imports.map(([, memory = Number.NaN]) => memory),
  'MiB',
);

const clusters = runs(() =>
  measure(`const t = performance.now(); const { createEmbeddedCluster } = await import('./dist/cluster/index.js');
    const loaded = performance.now(); const cluster = await createEmbeddedCluster(); const made = performance.now();
    await cluster.listen(); const listening = performance.now();
    console.log(JSON.stringify([loaded - t, made - loaded, listening - made, listening, ${RSS}])); process.exit(0)`),
);
[
  'load the module',
  'createEmbeddedCluster()',
  'listen() with a certificate',
  'ready, from process start',
  'memory, whole process',
].forEach((name, index) => {
  row(
    `cluster: ${name}`,
    clusters.map((values) => values[index] ?? Number.NaN),
    index === 4 ? 'MiB' : 'ms',
  );
});

const timesOnce = runs(() => {
  const directory = mkdtempSync(join(tmpdir(), 'typekro-bench-'));
  const began = performance.now();
  const result = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), 'up', '--once'], {
    cwd: directory,
    encoding: 'utf8',
  });
  const time = performance.now() - began;
  rmSync(directory, { recursive: true, force: true });
  if (result.status !== 0) throw new Error(result.stderr);
  return time;
});
row('typekro up --once, two applications', timesOnce, 'ms');

/** Waits for the line with the kubeconfig. Keeps reading after it, because `typekro up` ends when its output closes. */
async function started(stdout: NodeJS.ReadableStream): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    stdout.on('data', (chunk) => {
      output += String(chunk);
      if (output.includes('export KUBECONFIG=')) resolve();
    });
    stdout.on('end', () => reject(new Error(`typekro up ended: ${output}`)));
  });
}

const directory = mkdtempSync(join(tmpdir(), 'typekro-bench-'));
const up = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'up'], {
  cwd: directory,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  await started(up.stdout);
  const api = new KubeClient({
    config: await loadKubeConfig({ path: join(directory, '.typekro/default/kubeconfig') }),
  });
  const times: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    const name = `bench-${index}`;
    const began = performance.now();
    const instance = await api.create({
      apiVersion: 'example.com/v1alpha1',
      kind: 'WebApp',
      metadata: { name, namespace: 'default' },
      spec: { name, replicas: 1 },
    });
    await waitForObject(api, refOf(instance), AbortSignal.timeout(10_000), (object) =>
      object?.status?.['state'] === 'ACTIVE' ? object : undefined,
    );
    times.push(performance.now() - began);
  }
  row('instance of two resources: create to ACTIVE, over HTTPS', times, 'ms');
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${up.pid}/status`, 'utf8'))?.[1]) / 1024;
  row('cluster, controller and 22 instances: resident memory', [rss], 'MiB');
  await api.close();
} finally {
  up.kill('SIGINT');
  await once(up, 'exit');
  rmSync(directory, { recursive: true, force: true });
}
