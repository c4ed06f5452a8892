import type { ApiFailure } from './report.ts';

/**
 * The state of a watch: the initial list is complete, the initial list is pending, or the API server refuses the watch.
 */
export type WatchState =
  | { readonly state: 'synced' | 'pending'; readonly failure?: undefined }
  | { readonly state: 'blocked'; readonly failure: ApiFailure };

/**
 * A recurring conflict about fields of an object. Each time the controller corrects the fields, another client changes
 * them again. With `isOwn`, the controller itself changes the object again and again.
 */
export interface Contest {
  /** Paths of the fields; sorted. */
  readonly fields: readonly string[];
  /** The other managers that owned these fields; sorted. */
  readonly managers: readonly string[];
  /**
   * The end of the pause (milliseconds since the epoch). Until then, the controller does not correct an object that
   * differs only in these fields.
   */
  readonly retryAt: number;
  /**
   * The end of the contest (milliseconds since the epoch), if no further correction of the fields is necessary until
   * then.
   */
  readonly endsAt: number;
  /**
   * Does the controller itself change the object repeatedly, although the spec stays the same? Either the node's
   * expressions read fields that the node writes, or another client changes the data that the expressions read.
   */
  readonly isOwn?: true;
}
