/** A controller process that reports its heap, its event loop and its open resources (`probe.mjs`). */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endingOf, message, orderlyEnd } from './child-messages.ts';
import { freePort, pause } from './controller-run.ts';

/**
 * Figures of the time between two ticks of a 10 ms timer, in milliseconds. `p50`, `p99` and `max` describe the elapsed
 * time.
 */
export interface LoopFigures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The processor time of the process between two ticks. Other processes of the machine have no effect on it. */
  readonly busyP99: number;
  readonly busyMax: number;
}

/**
 * The figures of a process. `loop` and `pauses` cover the time since the last sample. In the first sample, they cover
 * the time since the start.
 */
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

  /**
   * Starts `typekro controller` with the kubeconfig `<name>.yaml` of the folder. The log is written to the same folder.
   */
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
    // The process has its own descriptor of the log, so the descriptor of this program is closed.
    closeSync(log);
    const controller = new ProbedController(name, child, `http://${address}`, left);
    for (let tries = 0; !(await controller.#answers()); tries += 1) {
      if (endingOf(child) !== undefined || tries > 600) {
        controller.kill();
        throw new Error(`the controller ${name} does not start`);
      }
      await pause(100);
    }
    return controller;
  }

  async sample(): Promise<ProbeSample> {
    return message<ProbeSample>(this.#child, 'sample');
  }

  /** Is this process the leader? */
  async leads(): Promise<boolean> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    return /^leader_election_master_status\{.*\} 1$/m.test(text);
  }

  /**
   * Stops the process. Returns the names of the sockets, timers and other resources that the controller left open at
   * its exit. Rejects when the process has already ended, or ends with an error.
   */
  async stop(): Promise<string[]> {
    const ending = endingOf(this.#child);
    if (ending !== undefined) throw new Error(`the controller ${this.name} has ended: ${ending}`);
    this.#child.kill('SIGTERM');
    await orderlyEnd(this.#child);
    return Object.keys(JSON.parse(readFileSync(this.#left, 'utf8')) as ProbeSample['resources']);
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
