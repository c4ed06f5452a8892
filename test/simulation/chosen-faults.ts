import type { TransportRequest } from '@typekro/kube';
import { type Fault, type LineFault, FaultSchedule } from '../../packages/testing/src/simulation/fault-schedule.ts';

/**
 * A schedule with only these faults. The keys are the numbers of the requests. A `GET` never gets the fault `conflict`.
 */
export class TheseFaults extends FaultSchedule {
  readonly #faults: ReadonlyMap<number, Fault>;

  constructor(faults: ReadonlyMap<number, Fault>) {
    super(0, new Set());
    this.#faults = faults;
  }

  override requestFault(index: number, request: TransportRequest): Fault {
    const fault = this.#faults.get(index);
    if (this.isOver || fault === undefined || (request.method === 'GET' && fault === 'conflict')) return 'none';
    this.happened.push(`request ${index} (${fault})`);
    return fault;
  }
}

/**
 * A schedule in which the server sends `410 Gone` (an expired watch) instead of the watch line with the number `at`.
 * With 0, no line is replaced.
 */
export class LostLine extends FaultSchedule {
  readonly #at: number;
  /** The number of watch lines before the faults end. */
  lines = 0;

  constructor(at: number) {
    super(0, new Set());
    this.#at = at;
  }

  override lineFault(stream: number, line: number): LineFault {
    if (!this.isOver) this.lines += 1;
    return { ...super.lineFault(stream, line), expired: !this.isOver && this.lines === this.#at };
  }
}
