/** Runs conformance specs of Kubernetes against an embedded cluster, with Kubernetes' own program `e2e.test`. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POD_STOP_SECONDS } from '../../../packages/cli/src/clusters/serve-cluster.ts';
import { type Transport, createEmbeddedCluster } from '@typekro/cluster';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient, waitForObject } from '@typekro/kube';
import type { KubernetesSpec, SpecRun } from './kubernetes-specs.ts';

export interface KubernetesRunOptions {
  /** The path of `e2e.test`. */
  readonly program: string;
  /** The time after which the runner kills a spec, in milliseconds. */
  readonly timeoutMs: number;
  /** Called with one line per spec. */
  readonly print: (line: string) => void;
}

/**
 * Runs the specs one after another against one cluster, each in its own process. Kills a spec that does not end in
 * time, with all its processes.
 *
 * @throws Error when the program cannot be started, or does not know a spec.
 */
export async function runKubernetesSpecs(
  specs: readonly KubernetesSpec[],
  options: KubernetesRunOptions,
): Promise<ReadonlyMap<string, SpecRun>> {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-e2e-'));
  // The cluster has the same settings as a cluster of `typekro cluster start`.
  await using cluster = await createEmbeddedCluster({ podStopSeconds: POD_STOP_SECONDS });
  try {
    await addNode(cluster.transport());
    const { kubeconfig } = await cluster.listen();
    writeFileSync(join(folder, 'kubeconfig'), kubeconfig, { mode: 0o600 });
    const runs = new Map<string, SpecRun>();
    for (const { name } of specs) {
      const run = await runSpec(name, folder, options);
      options.print(`${run.result.padEnd(8)} ${name}`);
      runs.set(name, run);
    }
    return runs;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The time in which a new node must be ready, in milliseconds. */
const NODE_MS = 30_000;

/** Adds a second simulated node. Some specs need two. */
async function addNode(transport: Transport): Promise<void> {
  const client = new KubeClient({ transport });
  const [node] = (await client.list({ apiVersion: 'v1', kind: 'Node' })).items;
  if (node === undefined) throw new Error('the cluster has no node');
  const { labels, annotations = {} } = node.metadata;
  const name = 'fake-1';
  const metadata = { name, annotations, labels: { ...labels, 'kubernetes.io/hostname': name } };
  const { status: _, ...rest } = node;
  await client.create({ ...rest, metadata });
  // The simulated kubelet of the cluster writes the status.
  const isReady = (object: KubeObject | undefined): true | undefined =>
    object?.status?.['conditions'] === undefined ? undefined : true;
  await waitForObject(client, { apiVersion: 'v1', kind: 'Node', name }, AbortSignal.timeout(NODE_MS), isReady);
  await client.close();
}

async function runSpec(name: string, folder: string, options: KubernetesRunOptions): Promise<SpecRun> {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const args = [
    `--kubeconfig=${join(folder, 'kubeconfig')}`,
    '--provider=skeleton',
    '--disable-log-dump',
    '--ginkgo.no-color',
    '--ginkgo.succinct',
    `--ginkgo.focus=${name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}`,
    `--ginkgo.json-report=${report}`,
  ];
  const ended = await runProgram(options.program, args, folder, options.timeoutMs);
  if (ended === 'timeout') return { result: 'timeout', message: '' };
  const failures = failuresOf(readFileSync(report, 'utf8'));
  if (failures === undefined) throw new Error(`${options.program} does not have the spec ${name}`);
  const [message = ''] = failures;
  return failures.length === 0 && ended === 0 ? { result: 'passed', message: '' } : { result: 'failed', message };
}

/**
 * Runs a program. Returns its exit code, or `timeout`. The program leads a process group, so that a timeout also kills
 * its child processes.
 */
function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  timeoutMs: number,
): Promise<number | 'timeout'> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: 'ignore', detached: true });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      resolve(isLate ? 'timeout' : (code ?? 1));
    });
  });
}

interface ReportedSpec {
  readonly LeafNodeType: string;
  readonly State: string;
  readonly Failure?: { readonly Message?: string };
}

/** The messages of the failures in a JSON report of Ginkgo. Undefined when no spec has run. */
function failuresOf(text: string): readonly string[] | undefined {
  const suites = JSON.parse(text) as readonly { readonly SpecReports?: readonly ReportedSpec[] | null }[];
  const ran = suites
    .flatMap(({ SpecReports }) => SpecReports ?? [])
    .filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State !== 'skipped' && State !== 'pending');
  if (ran.length === 0) return undefined;
  return ran.filter(({ State }) => State !== 'passed').map(({ Failure }) => Failure?.Message ?? 'failed');
}
