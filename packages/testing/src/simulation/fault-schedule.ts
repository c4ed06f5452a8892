import type { TransportRequest } from '@typekro/kube';
import { noise } from './sim-clock.ts';

/** A fault of a request. */
export type Fault =
  | 'none'
  /** The connection is refused, so the request does not reach the server. */
  | 'refused'
  /** The request does not reach the server, and the client receives no response. */
  | 'black-hole'
  /** The server executes the request, and the connection breaks. */
  | 'lost-answer'
  /** The server executes the request, and the client receives no response. */
  | 'no-answer'
  /** The server executes the request, and a proxy responds with a timeout. */
  | 'gateway-timeout'
  | 'crash-before'
  | 'crash-after'
  | 'busy'
  | 'error'
  | 'unavailable'
  | 'conflict'
  /** The server responds that the version or the continue token is too old. */
  | 'expired';

/**
 * All faults of requests. A schedule chooses from these faults; an exhaustive run tries each fault at every request.
 */
export const REQUEST_FAULTS: readonly Fault[] = [
  'crash-before',
  'crash-after',
  'lost-answer',
  'no-answer',
  'gateway-timeout',
  'refused',
  'black-hole',
  'busy',
  'error',
  'unavailable',
  'conflict',
  'expired',
];

/** The faults of one line of a watch. */
export interface LineFault {
  /** The delay in turns of the event loop. */
  readonly turns: number;
  /** The delay in milliseconds. Later lines of the same watch also wait. */
  readonly holdMs: number;
  readonly twice: boolean;
  /** An earlier line of the same watch is repeated before this line. */
  readonly replay: boolean;
  /** The watch ends before the line. */
  readonly cut: boolean;
  /** The watch stays open without this line and without any later line. */
  readonly silent: boolean;
  /** The watch ends with the error that its version is too old. */
  readonly expired: boolean;
}

/** Decides about the disruptions of a run. They depend only on the seed, and each is independent of the others. */
export class FaultSchedule {
  readonly #seed: number;
  readonly #only: ReadonlySet<string> | undefined;
  /**
   * The names of the disruptions so far, in order. If a subset of these names is passed as `only` to a run with the
   * same seed, that run has only the disruptions of the subset.
   */
  readonly happened: string[] = [];
  /** Have the disruptions ended? */
  isOver = false;

  /** `only` has the names of the permitted disruptions. Default: all. */
  constructor(seed: number, only?: ReadonlySet<string>) {
    this.#seed = seed;
    this.#only = only;
  }

  /** Does the disruption with this source and number happen? If so, its name is recorded. */
  happens(source: string, count: number, probability: number, detail = ''): boolean {
    if (this.isOver || noise(this.#seed, source, count) >= probability) return false;
    const name = `${source} ${count}${detail === '' ? '' : ` (${detail})`}`;
    if (this.#only !== undefined && !this.#only.has(name)) return false;
    this.happened.push(name);
    return true;
  }

  /** A pseudo-random number in [0, 1) for a detail of a disruption. */
  detail(source: string, count: number): number {
    return noise(this.#seed, `detail of ${source}`, count);
  }

  /** The fault of the request with this number. */
  requestFault(index: number, { method }: TransportRequest): Fault {
    const drawn = REQUEST_FAULTS[Math.floor(this.detail('request', index) * REQUEST_FAULTS.length)] ?? 'none';
    const fault = method === 'GET' && drawn === 'conflict' ? 'unavailable' : drawn;
    return this.happens('request', index, 0.1, fault) ? fault : 'none';
  }

  /** The faults of a line of a watch. */
  lineFault(stream: number, line: number): LineFault {
    const count = stream * 1000 + line;
    const number = this.detail('late line', count);
    return {
      turns: this.happens('late line', count, 0.5) ? Math.floor(number * number * 12) : 0,
      holdMs: this.happens('held line', count, 0.02) ? Math.floor(this.detail('held line', count) * 8000) : 0,
      twice: this.happens('doubled line', count, 0.05),
      replay: this.happens('replayed line', count, 0.04),
      cut: this.happens('cut', count, 0.02),
      silent: this.happens('silence', count, 0.003),
      expired: this.happens('expired', count, 0.005),
    };
  }

  /** The delay of a request or of its response, in turns of the event loop. */
  turns(index: number): number {
    const number = this.detail('late answer', index);
    return this.happens('late answer', index, 0.6) ? Math.floor(number * number * 12) : 0;
  }
}

/** A schedule without disruptions. */
export function noFaults(): FaultSchedule {
  const schedule = new FaultSchedule(0, new Set());
  schedule.isOver = true;
  return schedule;
}
