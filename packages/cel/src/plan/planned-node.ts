import type { Frame } from '../eval/frame.ts';
import type { DataShape } from '../shape.ts';
import type { CelType } from '../types.ts';
import type { Value } from '../values.ts';

/**
 * A path such as `a.b.c`: a variable and the fields that the path reads. All values on the path are objects of foreign
 * data (data from outside CEL). One closure reads the whole path.
 */
export interface Chain {
  /** The beginning of the path: a variable of the program, or a loop variable. */
  readonly root: { readonly local: boolean; readonly slot: number; readonly name: string };
  /** For each step of the path, the shape of the data that the step reads from. */
  readonly shapes: readonly DataShape[];
  /** JSON names of the fields. */
  readonly names: readonly string[];
  /** The fields as the expression writes them, for messages. */
  readonly fields: readonly string[];
}

/**
 * A planned node. `type` is the known type of its value. The type determines the form of the value:
 *
 * - `double`: a plain number;
 * - `dyn`: a self-describing value (see `values.ts`) of unknown type;
 * - any other: a self-describing value of that type, whose parts are self-describing, too.
 *
 * With a `shape`, the value is foreign data: an object, map or list whose kind has been checked. Its parts are read
 * through the shape.
 */
export interface PlannedNode {
  readonly type: CelType;
  readonly shape?: DataShape;
  /** The path to the data, if the node reads an object from a variable or from a field of a variable. */
  readonly chain?: Chain;
  /** The operands of a string concatenation. */
  readonly texts?: readonly ((frame: Frame) => Value)[];
  /** The value, if it is constant. */
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

/** Refuses to plan the program. */
export function throwPlanError(message: string): never {
  // oxlint-disable-next-line typescript/only-throw-error -- caught by planProgram, never seen outside
  throw new PlanError(message);
}
