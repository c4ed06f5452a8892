import type { ApiFailure } from './report.ts';

/** The state of a watch: its list is complete, its list is still to come, or the API server refuses it. */
export type WatchState =
  | { readonly state: 'synced' | 'pending'; readonly failure?: undefined }
  | { readonly state: 'blocked'; readonly failure: ApiFailure };

/** A recurring conflict: another client changes the same fields each time after the controller corrected them. */
export interface Contest {
  /** Paths of the fields; sorted. */
  readonly fields: readonly string[];
  /** The other managers that owned these fields; sorted. */
  readonly managers: readonly string[];
  /**
   * Before this time (milliseconds since the epoch) the controller does not correct an object that differs only in
   * these fields.
   */
  readonly retryAt: number;
  /**
   * The contest ends at this time (milliseconds since the epoch), unless the controller has to correct the fields
   * before.
   */
  readonly endsAt: number;
  /**
   * Does the controller itself change the object again and again, while the spec stays? The expressions of the node
   * then read what the node writes, or another client changes the data that they read.
   */
  readonly isOwn?: true;
}
