import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCluster } from '../../../src/cluster/index.ts';
import { controllerCrds, jsonLogger, silentLogger } from '../../../src/controller/index.ts';
import { KubeClient } from '../../../src/kube/index.ts';
import { hostController } from './controller-host.ts';

/** What to run, and against what. */
export interface ControllerRunOptions {
  /** Directory with `scenarios/` and `golden/`. */
  readonly dir: string;
  /** Parts of names; none runs all. */
  readonly names: readonly string[];
  /** More options of the runner, e.g. `--info`. */
  readonly runnerArgs?: readonly string[];
  /** A cluster that is there already; default: an embedded one without workload controllers. */
  readonly kubeconfig?: string;
  /** `none`: a controller runs already. `host`: ours, in this process. Else a command that is called to restart one. */
  readonly controller?: string;
  /** Where log entries of our controller go; default: nowhere. */
  readonly log?: (line: string) => void;
  /** Gets each line that the runner prints. */
  readonly print: (line: string) => void;
}

/** How it went. */
export interface ControllerRunResult {
  readonly passed: number;
  readonly failed: number;
}

const SUITE = new URL('../controller/', import.meta.url).pathname;

/** Runs the black-box scenarios with our controller, over HTTPS, restarts included. */
export async function runControllerScenarios(options: ControllerRunOptions): Promise<ControllerRunResult> {
  const folder = await mkdtemp(join(tmpdir(), 'typekro-scenarios-'));
  const cluster = options.kubeconfig === undefined ? await openCluster(join(folder, 'kubeconfig')) : undefined;
  const kubeconfig = options.kubeconfig ?? join(folder, 'kubeconfig');
  const logger = options.log === undefined ? silentLogger : jsonLogger(options.log, Date.now, 'debug');
  const host = (options.controller ?? 'host') === 'host' ? await hostController(kubeconfig, logger) : undefined;
  try {
    await host?.start([]);
    const restart = host?.restartCommand ?? (options.controller === 'none' ? undefined : options.controller);
    return await runSuite(options, kubeconfig, restart);
  } finally {
    await host?.close();
    await cluster?.close();
    await rm(folder, { recursive: true });
  }
}

async function openCluster(kubeconfig: string) {
  const cluster = await createCluster({ workloads: false });
  const client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  const listener = await cluster.listen();
  await writeFile(kubeconfig, listener.kubeconfig);
  return cluster;
}

function runSuite(
  options: ControllerRunOptions,
  kubeconfig: string,
  restart: string | undefined,
): Promise<ControllerRunResult> {
  const args = [
    join(SUITE, 'run.mjs'),
    '--kubeconfig',
    kubeconfig,
    '--dir',
    options.dir,
    ...(restart === undefined ? [] : ['--restart-cmd', restart]),
    ...(options.runnerArgs ?? []),
    ...options.names,
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let last = '';
    let rest = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        options.print(line);
        if (/^\d+ passed, \d+ failed/.test(line)) last = line;
      }
    });
    child.on('error', reject);
    child.on('close', () => {
      const match = /^(\d+) passed, (\d+) failed/.exec(last);
      if (match === null) reject(new Error('the runner ended without a result'));
      else resolve({ passed: Number(match[1]), failed: Number(match[2]) });
    });
  });
}
