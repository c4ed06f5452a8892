import { resolve } from 'node:path';
import { hasErrors, TypeKroError } from '@typekro/kit/core';
import { systemClock } from '@typekro/kube';
import { type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { kubernetesOption } from '../kubernetes-option.ts';
import { portOption } from '../command-options.ts';
import { allowsProcesses } from '../run-processes-option.ts';
import { standInsOf } from '../stand-in-option.ts';
import { shellWord } from '@typekro/app/text';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { requireFolder } from '../write-file.ts';
import type { AuditFiles } from './cluster-files.ts';
import { clusterFolder, clusterNames, DEFAULT_CLUSTER, findCluster } from './cluster-folder.ts';
import { clusterView, clusterStatusLines, clusterTableLines } from './cluster-view.ts';
import { absentCluster } from './running-cluster.ts';
import type { ContextOptions, RunningCluster, Started } from './start-cluster.ts';
import { addContext, checkContext, startCluster } from './start-cluster.ts';
import { type Stopped, stopCluster } from './stop-cluster.ts';
import { contextName, userKubeconfig } from './user-kubeconfig.ts';

/** `typekro cluster start [NAME]`. */
export async function start(
  context: CommandContext,
  input: CommandInput,
  [name = DEFAULT_CLUSTER]: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input);
  const kubernetesVersion = kubernetesOption(input);
  const standIns = standInsOf(input, context.cwd);
  const audit = await auditFiles(context, input);
  if (audit === 'mistaken') return ExitCode.diagnostics;
  const startOptions = {
    ...(standIns.length === 0 ? {} : { standIns }),
    ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    ...(allowsProcesses(input) ? { processDirectory: context.cwd } : {}),
    ...(audit === undefined ? {} : { audit }),
    ...(input.options['data'] === true ? { data: true as const } : {}),
    ...(textOption(input, 'port') === undefined ? {} : { port: portOption(input) }),
  };
  const requested = requestedContext(input);
  // Checks before the start that the kubeconfig can be changed, so that a failed command leaves no cluster.
  if (requested !== undefined) await checkContext(context, clusterFolder(context.env, name), requested);
  const started = await startCluster(context, name, startOptions);
  for (const warning of started.warnings) context.printError(`warning: ${warning}`);
  let entryIn: string | undefined;
  try {
    entryIn =
      requested === undefined
        ? await renewContext(context, started.cluster)
        : await addContext(context, started.cluster, requested);
  } catch (error) {
    context.printError(`${name} is running at ${started.cluster.record.url}; its context could not be written`);
    throw error;
  }
  const view = await clusterView(context, findCluster(context.env, name));
  print({
    data: { schemaVersion: 1, started: started.before !== 'running', cluster: view },
    lines: () => {
      const isFound = entryIn === userKubeconfig(context.env, context.cwd);
      return startLines(started, entryIn, { use: input.options['use-context'] === true, isFound });
    },
  });
  return ExitCode.ok;
}

/**
 * The audit log that the options specify; `none` for `--audit-log none`, and `undefined` without the option. Prints the
 * problems of the audit policy, and returns `mistaken` when the policy has errors.
 *
 * @throws TypeKroError `cluster/audit-log` when the folder of the log does not exist; `cli/usage` for the log `-`, and
 * for a policy without a log.
 */
async function auditFiles(
  context: CommandContext,
  input: CommandInput,
): Promise<AuditFiles | 'none' | 'mistaken' | undefined> {
  const { cwd } = context;
  const log = textOption(input, 'audit-log');
  const policy = textOption(input, 'audit-policy');
  if (log === '-') {
    throw usageError(
      'the audit log of a cluster in the background cannot be the standard output',
      'name a file: --audit-log audit.log',
    );
  }
  if (log !== undefined && log !== 'none') requireFolder(resolve(cwd, log), 'cluster/audit-log');
  if (policy === undefined) return log === undefined || log === 'none' ? log : { log: resolve(cwd, log) };
  if (log === undefined || log === 'none') {
    throw usageError('--audit-policy needs an audit log', 'add --audit-log FILE');
  }
  const { parseAuditPolicyFile } = await import('../audit-policy-file.ts');
  const { diagnostics, text } = await parseAuditPolicyFile(resolve(cwd, policy), policy);
  printDiagnostics(context, diagnostics, new Map([[policy, text]]));
  if (hasErrors(diagnostics)) return 'mistaken';
  return { log: resolve(cwd, log), policy: resolve(cwd, policy) };
}

/**
 * Adds the context that the options request. Returns the path of the kubeconfig; `undefined` when no context is
 * requested.
 */
export async function addRequestedContext(
  context: CommandContext,
  input: CommandInput,
  cluster: RunningCluster,
): Promise<string | undefined> {
  const requested = requestedContext(input);
  return requested === undefined ? undefined : addContext(context, cluster, requested);
}

/**
 * The context that the options request; `undefined` when they do not request a context.
 *
 * @throws TypeKroError `cli/usage` for `--kubeconfig` without an option that adds a context.
 */
function requestedContext(input: CommandInput): ContextOptions | undefined {
  const use = input.options['use-context'] === true;
  const kubeconfig = textOption(input, 'kubeconfig');
  if (!use && input.options['add-context'] !== true) {
    if (kubeconfig === undefined) return undefined;
    throw usageError(
      '--kubeconfig names the file for a new context, and no option adds a context',
      'add --add-context, or --use-context',
    );
  }
  return { use, ...(kubeconfig === undefined ? {} : { kubeconfig }) };
}

/**
 * Updates the existing context of the cluster, for example after a crash. The address and the credentials of the
 * cluster may have changed.
 */
async function renewContext(context: CommandContext, cluster: RunningCluster): Promise<string | undefined> {
  const kubeconfig = cluster.settings?.entryIn;
  return kubeconfig === undefined ? undefined : addContext(context, cluster, { use: false, kubeconfig });
}

function startLines(
  { cluster: { folder, record }, before, kept, startMs }: Started,
  entryIn: string | undefined,
  { use, isFound }: { readonly use: boolean; readonly isFound: boolean },
): readonly string[] {
  const { name, kubeconfig } = folder;
  const context = contextName(name);
  const options = [
    ...(entryIn === undefined || isFound ? [] : [` --kubeconfig ${shellWord(entryIn)}`]),
    ...(use ? [] : [` --context ${context}`]),
  ].join('');
  return [
    ...(before === 'crashed'
      ? [`the process of ${name} had ended without being stopped; its objects are ${kept ? 'kept' : 'gone'}`]
      : []),
    before === 'running'
      ? `${name} is running already at ${record.url}`
      : `${name} is running at ${record.url}, Kubernetes ${record.kubernetesVersion}, ready in ${Math.round(startMs)} ms`,
    ...(entryIn === undefined
      ? [`use it  export KUBECONFIG=${shellWord(kubeconfig)}`]
      : [`use it  kubectl${options} get nodes   # ${context} in ${entryIn}${use ? ', the current context' : ''}`]),
    `end it  typekro cluster stop${name === DEFAULT_CLUSTER ? '' : ` ${name}`}`,
  ];
}

/** `typekro cluster stop [NAME]`. */
export async function stop(context: CommandContext, input: CommandInput, names: readonly string[]): Promise<number> {
  const print = reportPrinter(context, input);
  const isDeletion = input.options['delete'] === true;
  const isAll = input.options['all'] === true;
  if (isAll && names.length > 0) {
    throw usageError('--all stops all clusters, but a name is given as well', 'leave one of them out');
  }
  const [name = DEFAULT_CLUSTER] = names;
  const stopped: Stopped[] = [];
  const failed: TypeKroError[] = [];
  for (const each of isAll ? clusterNames(context.env) : [name]) {
    try {
      const result = await stopCluster(context, each, isDeletion);
      if (result.before === 'absent' && !isAll) throw absentCluster(context.env, each);
      stopped.push(result);
      if (result.problem !== undefined) failed.push(result.problem);
    } catch (error) {
      context.signal.throwIfAborted();
      // With `--all`, the remaining clusters are stopped even if one stop fails.
      if (!isAll) throw error;
      failed.push(TypeKroError.from(error, { code: 'cluster/not-stopped', what: `stop ${each}` }));
    }
  }
  const clusters = stopped.map(({ problem: _, ...result }) => result);
  print({ data: { schemaVersion: 1, clusters }, lines: () => stopLines(stopped, failed.length > 0) });
  for (const error of failed) context.printError(`error: ${error.format()}`);
  return failed.length === 0 ? ExitCode.ok : ExitCode.failed;
}

function stopLines(stopped: readonly Stopped[], hasFailed: boolean): readonly string[] {
  if (stopped.length === 0) return hasFailed ? [] : ['there is no cluster'];
  return stopped.map(({ name, before, endedBy, kept }) => {
    const isEnded = before === 'running' || before === 'starting';
    const by = endedBy === undefined ? '' : ` by ${endedBy}`;
    const ended = isEnded ? `${name} has ended${by}` : `${name} was not running`;
    const objects = kept
      ? `its objects are kept: typekro cluster start ${name} continues with them, typekro cluster stop ${name} --delete deletes them`
      : 'nothing is left of it';
    return `${ended}; ${objects}`;
  });
}

/** `typekro cluster list`. */
export async function listClusters(context: CommandContext, input: CommandInput): Promise<number> {
  const print = reportPrinter(context, input);
  const found = clusterNames(context.env).map((name) => findCluster(context.env, name));
  const views = (await Promise.all(found.map((each) => clusterView(context, each)))).filter(
    (view) => view !== undefined,
  );
  print({ data: { schemaVersion: 1, clusters: views }, lines: () => clusterTableLines(views, systemClock.now()) });
  return ExitCode.ok;
}

/** `typekro cluster status [NAME]`. Ends with 1 unless the cluster is running without a problem. */
export async function showStatus(
  context: CommandContext,
  input: CommandInput,
  [name = DEFAULT_CLUSTER]: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input);
  const view = await clusterView(context, findCluster(context.env, name));
  if (view === undefined) throw absentCluster(context.env, name);
  print({ data: { schemaVersion: 1, cluster: view }, lines: () => clusterStatusLines(view, systemClock.now()) });
  return view.state === 'running' && view.problem === undefined ? ExitCode.ok : ExitCode.failed;
}
