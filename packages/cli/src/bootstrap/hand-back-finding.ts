import type { ObjectRef } from '@typekro/kit/core';

/** A difference between kro's controller and TypeKro's controller in the handling of an object. */
export interface HandBackFinding {
  /** Absent if the finding is about a failed read, after which other findings may be missing. */
  readonly object?: ObjectRef;
  /** The part that kro refuses or handles differently, or the objects that could not be read. */
  readonly problem: string;
  readonly effect: string;
}
