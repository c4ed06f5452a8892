/** Lists the processes of the machine, and sends signals to them. */
import { readdirSync } from 'node:fs';
import { errorCode, processLibrary, readRegularFile } from '@typekro/kit/core';

/** A process of the machine, with the ids of its parent, its process group and its session. */
export interface TableEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** The ID of the session. On systems that do not list sessions, the ID of the process group. */
  readonly session: number;
  /**
   * The start time of the process, in the system's format. A later process with the same ID has a different start time.
   */
  readonly started: string;
  /** Is the process a zombie, which has ended but whose parent has not read its exit code? */
  readonly hasEnded: boolean;
  /** The resident memory in bytes; `undefined` on Linux, where the table does not contain this value. */
  readonly memoryBytes?: number;
}

/** The delay before the table is read again when no file descriptor is free, in milliseconds. */
export const SCAN_MS = 200;

/** The index of the start time among the fields that follow the program name in `/proc/PID/stat`. */
const STARTED = 19;

/**
 * Parses the content of `/proc/PID/stat`, in which the program name may contain any characters. Returns `undefined` for
 * malformed content.
 */
export function parseStat(text: string): TableEntry | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const pid = Number.parseInt(text, 10);
  const [parent, group, session] = [Number(fields[1]), Number(fields[2]), Number(fields[3])];
  if (![pid, parent, group, session].every(Number.isInteger)) return undefined;
  return { pid, parent, group, session, started: fields[STARTED] ?? '', hasEnded: fields[0] === 'Z' };
}

/** Parses a line of `ps` with the columns `PS_COLUMNS`. Returns `undefined` for a malformed line. */
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
 * Yields the processes of a Linux machine, the highest ID first. A process that repeatedly replaces itself by a child
 * has a high ID, and must be read soon after the IDs are listed, before it is replaced again.
 */
export function* linuxProcesses(): Generator<TableEntry> {
  const pids = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  for (const pid of pids.sort((a, b) => b - a)) {
    const text = procText(`/proc/${pid}/stat`);
    const entry = text === undefined ? undefined : parseStat(text);
    if (entry !== undefined) yield entry;
  }
}

/**
 * The processes of the machine. On systems without `/proc`, they come from `ps`, and the list is empty when `ps` fails.
 */
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

/** The maximum size of the output of `ps`, which suffices for 160,000 processes with 100 bytes each. */
const MAX_PS_BYTES = 16 * 1024 * 1024;

/**
 * The content of a file in `/proc`; `undefined` when its process has ended in the meantime, or the machine has no such
 * file.
 */
export function procText(path: string): string | undefined {
  try {
    return readRegularFile(path).toString();
  } catch {
    return undefined;
  }
}

/**
 * Sends a signal to a process, or to a process group if `pid` is negative. Does nothing when the process has ended, or
 * when the system refuses the signal.
 */
export function signalProcess(pid: number, signal: NodeJS.Signals | number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/** The memory of a process in bytes; 0 when the process has ended in the meantime. */
export function memoryBytes({ pid, memoryBytes: listed }: TableEntry): number {
  if (listed !== undefined) return listed;
  const resident = /^VmRSS:\s*(\d+) kB/m.exec(procText(`/proc/${pid}/status`) ?? '')?.[1] ?? '0';
  return Number(resident) * 1024;
}

/**
 * The memory of several processes in bytes. The size of a shared page is divided among all processes that share the
 * page. `undefined` when the system does not report this memory. This measurement is slower than `memoryBytes`.
 */
export function sharedMemoryBytes(pids: readonly number[]): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let kilobytes = 0;
  for (const pid of pids) {
    const text = procText(`/proc/${pid}/smaps_rollup`);
    const own = text === undefined ? undefined : /^Pss:\s*(\d+) kB/m.exec(text)?.[1];
    // If the process has ended in the meantime, it has no memory. If it still runs, the system has refused to open the
    // file.
    if (own === undefined && procText(`/proc/${pid}/stat`) !== undefined) return undefined;
    kilobytes += Number(own ?? 0);
  }
  return kilobytes * 1024;
}
