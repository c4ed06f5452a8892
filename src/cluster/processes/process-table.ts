/** The processes of the machine that belong to containers. */
import { readdirSync, readFileSync } from 'node:fs';
import { errorCode, processLibrary } from '../../core/index.ts';
import type { ContainerUse } from './limits.ts';

/** A process of the machine, with the ids of its process group and its session. */
interface TableEntry {
  readonly pid: number;
  readonly group: number;
  readonly session: number;
}

/** The time before the table is read again when the system refuses to open it, in milliseconds. */
const SCAN_MS = 200;

/** Has the cluster, or the machine, no free file descriptor? */
const isShortOfFiles = (error: unknown): boolean => ['EMFILE', 'ENFILE'].includes(errorCode(error) ?? '');

/** The fields of `/proc/PID/stat` that say where a process belongs. The name of the program may have any characters. */
export function parseStat(text: string): TableEntry | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [pid, group, session] = [Number.parseInt(text, 10), Number(fields[2]), Number(fields[3])];
  return [pid, group, session].every(Number.isInteger) ? { pid, group, session } : undefined;
}

function entries(): TableEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const text = procText(`/proc/${name}/stat`);
    const entry = text === undefined ? undefined : parseStat(text);
    return entry === undefined ? [] : [entry];
  });
}

/** The text of a file in `/proc`; `undefined` when its process has ended meanwhile, or the machine has no such file. */
export function procText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Kills all processes of a container by the id of its first process. Each container is a process group and a session of
 * its own. On Linux, this reaches the groups that a process has made in the session, too.
 */
export function killContainer(leader: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  signalProcess(-leader, signal);
  if (process.platform === 'linux') signalSession(leader, signal);
}

/** Sends the signal to the other groups of a session. Reads the table again later while no file can be opened. */
function signalSession(leader: number, signal: NodeJS.Signals): void {
  let groups: Set<number>;
  try {
    groups = new Set(entries().flatMap(({ group, session }) => (session === leader ? [group] : [])));
  } catch (error) {
    // Other errors mean that the machine has no table.
    if (isShortOfFiles(error)) setTimeout(() => signalSession(leader, signal), SCAN_MS).unref();
    return;
  }
  groups.delete(leader);
  for (const group of groups) signalProcess(-group, signal);
}

/**
 * Sends a signal to a process, or to the group of a negative number. Does nothing when the process has ended, or when
 * the system refuses the signal.
 */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** Measures the resource usage of containers, by the ids of their first processes. */
export async function measureUse(leaders: ReadonlySet<number>): Promise<ReadonlyMap<number, ContainerUse>> {
  const sums = new Map<number, { memoryBytes: number; processes: number }>();
  const add = (leader: number, memoryBytes: number) => {
    const sum = sums.get(leader) ?? { memoryBytes: 0, processes: 0 };
    sums.set(leader, { memoryBytes: sum.memoryBytes + memoryBytes, processes: sum.processes + 1 });
  };
  if (process.platform === 'linux') {
    for (const { pid, session } of entries()) {
      if (!leaders.has(session)) continue;
      const resident = /^VmRSS:\s*(\d+) kB/m.exec(procText(`/proc/${pid}/status`) ?? '')?.[1] ?? '0';
      add(session, Number(resident) * 1024);
    }
  } else {
    for (const line of (await listedProcesses()).split('\n')) {
      const [group = 0, kilobytes = 0] = line.trim().split(/\s+/).map(Number);
      if (leaders.has(group)) add(group, kilobytes * 1024);
    }
  }
  return sums;
}

/**
 * The memory of a container in bytes. A shared page counts once, and not once for each process. `undefined` when the
 * system does not report this memory. The measurement takes longer than that of `measureUse`.
 */
export function sharedMemoryBytes(leader: number): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let kilobytes = 0;
  for (const pid of processesOf(new Set([leader]))) {
    const text = procText(`/proc/${pid}/smaps_rollup`);
    const own = text === undefined ? undefined : /^Pss:\s*(\d+) kB/m.exec(text)?.[1];
    // A process that has ended meanwhile has no memory. For others, the system refuses the file.
    if (own === undefined && procText(`/proc/${pid}/stat`) !== undefined) return undefined;
    kilobytes += Number(own ?? 0);
  }
  return kilobytes * 1024;
}

/** The ids of the processes in the sessions of containers, by the ids of their first processes. Linux only. */
export const processesOf = (leaders: ReadonlySet<number>): readonly number[] =>
  entries().flatMap(({ pid, session }) => (leaders.has(session) ? [pid] : []));

/** The group and the resident memory of each process, on systems without `/proc`. Empty when `ps` fails. */
const listedProcesses = (): Promise<string> =>
  new Promise((resolve) => {
    processLibrary().execFile('ps', ['-A', '-o', 'pgid=,rss='], (_error, stdout) => resolve(stdout));
  });
