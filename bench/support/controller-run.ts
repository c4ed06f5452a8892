/** Starts the processes of the controller's benchmark, and measures them from outside. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { message } from './child-messages.ts';

/** Figures that the embedded cluster counts: the requests of one client, and the processor time of the cluster. */
export interface ServerFigures {
  readonly requests: Readonly<Record<string, number>>;
  /** Time of the last request, in milliseconds since 1970. */
  readonly lastAt: number;
  readonly cpuSeconds: number;
}

/**
 * The figures of the cluster and of the controller since their starts. Without an embedded cluster, `requests` has the
 * controller's own counts by method.
 */
export interface Figures extends ServerFigures, ProcessMemory {
  readonly controllerCpu: number;
}

/** The memory of a process in MiB. */
interface ProcessMemory {
  /** All resident memory. */
  readonly rssMb: number;
  /** Peak since the last reset. */
  readonly peakMb: number;
  /** The part that only this process has, e.g. its heaps. */
  readonly privateMb: number;
  /** Resident pages of files, mostly of Node's program file. The kernel drops them when memory is scarce. */
  readonly fileMb: number;
}

/** The controller counts as idle after this many milliseconds without a request. */
const QUIET_MS = 1000;

const folder = mkdtempSync(join(tmpdir(), 'typekro-bench-'));
const children: ChildProcess[] = [];

/** Ends the started processes and removes the written files. */
export function cleanUp(): void {
  for (const child of children) {
    if (child.connected) child.disconnect();
    else child.kill();
  }
  rmSync(folder, { recursive: true });
}

function memoryOf(pid: number): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return {
    rssMb: megabytes('VmRSS'),
    peakMb: megabytes('VmHWM'),
    privateMb: megabytes('RssAnon'),
    fileMb: megabytes('RssFile'),
  };
}

/** The memory of a Node process that runs an empty program. */
export async function memoryOfEmptyNode(): Promise<ProcessMemory> {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['-e', "process.stdin.resume(); console.log('started')"], { env });
  try {
    await once(child.stdout, 'data');
    return memoryOf(child.pid ?? 0);
  } finally {
    child.kill();
  }
}

/** An embedded cluster in a separate process, or the cluster of `KUBECONFIG`. */
export class Server {
  readonly path: string;
  readonly #child: ChildProcess | undefined;

  private constructor(path: string, child: ChildProcess | undefined) {
    this.path = path;
    this.#child = child;
  }

  /** `counted`: the user agent whose requests the cluster counts. `!load` counts the requests of all except `load`. */
  static async start(counted = 'typekro-controller'): Promise<Server> {
    const given = process.env['KUBECONFIG'];
    if (given !== undefined && given !== '') return new Server(given, undefined);
    const child = fork(new URL('cluster-process.ts', import.meta.url), [counted], {
      execArgv: [...process.execArgv, ...nodeFlags('CLUSTER_NODE_FLAGS')],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    children.push(child);
    const path = join(folder, `kubeconfig-${child.pid}`);
    writeFileSync(path, (await message<{ kubeconfig: string }>(child)).kubeconfig);
    return new Server(path, child);
  }

  get isEmbedded(): boolean {
    return this.#child !== undefined;
  }

  /** Ends an embedded cluster. The cluster of `KUBECONFIG` continues to run. */
  async stop(): Promise<void> {
    if (this.#child === undefined) return;
    const ended = new Promise((resolve) => this.#child?.once('exit', resolve));
    this.#child.disconnect();
    await ended;
  }

  async figures(): Promise<ServerFigures | undefined> {
    if (this.#child === undefined) return undefined;
    return message<ServerFigures>(this.#child, 'figures');
  }
}

/** The program of a controller with the flags of kro. */
export interface ControllerProgram {
  readonly command: string;
  readonly args: readonly string[];
  readonly flags: readonly string[];
  /** A path at the address of the metrics. A request for it succeeds once the controller is ready. */
  readonly readyPath: string;
  /** The destination of the error output. `ignore` drops it, for a program that writes its log there. */
  readonly log: 'ignore' | 'inherit';
}

/** The command `typekro controller` of this build, or of the program that the variable `CONTROLLER` names. */
export function ownController(): ControllerProgram {
  const main = process.env['CONTROLLER'] ?? new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const snapshots = ['--heapsnapshot-signal=SIGUSR2', `--diagnostic-dir=${folder}`];
  const args = [...snapshots, ...nodeFlags('CONTROLLER_NODE_FLAGS'), main, 'controller'];
  return { command: process.execPath, args, flags: [], readyPath: '/readyz', log: 'inherit' };
}

/** A process that runs a controller: by default, the command `typekro controller`. */
export class ControllerProcess {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #server: Server;
  /** Time of the start, by `performance.now()`. */
  readonly began = performance.now();
  /** The longest delay of the event loop in the metrics that this object has read. */
  longestDelaySeconds = 0;
  #last: { total: number; at: number } = { total: 0, at: Date.now() };

  private constructor(child: ChildProcess, url: string, server: Server) {
    this.#child = child;
    this.#url = url;
    this.#server = server;
  }

  /** Starts the controller with the flags `extra` added, and waits until it is ready. */
  static async start(
    server: Server,
    extra: readonly string[] = [],
    program = ownController(),
  ): Promise<ControllerProcess> {
    const address = `127.0.0.1:${await freePort()}`;
    const flags = [
      '--kubeconfig',
      server.path,
      '--metrics-bind-address',
      address,
      '--health-probe-bind-address',
      '0',
      ...program.flags,
      ...extra,
    ];
    // Node would keep extra certificates of this machine in memory, and they would count as memory of the controller.
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    const stdio = ['ignore', 'ignore', program.log] as const;
    const child = spawn(program.command, [...program.args, ...flags], { stdio: [...stdio], env });
    children.push(child);
    const controller = new ControllerProcess(child, `http://${address}`, server);
    while (!(await controller.#answers(program.readyPath))) await pause(10);
    return controller;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill();
    await ended;
  }

  async figures(): Promise<Figures> {
    return {
      ...((await this.#server.figures()) ?? (await this.#ownFigures())),
      controllerCpu: cpuSeconds(this.#child.pid ?? 0),
      ...memoryOf(this.#child.pid ?? 0),
    };
  }

  /** Waits until the controller has sent no request for `quietMs`. Default: one second. */
  async settled(quietMs = QUIET_MS): Promise<Figures> {
    for (;;) {
      const figures = await this.figures();
      if (Date.now() - figures.lastAt > quietMs) return figures;
      await pause(100);
    }
  }

  /**
   * The number of requests that this controller process itself has counted. Use it when a cluster has several
   * controllers.
   */
  async ownRequests(): Promise<number> {
    return sum(await this.#metrics(), 'rest_client_requests_total');
  }

  /** The bytes of the live JavaScript heap, from a heap snapshot. A snapshot makes the resident memory larger. */
  async liveHeapBytes(): Promise<number> {
    const suffix = `.${this.#child.pid}.0.001.heapsnapshot`;
    this.#child.kill('SIGUSR2');
    for (;;) {
      await pause(500);
      const file = readdirSync(folder).find((name) => name.endsWith(suffix));
      const bytes = file === undefined ? undefined : snapshotBytes(join(folder, file));
      if (bytes !== undefined) return bytes;
    }
  }

  /** Resets the peak of the resident memory. */
  resetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5');
  }

  /**
   * Waits until the controller has reconciled instances `count` times and the queue is empty. Each request for metrics
   * costs the controller time. Up to four fifths of the count, the requests are therefore ten times less frequent.
   */
  async whenSeen(count: number, everyMs: number): Promise<void> {
    for (;;) {
      const text = await this.#metrics();
      const seen = sum(text, 'instance_reconcile_total');
      if (seen >= count && sum(text, 'dynamic_controller_queue_length') === 0) return;
      await pause(seen < count * 0.8 ? everyMs * 10 : everyMs);
    }
  }

  async #ownFigures(): Promise<ServerFigures> {
    const requests: Record<string, number> = {};
    for (const [, labels = '', value] of (await this.#metrics()).matchAll(
      /^rest_client_requests_total\{(.*)\} (\d+)$/gm,
    )) {
      const method = /method="(\w+)"/.exec(labels)?.[1]?.toLowerCase() ?? '?';
      requests[method] = (requests[method] ?? 0) + Number(value);
    }
    const total = totalRequests(requests);
    if (total !== this.#last.total) this.#last = { total, at: Date.now() };
    return { requests, lastAt: this.#last.at, cpuSeconds: 0 };
  }

  async #metrics(): Promise<string> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    // Each scrape reports the delays since the previous scrape.
    this.longestDelaySeconds = Math.max(this.longestDelaySeconds, sum(text, 'nodejs_eventloop_lag_max_seconds'));
    return text;
  }

  async #answers(path: string): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error(`the controller ended with ${this.#child.exitCode}`);
    try {
      return (await fetch(this.#url + path)).ok;
    } catch (thrown) {
      if (thrown instanceof TypeError) return false;
      throw thrown;
    }
  }
}

/**
 * The sum of all node sizes in a heap snapshot, or `undefined` while the file is being written. Reads the file in
 * parts, because the snapshot of a large fleet is longer than a JavaScript string may be.
 */
function snapshotBytes(path: string): number | undefined {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (
      !readText(file, Math.max(0, size - 16))
        .trimEnd()
        .endsWith('}')
    )
      return undefined;
    const head = readText(file, 0);
    const begin = head.indexOf(NODES);
    const [, list = ''] = /"node_fields":\s*(\[[^\]]*\])/.exec(head) ?? [];
    const fields = JSON.parse(list) as readonly string[];
    return sumOfFields(file, begin + NODES.length, fields.indexOf('self_size'), fields.length);
  } finally {
    closeSync(file);
  }
}

const NODES = '"nodes":[';
const PART_BYTES = 2 ** 20;

function readText(file: number, at: number): string {
  const bytes = Buffer.alloc(PART_BYTES);
  return bytes.toString('latin1', 0, readSync(file, bytes, 0, PART_BYTES, at));
}

/**
 * The sum of the numbers at index `wanted` of each group of `count` numbers. Reads from the byte `from` to the end of
 * the list.
 */
function sumOfFields(file: number, from: number, wanted: number, count: number): number {
  let [sum, index, rest] = [0, 0, ''];
  for (let at = from, text = readText(file, at); text !== ''; at += PART_BYTES, text = readText(file, at)) {
    const end = text.indexOf(']');
    const parts = (rest + (end < 0 ? text : text.slice(0, end))).split(',');
    // The last number may continue in the next part.
    rest = end < 0 ? (parts.pop() ?? '') : '';
    for (const part of parts) if (index++ % count === wanted) sum += Number(part);
    if (end >= 0) break;
  }
  return sum;
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Node flags for a profile of a process, for example `CONTROLLER_NODE_FLAGS="--cpu-prof --cpu-prof-dir=profiles"`. */
function nodeFlags(variable: string): string[] {
  return (process.env[variable] ?? '').split(' ').filter((flag) => flag !== '');
}

/** A free TCP port on loopback. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** The number of all requests of a controller. */
export const totalRequests = (requests: Figures['requests']): number =>
  Object.values(requests).reduce((sum, count) => sum + count, 0);

/** User and system time of a process in seconds. Linux counts in hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function sum(text: string, metric: string): number {
  let total = 0;
  for (const [, value] of text.matchAll(new RegExp(`^${metric}(?:\\{.*\\})? (\\S+)$`, 'gm'))) total += Number(value);
  return total;
}
