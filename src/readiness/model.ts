/**
 * State of an object.
 *
 * - `current`: it is what its spec asks for, and ready.
 * - `inProgress`: its controller is still at work (or has not looked at it yet).
 * - `failed`: it will not become ready without a change.
 * - `terminating`: it is being deleted.
 */
export type ReadinessState = 'current' | 'inProgress' | 'failed' | 'terminating';

/** The readiness of an object, and its reason. */
export interface Readiness {
  /** True for `current` only. */
  readonly ready: boolean;
  /** True for `failed` only. */
  readonly failed: boolean;
  readonly state: ReadinessState;
  /** One word in CamelCase, stable. */
  readonly reason: string;
  /** One sentence for people; empty when the object is ready and there is nothing to say. */
  readonly message: string;
}
