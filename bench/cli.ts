/**
 * Measures `typekro plan` over many instances, and compares each figure with its goal. Cluster, controller and command
 * run in processes of their own, over HTTPS. Run: `npm run bench -- cli`. `-- cli --instances 100` measures with fewer
 * instances.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeClient, loadKubeConfig } from '../dist/kube/index.js';
import { cleanUp, ControllerProcess, pause, Server } from './support/controller-run.ts';

const flag = process.argv.indexOf('--instances');
const INSTANCES = flag < 0 ? 1000 : Number(process.argv[flag + 1]);
const CHILDREN = 5;
const GOAL = { seconds: 5, requests: 30, memory: 150 };

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'typekro-bench-cli-'));
const server = await Server.start('typekro');
const client = new KubeClient({ config: await loadKubeConfig({ path: server.path }), userAgent: 'load' });

function definition(value: string) {
  const map = (index: number) => ({
    id: `map${index}`,
    template: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `\${schema.metadata.name}-${index}` },
      data: { value, text: '${schema.spec.text}' },
    },
  });
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'benches' },
    spec: {
      schema: { apiVersion: 'v1', kind: 'Bench', group: 'bench.test', spec: { text: 'string | default="x"' } },
      resources: Array.from({ length: CHILDREN }, (_, index) => map(index)),
    },
  };
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
  await controller.stop();
  writeFileSync(join(folder, 'next.json'), JSON.stringify(definition('two')));

  console.log(`${INSTANCES} instances × ${CHILDREN} children, Node ${process.version}\n`);
  console.log('| what | seconds | requests | of these dry runs | peak memory MB |\n|---|---|---|---|---|');
  const probe = `process.on('exit', () => process.stderr.write('PEAK ' + process.resourceUsage().maxRSS / 1024));`;
  const preload = `data:text/javascript,${encodeURIComponent(probe)}`;
  for (const how of ['none', 'server']) {
    const before = await server.figures();
    const began = performance.now();
    const run = spawnSync(
      process.execPath,
      ['--import', preload, main, 'plan', 'next.json', '--dry-run', how, '--kubeconfig', server.path],
      { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 },
    );
    const seconds = (performance.now() - began) / 1000;
    if (run.status !== 0) throw new Error(run.stderr);
    const after = await server.figures();
    const count = (name: string) => (after?.requests[name] ?? 0) - (before?.requests[name] ?? 0);
    const all = Object.keys(after?.requests ?? {}).reduce((sum, name) => sum + count(name), 0);
    const dryRuns = count('dry run');
    const peak = Number(/PEAK ([\d.]+)/.exec(run.stderr)?.[1]);
    console.log(`| plan --dry-run ${how} | ${seconds.toFixed(1)} | ${all} | ${dryRuns} | ${peak.toFixed(0)} |`);
  }
  console.log(`\ngoals: ${GOAL.seconds} s, ${GOAL.requests} requests besides dry runs, ${GOAL.memory} MB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
  await client.close();
  cleanUp();
}
