import type { TransportRequest } from '../../kube/index.ts';
import { noise } from './sim-clock.ts';

/** What may happen to a request. */
export type Fault =
  | 'none'
  /** It never reaches the server. */
  | 'refused'
  /** No answer comes, and it never reaches the server. */
  | 'black-hole'
  /** It is carried out and the connection breaks. */
  | 'lost-answer'
  /** It is carried out and no answer comes. */
  | 'no-answer'
  /** It is carried out and a proxy answers that it waited too long. */
  | 'gateway-timeout'
  | 'crash-before'
  | 'crash-after'
  | 'busy'
  | 'error'
  | 'unavailable'
  | 'conflict'
  /** What a list or watch goes on from is too old. */
  | 'expired';

/** Faults that an exhaustive run tries at every request. */
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

/** What happens to one line of a watch. */
export interface LineFault {
  /** So many turns of the event loop late. */
  readonly turns: number;
  /** So many milliseconds late; the lines behind wait, too, those of other kinds do not. */
  readonly holdMs: number;
  readonly twice: boolean;
  /** An old line of the same stream comes once more before it. */
  readonly replay: boolean;
  /** The stream ends before it. */
  readonly cut: boolean;
  /** The stream stays open, and neither this line nor a later one ever comes. */
  readonly silent: boolean;
  /** The server says that what the watch stands at is too old. */
  readonly expired: boolean;
}

/** Which disruptions a run has. All of it depends on the seed alone, each disruption independent of the others. */
export class Weather {
  readonly #seed: number;
  readonly #only: ReadonlySet<string> | undefined;
  /** What struck, in order, by name; a subset of these names given as `only` makes a run with just them. */
  readonly struck: string[] = [];
  /** No more disruptions from now on. */
  calm = false;

  /** `only`: the names of the disruptions that are let through. Default: all. */
  constructor(seed: number, only?: ReadonlySet<string>) {
    this.#seed = seed;
    this.#only = only;
  }

  /** A disruption with a name and a probability: does it strike? */
  strikes(source: string, count: number, probability: number, detail = ''): boolean {
    if (this.calm || noise(this.#seed, source, count) >= probability) return false;
    const name = `${source} ${count}${detail === '' ? '' : ` (${detail})`}`;
    if (this.#only !== undefined && !this.#only.has(name)) return false;
    this.struck.push(name);
    return true;
  }

  /** A number in [0, 1) for the details of a disruption. */
  detail(source: string, count: number): number {
    return noise(this.#seed, `detail of ${source}`, count);
  }

  /** What happens to the request of this number. */
  requestFault(index: number, { method }: TransportRequest): Fault {
    const drawn = REQUEST_FAULTS[Math.floor(this.detail('request', index) * REQUEST_FAULTS.length)] ?? 'none';
    const fault = method === 'GET' && drawn === 'conflict' ? 'unavailable' : drawn;
    return this.strikes('request', index, 0.1, fault) ? fault : 'none';
  }

  /** What happens to a line of a watch. */
  lineFault(stream: number, line: number): LineFault {
    const count = stream * 1000 + line;
    const number = this.detail('late line', count);
    return {
      turns: this.strikes('late line', count, 0.5) ? Math.floor(number * number * 12) : 0,
      holdMs: this.strikes('held line', count, 0.02) ? Math.floor(this.detail('held line', count) * 8000) : 0,
      twice: this.strikes('doubled line', count, 0.05),
      replay: this.strikes('replayed line', count, 0.04),
      cut: this.strikes('cut', count, 0.02),
      silent: this.strikes('silence', count, 0.003),
      expired: this.strikes('expired', count, 0.005),
    };
  }

  /** How many turns of the event loop a request, or its answer, is late. */
  turns(index: number): number {
    const number = this.detail('late answer', index);
    return this.strikes('late answer', index, 0.6) ? Math.floor(number * number * 12) : 0;
  }
}

/** Weather in which nothing happens. */
export function fairWeather(): Weather {
  const weather = new Weather(0, new Set());
  weather.calm = true;
  return weather;
}
