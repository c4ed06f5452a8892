/**
 * Finds the processes of each run of a container, including processes that have left the session of the run (`setsid`,
 * a daemon). The limits of the container therefore apply to all its processes, and all of them are killed when the
 * container ends.
 */
import type { ProgramGuard } from './container-process.ts';
import type { TableEntry } from './process-table.ts';
import { lacksDescriptors } from '../errors/missing-program.ts';
import { environmentOf, markPrefix, runIn } from './run-mark.ts';
import { linuxProcesses, listProcesses, memoryBytes, SCAN_MS, signalProcess } from './process-table.ts';

/** The processes of a run and their memory. */
interface RunUse {
  /** The number of processes, including zombies. */
  readonly processes: number;
  /** The ids of the processes that have not ended. */
  readonly pids: readonly number[];
  /** The memory of all processes, in bytes. A shared page counts once per process. */
  readonly memoryBytes: number;
}

/** Kills process groups when the cluster has ended. */
export interface GroupWatch {
  add(group: number): void;
  remove(group: number): void;
}

/** The guards for the programs of one run: the main program, hooks, probes, and `exec` programs. */
export interface RunPrograms {
  /** The value of the environment variable `MARK`. */
  readonly mark: string;
  /** Follows the main program. When the main program ends, the run ends, and all processes with the mark are killed. */
  readonly main: ProgramGuard;
  /** Follows a hook or a probe. When it ends, all processes of its session are killed. */
  readonly helper: ProgramGuard;
  /** Follows an `exec` program. The limits of the container do not apply to the session of the program. */
  readonly exec: ProgramGuard;
}

/**
 * After this number of consecutive passes over the process table without a process to kill, all processes of ended runs
 * count as killed.
 */
const EMPTY_PASSES = 2;

/**
 * The maximum number of passes per call. A call therefore ends even when processes start new processes faster than they
 * are killed.
 */
const MAX_PASSES = 20;

/**
 * The number of measurements after which processes of ended runs are no longer expected. The count starts at the end of
 * a run, and again after each killed process.
 */
const ROUNDS_AFTER_END = 20;

/** The processes of the containers of one cluster. */
export class ContainerMembers {
  readonly #prefix: string;
  readonly #watchdog: GroupWatch;
  readonly #table: () => Iterable<TableEntry>;
  #lastRun = 0;
  /** The programs, keyed by the ID of their first process. This ID is also the ID of the program's session. */
  readonly #programs = new Map<number, { readonly run: number; readonly isCounted: boolean }>();
  /** The ids of programs that have ended since the last search. Other groups of their sessions may remain. */
  readonly #ended = new Set<number>();
  /** The runs whose main programs have started and not ended. */
  readonly #runs = new Set<number>();
  /** Maps the key of a process to its run, as found in the last reading of the process table. */
  #known = new Map<string, number>();
  /** The keys of processes whose environments have no mark and are not read again. */
  #unmarked = new Set<string>();
  /** The process groups that the watchdog kills in addition to the groups of the programs. */
  #watchedGroups: ReadonlySet<number> = new Set();
  #roundsLeft = 0;
  #isScheduled = false;

  /** `folder` is the folder with the files of the cluster's pods, and `table` reads the process table of Linux. */
  constructor(folder: string, watchdog: GroupWatch, table: () => Iterable<TableEntry> = linuxProcesses) {
    this.#table = table;
    this.#prefix = markPrefix(folder);
    this.#watchdog = watchdog;
  }

  /** Starts a new run, and returns the guards for its programs. */
  begin(): RunPrograms {
    const run = (this.#lastRun += 1);
    const end = () => {
      this.#runs.delete(run);
      this.#roundsLeft = ROUNDS_AFTER_END;
      this.#killSoon();
    };
    const counted = this.#guard(run, true);
    return {
      mark: `${this.#prefix}${run}`,
      main: {
        started: (leader) => {
          this.#runs.add(run);
          counted.started(leader);
        },
        kill: (leader) => {
          counted.kill(leader);
          end();
        },
        ended: (leader) => {
          counted.ended(leader);
          end();
        },
      },
      helper: counted,
      exec: this.#guard(run, false),
    };
  }

  #guard(run: number, isCounted: boolean): ProgramGuard {
    return {
      started: (leader) => {
        this.#ended.delete(leader);
        this.#programs.set(leader, { run, isCounted });
        this.#watchdog.add(leader);
      },
      kill: (leader) => signalProcess(-leader, 'SIGKILL'),
      ended: (leader) => {
        signalProcess(-leader, 'SIGKILL');
        this.#ended.add(leader);
        this.#watchdog.remove(leader);
        this.#killSoon();
      },
    };
  }

  /** May a process of an ended run still exist? */
  get isEnding(): boolean {
    return this.#roundsLeft > 0;
  }

  /** Measures the resource usage of each run, keyed by the mark of the run. Kills processes of ended runs. */
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
   * Kills the processes of ended runs and programs on Linux, where the process table can be read synchronously. On
   * other systems, the watchdog and `measure` kill these processes.
   */
  killEnded(): void {
    try {
      if (process.platform === 'linux') this.#search();
    } catch (error) {
      // If too many files are open, searches again later. Any other error means that the process table is not
      // available.
      if (lacksDescriptors(error)) return void setTimeout(() => this.killEnded(), SCAN_MS).unref();
    }
    for (const leader of this.#ended) this.#programs.delete(leader);
    this.#ended.clear();
  }

  /** Kills these processes until none is found in `EMPTY_PASSES` consecutive passes. */
  #search(): void {
    const killed = new Set<string>();
    for (let pass = 0, empty = 0; pass < MAX_PASSES && empty < EMPTY_PASSES; pass += 1) {
      const before = killed.size;
      for (const [entry, run] of this.#assign(this.#table())) {
        const isLive = this.#runs.has(run) && !this.#ended.has(entry.session);
        if (isLive || entry.hasEnded || killed.has(keyOf(entry))) continue;
        this.#kill(entry);
        killed.add(keyOf(entry));
      }
      empty = killed.size === before ? empty + 1 : 0;
    }
  }

  /** Calls `killEnded` once for all programs that end in the same turn: it reads all processes of the machine. */
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
    // In the process table, 0 stands for a group outside this PID namespace. As the target of a signal, 0 means the
    // cluster's own group, and -1 means every process.
    signalProcess(group > 1 ? -group : pid, 'SIGKILL');
  }

  /** Returns the IDs of the processes whose runs have the given marks. Linux only. */
  processesOf(marks: ReadonlySet<string>): readonly number[] {
    return [...this.#assign(this.#table())].flatMap(([{ pid }, run]) =>
      marks.has(`${this.#prefix}${run}`) ? [pid] : [],
    );
  }

  /** Makes the watchdog watch exactly these groups, instead of the groups of the previous call. */
  #watch(groups: ReadonlySet<number>): void {
    for (const group of this.#watchedGroups) if (!groups.has(group)) this.#watchdog.remove(group);
    for (const group of groups) if (!this.#watchedGroups.has(group)) this.#watchdog.add(group);
    this.#watchedGroups = groups;
  }

  /**
   * Yields the processes of the table that belong to a run, each with its run. A process that is recognized by its
   * session, its key or its mark is yielded at once; the descendants of such processes are yielded at the end.
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
    // An empty environment does not show that the process has no mark: the environment is empty for a moment while a
    // process executes a new program.
    if (run === undefined && (text !== '' || isKernelThread(entry))) this.#unmarked.add(keyOf(entry));
    return run;
  }
}

/** The key of a process. A later process with the same ID has a different key. */
const keyOf = ({ pid, started }: TableEntry): string => `${pid} ${started}`;

/** The process ID of the parent of all kernel threads. */
const KERNEL = 2;

const isKernelThread = ({ pid, parent }: TableEntry): boolean => pid === KERNEL || parent === KERNEL;

/** Yields the descendants of the members, each with the run of its nearest ancestor among the members. */
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
      // The table is not read atomically, so the parents may form a cycle.
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
