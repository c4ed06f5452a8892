import { resolve, sep } from 'node:path';
import { readRegularFile, TypeKroError, definedMembers } from '@typekro/kit/core';
import type { CommandContext } from '../command.ts';
import { KUBERNETES_RELEASE, KUBERNETES_RELEASES } from '@typekro/kit/kubernetes';
import { shellWord } from '@typekro/app/text';
import type { ClusterFolder, ClusterState, FoundCluster } from './cluster-folder.ts';
import { clusterFolder, clusterNames, clustersDirectory, findCluster, inFolder, poll } from './cluster-folder.ts';
import type { AuditFiles, ClusterSettings, RunningRecord } from './cluster-files.ts';
import { readSettings, unusableFiles, writeSettings } from './cluster-files.ts';
import { askState } from './control-client.ts';
import { launchCluster, NOT_STARTED } from './launch.ts';
import { ALREADY_SERVED } from './leave-folder.ts';
import { tidyFolder } from './stop-cluster.ts';
import { contextName, editKubeconfig, userKubeconfig, withContext } from './user-kubeconfig.ts';

/** The options of a start. An absent option keeps its value from the last start. */
export interface StartOptions {
  readonly data?: true;
  /** The names of stand-ins for operators. */
  readonly standIns?: readonly string[];
  readonly kubernetesVersion?: string;
  /**
   * The working directory of pods that are processes of this machine. Unlike the other options, an absent value is not
   * taken from the last start.
   */
  readonly processDirectory?: string;
  readonly port?: number;
  /** The audit log; `none` for a cluster without one. */
  readonly audit?: AuditFiles | 'none';
}

/** The options of the entry in the user's kubeconfig. */
export interface ContextOptions {
  /** The file named by `--kubeconfig`. Default: the file that kubectl would change. */
  readonly kubeconfig?: string;
  /** Does the context become the current context? */
  readonly use: boolean;
}

/** A cluster whose process has opened its API. */
export interface RunningCluster extends FoundCluster {
  readonly state: 'running';
  readonly record: RunningRecord;
}

/** The result of a start. */
export interface Started {
  readonly cluster: RunningCluster;
  /** The state before the start; `running` when this command did not start the process. */
  readonly before: ClusterState;
  /** Does the cluster continue with the objects of its last run? */
  readonly kept: boolean;
  readonly startMs: number;
  /** Sentences, without a full stop, about settings of the last run that could not be used again. */
  readonly warnings: readonly string[];
}

/** The maximum time to wait for another process that starts or ends the same cluster, in milliseconds. */
const OTHER_PROCESS_MS = 30_000;

/**
 * Starts a named cluster, and waits until it is ready. A running cluster is not changed. When several commands start
 * the cluster concurrently, one of them starts the process, and all return the same cluster.
 *
 * @throws TypeKroError `cluster/other-settings` when the cluster runs with other settings, or when the Kubernetes
 *   version is earlier than that of the kept objects; `cluster/no-answer` when the running cluster does not respond;
 *   `cluster/not-ready` when another process starts or ends the cluster for too long; and the errors of
 *   `launchCluster`.
 */
export async function startCluster(context: CommandContext, name: string, options: StartOptions): Promise<Started> {
  const began = performance.now();
  const settled = await settledCluster(context, name);
  let before = settled.state;
  const warnings: string[] = [];
  let settings: ClusterSettings | undefined;
  if (!isRunning(settled)) {
    try {
      const last = readSettings(settled.folder.path);
      refuseEarlierVersion(name, last, options);
      settings = settingsFor(last, options);
      warnings.push(
        ...inFolder(context.env, settled.folder, () => unusableFiles(settled.folder.path)).map(unusableFile),
      );
      await launchCluster({ folder: settled.folder, settings }, context.env, context.signal);
    } catch (error) {
      const { code } = TypeKroError.from(error, { code: NOT_STARTED });
      // When the start of a new cluster is refused or cancelled, its folder is removed. When the process ended without
      // a reason, the folder with its log is kept.
      const isExplained = context.signal.aborted || (code !== ALREADY_SERVED && code !== NOT_STARTED);
      if (before === 'absent' && isExplained) await tidyFolder(context, settled.folder, true);
      if (code !== ALREADY_SERVED) throw error;
      // Another command has started the process.
      before = 'running';
    }
  }
  const cluster = isRunning(settled) ? settled : await settledCluster(context, name);
  if (!isRunning(cluster)) {
    throw new TypeKroError(`the cluster "${name}" ended right after its start`, {
      code: NOT_STARTED,
      remedy: `look at its log: typekro cluster status ${name}`,
    });
  }
  refuseOtherSettings(cluster, options);
  if (before === 'running') await askState(cluster.record, context.signal);
  if (settings !== undefined) warnings.push(...movedPort(settings, cluster.record));
  return { cluster, before, kept: settled.settings?.data === true, startMs: performance.now() - began, warnings };
}

const unusableFile = (path: string): string =>
  `${path} is broken or of a later version, and is replaced; its settings or credentials are lost`;

/** The warning that the address differs from that of the last run. */
function movedPort({ port, lastPort }: ClusterSettings, { url }: RunningRecord): readonly string[] {
  if (port !== undefined || lastPort === undefined || Number(new URL(url).port) === lastPort) return [];
  return [
    `port ${lastPort} of the last run is in use, so the cluster has the address ${url}; copies of its kubeconfig still have the former address`,
  ];
}

export const isRunning = (found: FoundCluster): found is RunningCluster =>
  found.state === 'running' && found.record !== undefined;

/** The settings of the next run: the settings of the last run, changed by the options. */
export function settingsFor(
  last: ClusterSettings | undefined,
  { data, port, standIns, kubernetesVersion, processDirectory, audit }: StartOptions,
): ClusterSettings {
  const {
    processDirectory: _last,
    audit: lastAudit,
    ...base
  }: ClusterSettings = last ?? { schemaVersion: 1, data: false };
  const files = audit ?? lastAudit;
  const next = {
    ...base,
    data: base.data || data === true,
    ...definedMembers({ standIns, kubernetesVersion, processDirectory }),
    ...(files === undefined || files === 'none' ? {} : { audit: files }),
  };
  if (port !== 0) return { ...next, ...(port === undefined ? {} : { port }) };
  // The user requests a free port, so the present ports are dropped. Later runs keep the port that this run gets.
  const { port: _port, lastPort: _lastPort, ...others } = next;
  return others;
}

/**
 * Refuses a version of Kubernetes that is earlier than the version of the kept objects. The earlier version may not
 * know these objects.
 */
function refuseEarlierVersion(
  name: string,
  last: ClusterSettings | undefined,
  { kubernetesVersion = KUBERNETES_RELEASE }: StartOptions,
): void {
  const kept = last?.kubernetesVersion ?? KUBERNETES_RELEASE;
  if (last?.data !== true || KUBERNETES_RELEASES.indexOf(kubernetesVersion) <= KUBERNETES_RELEASES.indexOf(kept))
    return;
  throw new TypeKroError(
    `the objects of the cluster "${name}" are from Kubernetes ${kept}, and Kubernetes ${kubernetesVersion} is older`,
    {
      code: 'cluster/other-settings',
      remedy: `leave out --kubernetes, or delete the objects first: typekro cluster stop ${name} --delete`,
    },
  );
}

function refuseOtherSettings(
  { folder: { name }, settings, record }: RunningCluster,
  { data, port, standIns, kubernetesVersion, processDirectory, audit }: StartOptions,
): void {
  const differs =
    data === true && settings?.data === false
      ? 'without --data'
      : port !== undefined && port !== 0 && port !== Number(new URL(record.url).port)
        ? `at ${record.url}`
        : standIns !== undefined && standIns.some((standIn) => !(settings?.standIns ?? []).includes(standIn))
          ? 'without these stand-ins'
          : kubernetesVersion !== undefined && kubernetesVersion !== record.kubernetesVersion
            ? `with Kubernetes ${record.kubernetesVersion}`
            : processDirectory !== undefined && settings?.processDirectory === undefined
              ? 'without --run-processes'
              : audit !== undefined && !isSameAudit(audit, settings?.audit)
                ? 'with another audit log, or without one'
                : undefined;
  if (differs === undefined) return;
  throw new TypeKroError(`the cluster "${name}" is running ${differs}`, {
    code: 'cluster/other-settings',
    remedy: `stop it first: typekro cluster stop ${name}`,
  });
}

const isSameAudit = (requested: AuditFiles | 'none', present: AuditFiles | undefined): boolean =>
  requested === 'none' ? present === undefined : requested.log === present?.log && requested.policy === present.policy;

/** Finds a cluster. Waits while another process starts or ends it. */
export async function settledCluster({ env, signal }: CommandContext, name: string): Promise<FoundCluster> {
  let last = findCluster(env, name);
  const settled = await poll(OTHER_PROCESS_MS, signal, () => {
    last = findCluster(env, name);
    return last.state === 'starting' ? undefined : last;
  });
  if (settled !== undefined) return settled;
  const process = last.pid === undefined ? '' : ` (process ${last.pid})`;
  throw new TypeKroError(`the cluster "${name}" is still starting or ending${process}`, {
    code: 'cluster/not-ready',
    remedy: `read its log ${last.folder.log}; typekro cluster stop ${name} ends it`,
  });
}

/**
 * Adds the cluster to the kubeconfig of the user, as the context `typekro-NAME`. Returns the path of the kubeconfig.
 *
 * @throws TypeKroError `cluster/kubeconfig`.
 */
export async function addContext(
  context: CommandContext,
  { folder }: RunningCluster,
  options: ContextOptions,
): Promise<string> {
  const { env } = context;
  const { file, settings } = contextPlace(context, folder, options);
  const own = readRegularFile(folder.kubeconfig).toString();
  await editKubeconfig(file, (text) => {
    const edited = withContext(text, file, { name: contextName(folder.name), kubeconfig: own, use: options.use });
    const contextsBefore =
      edited.contextBefore === undefined
        ? settings.contextsBefore
        : [edited.contextBefore, ...contextsBeforeCluster(env, edited.contextBefore, file)];
    // The settings are written first, so that a stop finds the entry even if this start is killed.
    writeSettings(folder.path, { ...settings, entryIn: file, ...definedMembers({ contextsBefore }) });
    return edited.text;
  });
  return file;
}

/** The kubeconfig of a cluster that does not run yet: it has no address and no token. */
const WITHOUT_ADDRESS = '{"clusters":[{"cluster":{}}],"contexts":[{"context":{}}],"users":[{"user":{}}]}';

/**
 * Checks that `addContext` can add a cluster that does not run yet. Changes no file.
 *
 * @throws TypeKroError `cluster/kubeconfig`.
 */
export async function checkContext(
  context: CommandContext,
  folder: ClusterFolder,
  options: ContextOptions,
): Promise<void> {
  const { file } = contextPlace(context, folder, options);
  await editKubeconfig(file, (text) => {
    withContext(text, file, { name: contextName(folder.name), kubeconfig: WITHOUT_ADDRESS, use: options.use });
    return undefined;
  });
}

/**
 * Returns the kubeconfig for the context, and the settings of the cluster. Throws for a file to which the context must
 * not be added.
 */
function contextPlace(
  { cwd, env }: CommandContext,
  folder: ClusterFolder,
  options: ContextOptions,
): { readonly file: string; readonly settings: ClusterSettings } {
  const file = options.kubeconfig === undefined ? userKubeconfig(env, cwd) : resolve(cwd, options.kubeconfig);
  if (file.startsWith(clustersDirectory(env) + sep)) {
    throw new TypeKroError(
      `${file} is the kubeconfig of a named cluster, and each start of the cluster overwrites it`,
      { code: 'cluster/kubeconfig', remedy: 'name another file with --kubeconfig, or unset KUBECONFIG' },
    );
  }
  const settings = readSettings(folder.path) ?? { schemaVersion: 1, data: false };
  if (settings.entryIn !== undefined && settings.entryIn !== file) {
    throw new TypeKroError(`the cluster "${folder.name}" has an entry in ${settings.entryIn} already`, {
      code: 'cluster/kubeconfig',
      remedy: `name this file: --kubeconfig ${shellWord(settings.entryIn)}; or stop the cluster, which removes the entry`,
    });
  }
  return { file, settings };
}

/**
 * If `context` belongs to another named cluster, returns the contexts that were current before `context`. This cluster
 * needs them because the other cluster may end first, which removes `context`.
 */
function contextsBeforeCluster(env: CommandContext['env'], context: string, file: string): readonly string[] {
  const name = clusterNames(env).find((each) => contextName(each) === context);
  const other = name === undefined ? undefined : readSettings(clusterFolder(env, name).path);
  return other?.entryIn === file ? (other.contextsBefore ?? []) : [];
}
