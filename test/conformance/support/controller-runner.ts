import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds, jsonLogger, silentLogger } from '@typekro/controller/controller';
import { KubeClient } from '@typekro/kube';
import { hostController } from './controller-host.ts';
import type { TopicResult } from './report.ts';

/** Selects the scenarios, and the server and controller against which they run. */
export interface ControllerRunOptions {
  /** Directory with `scenarios/` and `golden/`. */
  readonly dir: string;
  /** Selects the scenarios whose name contains one of these strings. An empty list selects all scenarios. */
  readonly names: readonly string[];
  /** Additional options of the runner, for example `--info`. */
  readonly runnerArgs?: readonly string[];
  /** Kubeconfig of an existing cluster. Default: an embedded cluster without workload controllers. */
  readonly kubeconfig?: string;
  /**
   * `none`: a controller already runs. `host`: runs this project's controller in this process. Any other value is a
   * command that restarts a controller.
   */
  readonly controller?: string;
  /**
   * The release line of kro whose behaviour this project's controller has. Default: 0.9, the line of the recordings in
   * `test/conformance/controller`.
   */
  readonly level?: string;
  /** Receives the log entries of this project's controller. By default, the entries are dropped. */
  readonly log?: (line: string) => void;
  /** Receives each line that the runner prints. */
  readonly print: (line: string) => void;
}

const SUITE = new URL('../controller/', import.meta.url).pathname;

/**
 * Runs the black-box scenarios against a controller over HTTPS, and restarts the controller when a scenario asks for
 * it.
 */
export async function runControllerScenarios(options: ControllerRunOptions): Promise<TopicResult[]> {
  const folder = await mkdtemp(join(tmpdir(), 'typekro-scenarios-'));
  const cluster = options.kubeconfig === undefined ? await openCluster(join(folder, 'kubeconfig')) : undefined;
  const kubeconfig = options.kubeconfig ?? join(folder, 'kubeconfig');
  const logger = options.log === undefined ? silentLogger : jsonLogger(options.log, Date.now, 'debug');
  const level = [`--kro-compatibility=${options.level ?? '0.9'}`];
  if (options.level === '0.10') level.push(...GRAPH_FLAGS);
  const host = (options.controller ?? 'host') === 'host' ? await hostController(kubeconfig, logger, level) : undefined;
  try {
    await host?.start([]);
    const restart = host?.restartCommand ?? (options.controller === 'none' ? undefined : options.controller);
    return await runSuite(options, kubeconfig, restart, join(folder, 'report.json'));
  } finally {
    await host?.close();
    await cluster?.close();
    await rm(folder, { recursive: true });
  }
}

/**
 * The flags for the scenarios of the kind Graph. The flags name the controller's namespace, because one of these
 * scenarios puts a Graph into it.
 */
const GRAPH_FLAGS = [
  '--feature-gates=GraphKind=true',
  '--controller-namespace=kro-system',
  '--controller-service-account=kro',
];

async function openCluster(kubeconfig: string) {
  const cluster = await createEmbeddedCluster({ workloads: false });
  const client = new KubeClient({ transport: cluster.transport() });
  for (const crd of controllerCrds()) await client.create(crd);
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kro-system' } });
  const listener = await cluster.listen();
  await writeFile(kubeconfig, listener.kubeconfig);
  return cluster;
}

async function runSuite(
  options: ControllerRunOptions,
  kubeconfig: string,
  restart: string | undefined,
  reportFile: string,
): Promise<TopicResult[]> {
  const args = [
    join(SUITE, 'run.mjs'),
    '--kubeconfig',
    kubeconfig,
    '--dir',
    options.dir,
    '--report',
    reportFile,
    ...(restart === undefined ? [] : ['--restart-cmd', restart]),
    ...(options.runnerArgs ?? []),
    ...options.names,
  ];
  await runNode(args, options.print);
  return resultsOf(JSON.parse(await readFile(reportFile, 'utf8')) as Report);
}

/** The fields that this file reads from the report of `run.mjs`. */
interface Report {
  readonly scenarios: readonly {
    readonly name: string;
    readonly result: 'passed' | 'failed' | 'skipped';
    readonly error?: string;
  }[];
}

/** One topic per scenario, without the skipped scenarios. */
function resultsOf({ scenarios }: Report): TopicResult[] {
  return scenarios
    .filter(({ result }) => result !== 'skipped')
    .map(({ name, result, error = '' }) => ({
      topic: name,
      passed: result === 'passed' ? 1 : 0,
      failures: result === 'passed' ? [] : [{ id: name, detail: error }],
    }));
}

function runNode(args: readonly string[], print: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) print(line);
    });
    child.on('error', reject);
    child.on('close', () => resolve());
  });
}
