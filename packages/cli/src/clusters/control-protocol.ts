import type { MovableClock } from '@typekro/cluster';
import type { HeldFaults } from './held-faults.ts';

/** The operations on a cluster that the control interface offers. */
export interface ControlledCluster {
  /** The number of objects. */
  objects(): number;
  /** The reason why the cluster refuses writes or fails; `undefined` when it works. */
  problem(): string | undefined;
  /** The lines of a snapshot of the present content. */
  snapshot(): Iterable<string>;
  /**
   * Replaces the whole content by the content of a snapshot.
   *
   * @throws TypeKroError `cluster/snapshot-unreadable`; the content is then not changed
   */
  restore(bytes: Uint8Array): Promise<void>;
  /** Replaces the whole content by the content of a new cluster. */
  reset(): Promise<void>;
  /** Ends the process after the response was sent. */
  stop(): void;
  /** The fault rules that clients added. */
  readonly faults: HeldFaults;
  /** The clock of the cluster. */
  readonly clock: Pick<MovableClock, 'now' | 'aheadMs' | 'advanceSettled'>;
  /** Resolves when no simulated controller has work for the present time. */
  idle(): Promise<void>;
  /**
   * Closes the socket of the API with all connections, and opens it again at the same address after a pause, like a restart
   * of the server. The objects and the rules stay.
   *
   * @throws TypeKroError `cluster/restart` when the address cannot be opened again; the process then ends.
   */
  restart(pauseMs: number): Promise<void>;
}

/** The paths of the control interface, with their methods. */
export const CONTROL_PATHS = {
  status: ['GET', '/status'],
  snapshot: ['GET', '/snapshot'],
  restore: ['POST', '/restore'],
  reset: ['POST', '/reset'],
  stop: ['POST', '/stop'],
  faults: ['GET', '/v1/faults'],
  addFaults: ['POST', '/v1/faults'],
  clearFaults: ['DELETE', '/v1/faults'],
  removeFault: ['DELETE', '/v1/faults/'],
  clock: ['GET', '/v1/clock'],
  advanceClock: ['POST', '/v1/clock'],
  restart: ['POST', '/v1/restart'],
} as const;

export type ControlAction = keyof typeof CONTROL_PATHS;

/** The actions whose path ends with the name of a rule. */
export const NAMED_ACTIONS: ReadonlySet<ControlAction> = new Set(['removeFault']);
