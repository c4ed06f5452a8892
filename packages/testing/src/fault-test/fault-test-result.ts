/**
 * The invariants of a life. A life is one run of a test, usually under faults. `docs/testing.md` explains each
 * invariant.
 */
export type Invariant =
  | 'expectation'
  | 'orphan'
  | 'stuck'
  | 'flap'
  | 'missing'
  | 'differs'
  | 'restless'
  | 'endless'
  | 'order'
  | 'finalizer'
  | 'inventory'
  | 'ownership';

/** An event of a life: a fault, a step of the test, or a write of another client. */
export interface LifeEvent {
  /** Virtual time since the start of the life, in milliseconds. */
  readonly atMs: number;
  readonly text: string;
}

/** A violation of an invariant in a life. */
export interface LifeFinding {
  readonly invariant: Invariant;
  readonly expected: string;
  readonly received: string;
  /** The reason in the controller's words, if it is known. */
  readonly because?: string;
  /** Virtual time since the start of the life, in milliseconds. */
  readonly atMs: number;
  /** The last events before the finding, oldest first; at most `MAX_EVENTS`. */
  readonly events: readonly LifeEvent[];
}

/** A finding, and the life in which it occurred. */
export interface LifeFailure extends LifeFinding {
  /** The name of the test whose steps the life carried out. */
  readonly test: string;
  /** The seed that replays the life; absent for a finding of the life without faults. */
  readonly seed?: number;
}

/** An observation about the lives of a test. It is not a failure. */
export interface LifeNote {
  readonly test: string;
  readonly text: string;
}

/** The result of a graph's lives. */
export interface FaultTestResult {
  /** The requested number of lives. */
  readonly planned: number;
  /**
   * The number of lives that ran. It is smaller than `planned` after an interrupt, or when tests fail without faults.
   */
  readonly lives: number;
  /** The seed of the first life. Each following life has the next number. */
  readonly seed: number;
  /** All findings, in the order of the lives. */
  readonly failures: readonly LifeFailure[];
  readonly notes: readonly LifeNote[];
  readonly milliseconds: number;
}

/** The maximum number of events that a finding lists. */
export const MAX_EVENTS = 8;
