/**
 * Finds the processes of each run of a container, also those that have left its session (`setsid`, a daemon), so that
 * the bounds and the end of the container hold for them.
 */
import type { ProgramGuard } from './container-process.ts';
import type { TableEntry } from './process-table.ts';
import { environmentOf, markPrefix, runIn } from './run-mark.ts';
import {
  isShortOfFiles,
  killSession,
  linuxProcesses,
  listProcesses,
  memoryBytes,
  SCAN_MS,
  signalProcess,
} from './process-table.ts';

/** The processes of a run and their memory. */
interface RunUse {
  /** The number of processes, including ended processes whose parents have not read their exit codes. */
  readonly processes: number;
  /** The ids of the processes that have not ended. */
  readonly pids: readonly number[];
  /** Shared pages count once for each process. */
  readonly memoryBytes: number;
}

/** Kills process groups when the cluster has ended. */
export interface GroupWatch {
  add(group: number): void;
  remove(group: number): void;
}

/** The programs of one run: the main program, hooks, probes, and programs of `exec`. */
export interface RunPrograms {
  /** The value of the variable `MARK`. */
  readonly mark: string;
  /** Follows the main program. Its end is the end of the run: all processes with the mark are killed. */
  readonly main: ProgramGuard;
  /** Follows a hook or a probe. Its end is the end of its session. */
  readonly helper: ProgramGuard;
  /** Follows a program of `exec`. The bounds of the container do not hold for the session of the program. */
  readonly exec: ProgramGuard;
}

/** The number of passes in a row without a process to kill, after which the processes of ended runs count as killed. */
const EMPTY_PASSES = 2;

/**
 * The maximum number of passes of one call. A call therefore ends even while processes start new ones faster than they
 * are killed.
 */
const MAX_PASSES = 20;

/**
 * The number of measurements that still search for processes of ended runs, after the end of a run or after the last
 * such process was killed.
 */
const ROUNDS_AFTER_END = 20;

/** The processes of the containers of one cluster. */
export class ContainerMembers {
  readonly #prefix: string;
  readonly #watchdog: GroupWatch;
  #lastRun = 0;
  /** The programs by the ids of their first processes, which are the ids of their sessions, too. */
  readonly #programs = new Map<number, { readonly run: number; readonly isCounted: boolean }>();
  /** The ids of main programs that have ended since the last search. */
  readonly #endedMains = new Set<number>();
  /** The runs whose main programs have started and not ended. */
  readonly #runs = new Set<number>();
  /** The runs of processes that an earlier reading of the table has found, by the keys of the processes. */
  #known = new Map<string, number>();
  /** The processes that are not read again, because their environments have no mark. */
  #unmarked = new Set<string>();
  /** The groups that the watchdog kills, besides those of the programs. */
  #watchedGroups: ReadonlySet<number> = new Set();
  #roundsLeft = 0;
  #isScheduled = false;

  /** `folder` is the folder of the pods of the cluster. */
  constructor(folder: string, watchdog: GroupWatch) {
    this.#prefix = markPrefix(folder);
    this.#watchdog = watchdog;
  }

  /** The programs of a new run. */
  begin(): RunPrograms {
    const run = (this.#lastRun += 1);
    const end = () => {
      this.#runs.delete(run);
      this.#roundsLeft = ROUNDS_AFTER_END;
      this.#killSoon();
    };
    const guard = (isCounted: boolean): ProgramGuard => ({
      started: (leader) => {
        this.#endedMains.delete(leader);
        this.#programs.set(leader, { run, isCounted });
        this.#watchdog.add(leader);
      },
      kill: (leader) => killSession(leader),
      ended: (leader) => {
        killSession(leader);
        this.#programs.delete(leader);
        this.#watchdog.remove(leader);
      },
    });
    return {
      mark: `${this.#prefix}${run}`,
      main: {
        started: (leader) => {
          this.#runs.add(run);
          guard(true).started(leader);
        },
        kill: (leader) => {
          signalProcess(-leader, 'SIGKILL');
          end();
        },
        ended: (leader) => {
          signalProcess(-leader, 'SIGKILL');
          // The next search still needs the id, because other groups of the session may be left.
          this.#endedMains.add(leader);
          this.#watchdog.remove(leader);
          end();
        },
      },
      helper: guard(true),
      exec: guard(false),
    };
  }

  /** May a process of an ended run still exist? */
  get isEnding(): boolean {
    return this.#roundsLeft > 0;
  }

  /** Measures the runs, by their marks. Kills processes of ended runs. */
  async measure(): Promise<ReadonlyMap<string, RunUse>> {
    const uses = new Map<string, { processes: number; pids: number[]; memoryBytes: number }>();
    const groups = new Set<number>();
    this.#roundsLeft = Math.max(0, this.#roundsLeft - 1);
    for (const [entry, run] of this.#assign(await listProcesses())) {
      if (!this.#runs.has(run)) {
        this.#kill(entry);
        continue;
      }
      if (!this.#programs.has(entry.group)) groups.add(entry.group);
      if (this.#programs.get(entry.session)?.isCounted === false) continue;
      const mark = `${this.#prefix}${run}`;
      const use = uses.get(mark) ?? { processes: 0, pids: [], memoryBytes: 0 };
      uses.set(mark, use);
      use.processes += 1;
      if (entry.hasEnded) continue;
      use.pids.push(entry.pid);
      use.memoryBytes += memoryBytes(entry);
    }
    this.#watch(groups);
    return uses;
  }

  /**
   * Kills the processes of ended runs, where the table can be read at once. On other systems, the watchdog and
   * `measure` kill them.
   */
  killEnded(): void {
    try {
      if (process.platform === 'linux') this.#search();
    } catch (error) {
      // Other errors mean that the machine has no table.
      if (isShortOfFiles(error)) return void setTimeout(() => this.killEnded(), SCAN_MS).unref();
    }
    for (const leader of this.#endedMains) this.#programs.delete(leader);
    this.#endedMains.clear();
  }

  /** Kills the processes of ended runs, until no further one is found. A killed process starts no other one. */
  #search(): void {
    const killed = new Set<string>();
    for (let pass = 0, empty = 0; pass < MAX_PASSES && empty < EMPTY_PASSES; pass += 1) {
      const before = killed.size;
      for (const [entry, run] of this.#assign(linuxProcesses())) {
        if (this.#runs.has(run) || entry.hasEnded || killed.has(keyOf(entry))) continue;
        this.#kill(entry);
        killed.add(keyOf(entry));
      }
      empty = killed.size === before ? empty + 1 : 0;
    }
  }

  /** The ends of several runs need one search. */
  #killSoon(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.killEnded();
    });
  }

  /** Kills the group of a process. All processes of the group belong to the same run. */
  #kill({ pid, group, hasEnded }: TableEntry): void {
    if (hasEnded) return;
    this.#roundsLeft = ROUNDS_AFTER_END;
    // The group 0 is a group outside this PID namespace. A signal to 0 would reach the group of the cluster, and a
    // signal to -1 every process.
    signalProcess(group > 1 ? -group : pid, 'SIGKILL');
  }

  /** The ids of the processes of runs, by their marks. Linux only. */
  processesOf(marks: ReadonlySet<string>): readonly number[] {
    return [...this.#assign(linuxProcesses())].flatMap(([{ pid }, run]) =>
      marks.has(`${this.#prefix}${run}`) ? [pid] : [],
    );
  }

  /** Lets the watchdog kill these groups, and no longer the groups of an earlier call that have ended. */
  #watch(groups: ReadonlySet<number>): void {
    for (const group of this.#watchedGroups) if (!groups.has(group)) this.#watchdog.remove(group);
    for (const group of groups) if (!this.#watchedGroups.has(group)) this.#watchdog.add(group);
    this.#watchedGroups = groups;
  }

  /**
   * The processes of the table that belong to a run, each with its run. Yields each process that is recognized by
   * itself at once, and the descendants of such processes at the end.
   */
  *#assign(table: Iterable<TableEntry>): Generator<readonly [TableEntry, number]> {
    const found = new Map<string, number>();
    const others = new Map<number, TableEntry>();
    const members = new Map<number, number>();
    const unmarked = new Set<string>();
    for (const entry of table) {
      const run = this.#programs.get(entry.session)?.run ?? this.#known.get(keyOf(entry)) ?? this.#marked(entry);
      if (run === undefined) {
        others.set(entry.pid, entry);
        if (this.#unmarked.has(keyOf(entry))) unmarked.add(keyOf(entry));
        continue;
      }
      members.set(entry.pid, run);
      found.set(keyOf(entry), run);
      yield [entry, run];
    }
    for (const [entry, run] of descendants(others, members)) {
      found.set(keyOf(entry), run);
      yield [entry, run];
    }
    this.#known = found;
    this.#unmarked = unmarked;
  }

  /** The run that the environment of a process names. Linux only. */
  #marked(entry: TableEntry): number | undefined {
    if (process.platform !== 'linux' || this.#unmarked.has(keyOf(entry))) return undefined;
    const text = environmentOf(entry.pid);
    if (text === undefined) return undefined;
    const run = runIn(text, this.#prefix);
    // The environment is empty for a moment while a process starts a program.
    if (run === undefined && (text !== '' || isKernelThread(entry))) this.#unmarked.add(keyOf(entry));
    return run;
  }
}

/** The key of a process. Another process with the same id has another key. */
const keyOf = ({ pid, started }: TableEntry): string => `${pid} ${started}`;

/** The id of the parent of all threads of the kernel. */
const KERNEL = 2;

const isKernelThread = ({ pid, parent }: TableEntry): boolean => pid === KERNEL || parent === KERNEL;

/** The descendants of the members, each with the run of its nearest ancestor that is a member. */
export function* descendants(
  others: ReadonlyMap<number, TableEntry>,
  members: ReadonlyMap<number, number>,
): Generator<readonly [TableEntry, number]> {
  const runs = new Map<number, number | undefined>(members);
  for (const entry of others.values()) {
    const path: TableEntry[] = [];
    for (
      let next: TableEntry | undefined = entry;
      next !== undefined && !runs.has(next.pid);
      next = others.get(next.parent)
    ) {
      // The table is not read in one moment, so that the parents may form a cycle.
      runs.set(next.pid, undefined);
      path.push(next);
    }
    const last = path.at(-1);
    if (last === undefined) continue;
    const run = runs.get(last.parent);
    for (const each of path) {
      runs.set(each.pid, run);
      if (run !== undefined) yield [each, run];
    }
  }
}
