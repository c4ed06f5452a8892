/**
 * The state of an object.
 *
 * - `current`: the object matches its spec and is ready.
 * - `inProgress`: the controller of the object is still working, or has not observed the object yet.
 * - `failed`: the object will not become ready without a change.
 * - `terminating`: the object is being deleted.
 */
export type ReadinessState = 'current' | 'inProgress' | 'failed' | 'terminating';

/** The readiness of an object, and its reason. */
export interface Readiness {
  /** True for `current` only. */
  readonly ready: boolean;
  /** True for `failed` only. */
  readonly failed: boolean;
  readonly state: ReadinessState;
  /**
   * One word for programs: a word that the rule defines, such as `Updating`, or a reason or phase from the object's
   * status.
   */
  readonly reason: string;
  /** One sentence for users. It may be empty if the object is ready. */
  readonly message: string;
}
