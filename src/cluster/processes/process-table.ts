/** The processes of the machine. */
import { readdirSync, readFileSync } from 'node:fs';
import { errorCode, processLibrary } from '../../core/index.ts';

/** A process of the machine, with the ids of its parent, its process group and its session. */
export interface TableEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** On systems that do not list sessions: the id of the group. */
  readonly session: number;
  /** The start of the process, as the system writes it. Another process with the same id has another start. */
  readonly started: string;
  /** Has the process ended, although its parent has not read its exit code? */
  readonly hasEnded: boolean;
  /** The resident memory in bytes; `undefined` on Linux, where the table does not have it. */
  readonly memoryBytes?: number;
}

/** The time before the table is read again when the system refuses to open it, in milliseconds. */
export const SCAN_MS = 200;

/** Has the cluster, or the machine, no free file descriptor? */
export const isShortOfFiles = (error: unknown): boolean => ['EMFILE', 'ENFILE'].includes(errorCode(error) ?? '');

/** The number of the start time among the fields of `/proc/PID/stat` after the name of the program. */
const STARTED = 19;

/**
 * The fields of `/proc/PID/stat` that say where a process belongs. The name of the program may have any characters.
 * `undefined` for another text.
 */
export function parseStat(text: string): TableEntry | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const pid = Number.parseInt(text, 10);
  const [parent, group, session] = [Number(fields[1]), Number(fields[2]), Number(fields[3])];
  if (![pid, parent, group, session].every(Number.isInteger)) return undefined;
  return { pid, parent, group, session, started: fields[STARTED] ?? '', hasEnded: fields[0] === 'Z' };
}

/** A line of `ps` with the columns of `PS_COLUMNS`; `undefined` for another text. */
export function parsePsLine(line: string): TableEntry | undefined {
  const [pid = '', parent = '', group = '', kilobytes = '', state = '', ...started] = line.trim().split(/\s+/);
  if (![pid, parent, group, kilobytes].every((text) => /^\d+$/.test(text))) return undefined;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    session: Number(group),
    started: started.join(' '),
    hasEnded: state.startsWith('Z'),
    memoryBytes: Number(kilobytes) * 1024,
  };
}

const PS_COLUMNS = 'pid=,ppid=,pgid=,rss=,stat=,lstart=';

/**
 * The processes of a Linux machine, the highest id first: a process that is replaced again and again by its child has a
 * high id, and must be read soon after the list of the ids.
 */
export function* linuxProcesses(): Generator<TableEntry> {
  const pids = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  for (const pid of pids.sort((a, b) => b - a)) {
    const text = procText(`/proc/${pid}/stat`);
    const entry = text === undefined ? undefined : parseStat(text);
    if (entry !== undefined) yield entry;
  }
}

/** The processes of the machine. On systems without `/proc`, the list is empty when `ps` fails. */
export async function listProcesses(): Promise<readonly TableEntry[]> {
  if (process.platform === 'linux') return [...linuxProcesses()];
  return (await psLines()).split('\n').flatMap((line) => parsePsLine(line) ?? []);
}

const psLines = (): Promise<string> =>
  new Promise((resolve) => {
    processLibrary().execFile('ps', ['-A', '-o', PS_COLUMNS], { maxBuffer: MAX_PS_BYTES }, (_error, stdout) =>
      resolve(stdout),
    );
  });

/** The maximum size of the output of `ps`: 100 bytes for each of 160,000 processes. */
const MAX_PS_BYTES = 16 * 1024 * 1024;

/** The text of a file in `/proc`; `undefined` when its process has ended meanwhile, or the machine has no such file. */
export function procText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * Kills the processes of a session by the id of its first process. The session is a process group, too. On Linux, this
 * reaches the groups that a process has made in the session.
 */
export function killSession(leader: number): void {
  signalProcess(-leader, 'SIGKILL');
  if (process.platform === 'linux') killGroups(leader);
}

/** Kills the other groups of a session. Reads the table again later while no file can be opened. */
function killGroups(leader: number): void {
  let groups: Set<number>;
  try {
    groups = new Set([...linuxProcesses()].flatMap(({ group, session }) => (session === leader ? [group] : [])));
  } catch (error) {
    // Other errors mean that the machine has no table.
    if (isShortOfFiles(error)) setTimeout(() => killGroups(leader), SCAN_MS).unref();
    return;
  }
  groups.delete(leader);
  for (const group of groups) signalProcess(-group, 'SIGKILL');
}

/**
 * Sends a signal to a process, or to the group of a negative number. Does nothing when the process has ended, or when
 * the system refuses the signal.
 */
export function signalProcess(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** The memory of a process in bytes; 0 when it has ended meanwhile. */
export function memoryBytes({ pid, memoryBytes: listed }: TableEntry): number {
  if (listed !== undefined) return listed;
  const resident = /^VmRSS:\s*(\d+) kB/m.exec(procText(`/proc/${pid}/status`) ?? '')?.[1] ?? '0';
  return Number(resident) * 1024;
}

/**
 * The memory of several processes in bytes. A shared page counts once, and not once for each process. `undefined` when
 * the system does not report this memory. The measurement takes longer than that of `memoryBytes`.
 */
export function sharedMemoryBytes(pids: readonly number[]): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let kilobytes = 0;
  for (const pid of pids) {
    const text = procText(`/proc/${pid}/smaps_rollup`);
    const own = text === undefined ? undefined : /^Pss:\s*(\d+) kB/m.exec(text)?.[1];
    // A process that has ended meanwhile has no memory. For a process that still runs, the system refuses the file.
    if (own === undefined && procText(`/proc/${pid}/stat`) !== undefined) return undefined;
    kilobytes += Number(own ?? 0);
  }
  return kilobytes * 1024;
}
