import { Worker } from 'node:worker_threads';
import type { FuzzTarget } from './fuzz-target.ts';
import { MAX_INPUT_BYTES } from './mutator.ts';

/**
 * The time between two checks of the watchdog, in milliseconds. If the same input runs at two consecutive checks, the
 * watchdog treats it as endless.
 */
const MAX_INPUT_MS = 60_000;

/**
 * The program of the watchdog thread. A separate thread is necessary, because the thread of the tests cannot notice its
 * own endless loop. `buffer` contains a counter, the length of the current input, and its bytes.
 */
const PROGRAM = `
const { workerData: { buffer, milliseconds } } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const head = new Int32Array(buffer, 0, 2);
for (let last = -1; ; ) {
  const present = Atomics.load(head, 0);
  if (present === last && present % 2 === 1) {
    const input = Buffer.from(Buffer.from(buffer, 8, Atomics.load(head, 1)));
    writeSync(2, 'an input does not end (base64 ' + input.toString('base64') + ')\\n');
    process.kill(process.pid, 'SIGKILL');
  }
  last = present;
  Atomics.wait(head, 0, present, milliseconds);
}
`;

/**
 * When an input runs at two consecutive checks, prints the input and kills the process. The thread checks once per
 * period, so that the cost does not depend on the number of inputs.
 */
export class Watchdog implements AsyncDisposable {
  readonly #buffer = new SharedArrayBuffer(8 + 2 * MAX_INPUT_BYTES);
  readonly #head = new Int32Array(this.#buffer, 0, 2);
  readonly #worker: Worker;

  constructor(milliseconds = MAX_INPUT_MS) {
    this.#worker = new Worker(PROGRAM, {
      eval: true,
      execArgv: [],
      workerData: { buffer: this.#buffer, milliseconds },
    });
    this.#worker.unref();
  }

  /** Called before an input runs. If an input is longer than the buffer, the watchdog prints only the first part. */
  begin(input: Buffer): void {
    const length = Math.min(input.length, 2 * MAX_INPUT_BYTES);
    new Uint8Array(this.#buffer, 8).set(input.subarray(0, length));
    Atomics.store(this.#head, 1, length);
    this.#next();
  }

  /** Called after an input has run. */
  end(): void {
    this.#next();
  }

  /** Returns the target with a `run` that this watchdog observes. */
  watch(target: FuzzTarget): FuzzTarget {
    return {
      ...target,
      run: async (input) => {
        this.begin(input);
        try {
          return await target.run(input);
        } finally {
          this.end();
        }
      },
    };
  }

  #next(): void {
    // While an input runs, the counter is odd.
    Atomics.add(this.#head, 0, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
