/** A controller process that reports its heap, its event loop and its open resources (`probe.mjs`). */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, message, pause } from './controller-run.ts';

/** Milliseconds between two turns of a timer of 10 ms: elapsed time, and the processor time of the process (`busy…`). */
export interface LoopFigures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The processor time of the process between two turns. Other processes of the machine have no effect on it. */
  readonly busyP99: number;
  readonly busyMax: number;
}

/** The figures of a process. `loop` and `pauses` cover the time since the last sample, at first since the start. */
export interface ProbeSample {
  /** Bytes of the JavaScript heap in use, after a forced collection of garbage. */
  readonly heap: number;
  /** Bytes of resident memory before that collection. */
  readonly rss: number;
  /** Bytes of memory outside the heap that objects of the heap own. */
  readonly external: number;
  /** Seconds of processor time since the start of the process. */
  readonly cpu: number;
  readonly loop: LoopFigures;
  /** Milliseconds of each collection of garbage that was not forced. */
  readonly pauses: readonly number[];
  /** The number of open resources by their name, e.g. `TCPSocketWrap` and `Timeout`. */
  readonly resources: Readonly<Record<string, number>>;
}

/** Resources that `stop` leaves out: the channel, the standard streams, and file requests that still run. */
const OF_THE_PROBE = new Set(['PipeWrap', 'TTYWrap', 'FSReqCallback']);

export class ProbedController {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #left: string;

  private constructor(name: string, child: ChildProcess, url: string, left: string) {
    this.name = name;
    this.#child = child;
    this.#url = url;
    this.#left = left;
  }

  /** Starts `typekro controller` with the kubeconfig `<name>.yaml` of the folder. The folder also gets the log. */
  static async start(name: string, folder: string, flags: readonly string[]): Promise<ProbedController> {
    const address = `127.0.0.1:${await freePort()}`;
    const left = join(folder, `${name}-left.json`);
    const log = openSync(join(folder, `${name}.log`), 'w');
    const main = new URL('../../dist/cli/main.js', import.meta.url);
    const addresses = ['--metrics-bind-address', address, '--health-probe-bind-address', '0'];
    const args = ['controller', '--kubeconfig', join(folder, `${name}.yaml`), ...addresses, ...flags];
    const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
    const child = fork(main, args, {
      env,
      execArgv: [
        '--expose-gc',
        '--import',
        `${new URL('probe.mjs', import.meta.url).href}?${encodeURIComponent(left)}`,
      ],
      stdio: ['ignore', log, 'inherit', 'ipc'],
    });
    const controller = new ProbedController(name, child, `http://${address}`, left);
    for (let tries = 0; !(await controller.#answers()); tries += 1) {
      if (controller.#ending !== undefined || tries > 600) throw new Error(`the controller ${name} does not start`);
      await pause(100);
    }
    return controller;
  }

  async sample(): Promise<ProbeSample> {
    if (!this.#child.connected || this.#ending !== undefined) throw this.#ended();
    const sample = message<ProbeSample>(this.#child);
    this.#child.send('sample');
    return sample;
  }

  /** Is this process the leader? */
  async leads(): Promise<boolean> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    return /^leader_election_master_status\{.*\} 1$/m.test(text);
  }

  /** Stops the process. Returns the names of the sockets, timers and other resources that were open at its exit. */
  async stop(): Promise<string[]> {
    if (this.#ending !== undefined) throw this.#ended();
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
    const left = JSON.parse(readFileSync(this.#left, 'utf8')) as ProbeSample['resources'];
    return Object.keys(left).filter((name) => !OF_THE_PROBE.has(name));
  }

  /** The exit code or the signal of a process that has ended. */
  get #ending(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined;
  }

  #ended(): Error {
    return new Error(`the controller ${this.name} has ended: ${this.#ending ?? 'its channel is closed'}`);
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.#url}/metrics`)).ok;
    } catch (thrown) {
      if (thrown instanceof TypeError) return false;
      throw thrown;
    }
  }
}
