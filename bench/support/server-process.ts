/** Starts `cluster-server.mjs`, a cluster in a separate process, for the benchmarks of the embedded API server. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { message, orderlyEnd } from './child-messages.ts';
import type { Endpoint } from './wire.ts';

/** The resources that a process uses. With `--expose-gc`, the process collects its garbage before it measures them. */
export interface Usage {
  /** Resident memory in bytes, current and peak. */
  readonly rss: number;
  readonly peak: number;
  /** Bytes of the JavaScript heap in use. */
  readonly heap: number;
  /** Microseconds of processor time. */
  readonly cpu: number;
}

/** The times of a start in milliseconds. `cluster-server.mjs` defines them. */
export interface Times {
  readonly first: number;
  readonly made: number;
  readonly ready: number;
}

/** A running process. */
export interface Server extends Endpoint, Times {
  /** The time of the fork, by `performance.now()`. */
  readonly forkedAt: number;
  usage(): Promise<Usage>;
  /** Ends the process in an orderly way. */
  stop(): Promise<void>;
  /** Ends the process with SIGKILL, and settles when it is gone. */
  kill(): Promise<void>;
}

/**
 * The environment without the variables that delay the start of each Node process: certificates to read, modules to
 * preload.
 */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...plain } = process.env;
  return plain;
}

/** Starts a process with flags of `cluster-server.mjs` and of Node, and waits until it is ready. */
export async function startServer(flags: readonly string[], nodeFlags: readonly string[] = []): Promise<Server> {
  const forkedAt = performance.now();
  const child = fork(fileURLToPath(new URL('cluster-server.mjs', import.meta.url)), flags, {
    env: plainEnvironment(),
    execArgv: [...nodeFlags],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = await message<Omit<Server, 'forkedAt' | 'usage' | 'stop' | 'kill'>>(child);
  return {
    ...ready,
    forkedAt,
    usage: () => message(child, 'usage'),
    stop() {
      child.send('stop');
      return orderlyEnd(child);
    },
    kill() {
      child.kill('SIGKILL');
      return gone;
    },
  };
}
