/** What a life under faults must hold to. `docs/testing.md` explains each. */
export type Invariant =
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

/** Something that happened in a life: a fault, a step of the test, an act of another client. */
export interface LifeEvent {
  /** Virtual time since the start of the life, in milliseconds. */
  readonly atMs: number;
  readonly text: string;
}

/** An invariant that a life did not hold to. */
export interface LifeFinding {
  readonly invariant: Invariant;
  readonly expected: string;
  readonly received: string;
  /** Why, in the controller's words, where it is known. */
  readonly because?: string;
  /** Virtual time since the start of the life, in milliseconds. */
  readonly atMs: number;
  /** The last events before, oldest first; at most `MAX_EVENTS`. */
  readonly events: readonly LifeEvent[];
}

/** A finding with the life in which it was made. */
export interface LifeFailure extends LifeFinding {
  /** The name of the test whose steps the life had. */
  readonly test: string;
  /** Replays the life; absent: it shows without faults. */
  readonly seed?: number;
}

/** Something about the lives of a test that is no failure. */
export interface LifeNote {
  readonly test: string;
  readonly text: string;
}

/** What the lives of a graph came to. */
export interface FaultTestResult {
  /** How many lives were asked for. */
  readonly planned: number;
  /** How many ran: fewer after an interrupt, or when tests fail without faults. */
  readonly lives: number;
  /** The seed of the first life; each further life has the next number. */
  readonly seed: number;
  /** All findings, by the order of the lives. */
  readonly failures: readonly LifeFailure[];
  readonly notes: readonly LifeNote[];
  readonly milliseconds: number;
}

/** How many events before a finding are kept. */
export const MAX_EVENTS = 8;
