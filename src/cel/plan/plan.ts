import type { Frame } from '../eval/frame.ts';
import type { DataShape } from '../shape.ts';
import type { CelType } from '../types.ts';
import type { Value } from '../values.ts';

/**
 * A variable and fields read from it, one after the other, through objects of foreign data: `a.b.c`. Kept
 * together so that one closure reads the whole path.
 */
export interface Chain {
  /** Where the data begins: a variable of the program, or a loop variable. */
  readonly root: { readonly local: boolean; readonly slot: number; readonly name: string };
  /** Shape of the data before each step. */
  readonly shapes: readonly DataShape[];
  /** JSON names of the fields. */
  readonly names: readonly string[];
  /** The fields as they are written, for messages. */
  readonly fields: readonly string[];
}

/**
 * A planned node. `type` is what is known of its value, and says in which form it comes:
 *
 * - `double`: a plain number;
 * - `dyn`: a self-describing value of which nothing is known;
 * - any other: a self-describing value of that type, parts included;
 *
 * and with a `shape` the value is foreign data of that shape (object, map or list), already known to be of
 * its kind, whose parts are still to be read through it.
 */
export interface Plan {
  readonly type: CelType;
  readonly shape?: DataShape;
  /** How the data is reached, where it is a variable's or a part of one. */
  readonly chain?: Chain;
  /** The texts that a concatenation joins. */
  readonly texts?: readonly ((frame: Frame) => Value)[];
  /** The value itself where it is constant. */
  readonly constant?: Value;
  readonly run: (frame: Frame) => Value;
}

/** A refusal to plan, reported as an error of the `program` phase. */
export class PlanError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** Refuses to plan. */
export function throwPlanError(message: string): never {
  // oxlint-disable-next-line typescript/only-throw-error -- caught by planProgram, never seen outside
  throw new PlanError(message);
}
