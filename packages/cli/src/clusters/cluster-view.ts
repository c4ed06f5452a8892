import { definedMembers } from '@typekro/kit/core';
import { age } from '@typekro/kit/kubernetes';
import type { CommandContext } from '../command.ts';
import { printableLine, tableLines } from '@typekro/app/text';
import type { ClusterState, FoundCluster } from './cluster-folder.ts';
import { askState, objectsInAnswer, problemInAnswer } from './control-client.ts';
import { contextName } from './user-kubeconfig.ts';
import { readPrivate } from './cluster-files.ts';

/** The number of log lines that commands show. */
const SHOWN_LINES = 10;

/** Matches a line of V8's report about a fatal error that does not say what happened, such as a native frame. */
const REPORT_LINE = /^(?: *\d+: 0x[\da-f]+ |-+ Native stack trace -+|<---.*--->|\[\d+:0x[\da-f]+\] )/;

const OUT_OF_MEMORY = /^FATAL ERROR: .*(?:heap out of memory|allocation failure|heap limit)/i;

/** A named cluster as `-o json` prints it. */
export interface ClusterView {
  readonly name: string;
  readonly state: Exclude<ClusterState, 'absent'>;
  /** The address of the API. Absent unless the cluster is running. */
  readonly url?: string;
  readonly kubernetesVersion?: string;
  readonly pid?: number;
  /** The time of the start, ISO 8601. */
  readonly startedAt?: string;
  /** Are the objects kept on the disk? */
  readonly data: boolean;
  /** The number of objects. Absent unless the cluster is running and responds. */
  readonly objects?: number;
  /** The reason why a running cluster does not respond, refuses writes, or fails. */
  readonly problem?: string;
  readonly kubeconfig: string;
  /**
   * The name of the cluster's context in the user's kubeconfig, and the path of this kubeconfig. Absent when there is
   * no such context.
   */
  readonly context?: string;
  readonly contextIn?: string;
  readonly log: string;
  /** The audit log. Absent when there is none. */
  readonly auditLog?: string;
  /** The working directory of pods that are processes of this machine. Absent unless the cluster runs such pods. */
  readonly processDirectory?: string;
  /** The end of the log of a crashed cluster. */
  readonly lastLines?: readonly string[];
}

/**
 * Describes a cluster. Asks a running cluster for the number of its objects. Returns `undefined` for an absent cluster.
 */
export async function clusterView(
  { signal }: Pick<CommandContext, 'signal'>,
  { folder, state, settings, record, pid }: FoundCluster,
): Promise<ClusterView | undefined> {
  if (state === 'absent') return undefined;
  const answer =
    state === 'running' && record !== undefined
      ? await askState(record, signal).then(
          (bytes) => ({ objects: objectsInAnswer(bytes), problem: problemInAnswer(bytes) }),
          (error: unknown) => {
            signal.throwIfAborted();
            const hint = `typekro cluster stop ${folder.name} ends it, with a signal if necessary`;
            return { problem: `${error instanceof Error ? error.message : String(error)}; ${hint}` };
          },
        )
      : {};
  const { objects, problem } = { objects: undefined, problem: undefined, ...answer };
  return {
    name: folder.name,
    state,
    ...(state === 'running' && record !== undefined
      ? { url: record.url, kubernetesVersion: record.kubernetesVersion, startedAt: record.startedAt }
      : {}),
    ...(pid === undefined ? {} : { pid }),
    data: settings?.data === true,
    ...definedMembers({ objects, problem }),
    kubeconfig: folder.kubeconfig,
    ...(settings?.entryIn === undefined ? {} : { context: contextName(folder.name), contextIn: settings.entryIn }),
    log: folder.log,
    ...(settings?.audit === undefined ? {} : { auditLog: settings.audit.log }),
    ...(settings?.processDirectory === undefined || state !== 'running'
      ? {}
      : { processDirectory: settings.processDirectory }),
    ...(state === 'crashed' ? { lastLines: lastLines(folder.log) } : {}),
  };
}

/**
 * The word for a state in the table. A running cluster with a problem has `no response`, or `impaired` if it responds.
 */
const stateCell = ({ state, objects, problem }: ClusterView): string =>
  problem === undefined ? state : objects === undefined ? 'no response' : 'impaired';

/** The table of `typekro cluster list`. */
export function clusterTableLines(views: readonly ClusterView[], now: number): readonly string[] {
  if (views.length === 0) return ['there is no cluster; typekro cluster start makes one'];
  const rows = views.map((view) => {
    const { name, url = '-', startedAt, data, objects } = view;
    return [
      name,
      stateCell(view),
      url,
      startedAt === undefined ? '-' : age(startedAt, now),
      data ? 'kept' : 'in memory',
      objects === undefined ? '-' : String(objects),
    ];
  });
  return tableLines([['NAME', 'STATE', 'ADDRESS', 'AGE', 'DATA', 'OBJECTS'], ...rows], '   ');
}

/** The lines of `typekro cluster status`. */
export function clusterStatusLines(view: ClusterView, now: number): readonly string[] {
  const { name, state, startedAt, data, objects, kubeconfig, context, contextIn, log } = view;
  const rows: (readonly [string, string | undefined])[] = [
    ['address', view.url],
    ['process', view.pid === undefined ? undefined : String(view.pid)],
    ['Kubernetes', view.kubernetesVersion],
    ['age', startedAt === undefined ? undefined : age(startedAt, now)],
    ['objects', objects === undefined ? undefined : String(objects)],
    ['data', data ? 'kept on the disk' : 'in memory only'],
    ['kubeconfig', state === 'running' ? kubeconfig : undefined],
    ['context', context === undefined ? undefined : `${context} in ${contextIn ?? ''}`],
    ['log', log],
    ['audit log', view.auditLog],
    ['processes', view.processDirectory === undefined ? undefined : `of pods, in ${view.processDirectory}`],
  ];
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined);
  return [
    `${name} is ${STATE_WORDS[state]}`,
    ...tableLines(shown).map((line) => `  ${line}`),
    ...(view.problem === undefined ? [] : ['', `  ${printableLine(view.problem)}`]),
    ...(state === 'crashed' ? crashLines(view) : []),
    ...(state === 'stopped' ? ['', `  start it again: typekro cluster start ${name}`] : []),
  ];
}

const STATE_WORDS: Readonly<Record<ClusterView['state'], string>> = {
  running: 'running',
  starting: 'starting or ending',
  stopped: 'stopped',
  crashed: 'not running: its process has ended without being stopped',
};

function crashLines({ name, data, lastLines: lines = [] }: ClusterView): readonly string[] {
  const objects = data ? 'its objects are kept' : 'its objects are gone';
  return [
    ...(lines.length === 0 ? [] : ['', 'the end of its log:', ...lines.map((line) => `  ${printableLine(line)}`)]),
    '',
    `start it again (${objects}): typekro cluster start ${name}`,
    `remove it: typekro cluster stop ${name}${data ? ' --delete' : ''}`,
  ];
}

/** Returns the last lines of a log; an empty list when there is no log. V8's report is only one line of them. */
export function lastLines(path: string): readonly string[] {
  const lines = (readPrivate(path) ?? '').split('\n');
  return lines
    .filter((line) => line !== '' && !REPORT_LINE.test(line))
    .slice(-SHOWN_LINES)
    .map((line) => (OUT_OF_MEMORY.test(line) ? `the process ran out of memory (${line})` : line));
}
