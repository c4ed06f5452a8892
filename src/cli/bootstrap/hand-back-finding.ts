import type { ObjectRef } from '../../core/index.ts';

/** A difference between kro's controller and TypeKro's controller in the handling of an object. */
export interface HandBackFinding {
  /** Absent when something could not be read, so that findings may be missing. */
  readonly object?: ObjectRef;
  /** What kro refuses or handles differently, or what could not be read. */
  readonly problem: string;
  readonly effect: string;
}
