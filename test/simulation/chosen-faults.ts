import type { TransportRequest } from '../../src/kube/index.ts';
import type { Fault, LineFault } from '../../src/testing/simulation/weather.ts';
import { Weather } from '../../src/testing/simulation/weather.ts';

/** Weather with exactly these faults, keyed by the number of the request. */
export class TheseFaults extends Weather {
  readonly #faults: ReadonlyMap<number, Fault>;

  constructor(faults: ReadonlyMap<number, Fault>) {
    super(0, new Set());
    this.#faults = faults;
  }

  override requestFault(index: number, request: TransportRequest): Fault {
    const fault = this.#faults.get(index);
    if (this.calm || fault === undefined || (request.method === 'GET' && fault === 'conflict')) return 'none';
    this.struck.push(`request ${index} (${fault})`);
    return fault;
  }
}

/**
 * Weather in which the server answers `410 Gone` (an expired watch) in place of one line of a watch. Position 0 expires
 * no line.
 */
export class LostLine extends Weather {
  readonly #at: number;
  /** The number of watch lines until the weather became calm. */
  lines = 0;

  constructor(at: number) {
    super(0, new Set());
    this.#at = at;
  }

  override lineFault(stream: number, line: number): LineFault {
    if (!this.calm) this.lines += 1;
    return { ...super.lineFault(stream, line), expired: !this.calm && this.lines === this.#at };
  }
}
