import { adopt } from '../eval/adopt.ts';
import type { Frame } from '../eval/frame.ts';
import { selfDescribing, raise } from '../eval/shaped.ts';
import type { DataShape } from '../shape.ts';
import type { CelType } from '../types.ts';
import { BOOL, BYTES, DOUBLE, DURATION, DYN, INT, STRING, TIMESTAMP, listType, mapType } from '../types.ts';
import { type Value, boxDouble, doubleOf, fail } from '../values.ts';
import type { PlannedNode } from './planned-node.ts';

/** The plan of a constant. */
export function constantPlan(value: Value, type: CelType): PlannedNode {
  return { type, constant: value, run: () => value };
}

/**
 * Returns a plan whose value shows its own CEL type. A plan for a double boxes it, and a plan for data with a shape
 * converts the data; both get the type dyn. All other plans stay the same.
 */
export function describing(plan: PlannedNode): PlannedNode {
  const { run, shape } = plan;
  if (shape !== undefined) return { type: DYN, run: (frame) => selfDescribing(run(frame), shape) };
  if (plan.type.kind !== 'double') return plan;
  if (plan.constant !== undefined) return constantPlan(boxDouble(plan.constant as number), DYN);
  return { type: DYN, run: (frame) => boxDouble(run(frame) as number) };
}

const SCALARS: Partial<Record<DataShape['kind'], CelType>> = {
  bool: BOOL,
  bytes: BYTES,
  date: TIMESTAMP,
  'date-time': TIMESTAMP,
  double: DOUBLE,
  duration: DURATION,
  int: INT,
  string: STRING,
};

/** A plan that reads data of the caller (plain JavaScript values) by their shape. `run` returns the data. */
export function adopting(run: (frame: Frame) => unknown, shape: DataShape): PlannedNode {
  switch (shape.kind) {
    case 'object':
    case 'map':
    case 'list': {
      // A nullable shape allows null, which is not a container.
      if (shape.nullable) return { type: DYN, run: (frame) => selfDescribing(adopt(run(frame), shape), shape) };
      return { type: shapeType(shape), shape, run: (frame) => adopt(run(frame), shape) as Value };
    }
    case 'string':
      if (shape.nullable) break;
      return {
        type: STRING,
        run: (frame) => {
          const data = run(frame);
          return typeof data === 'string' ? data : (adopt(data, shape) as Value);
        },
      };
    case 'int':
      if (shape.nullable) break;
      return {
        type: INT,
        run: (frame) => {
          const data = run(frame);
          return typeof data === 'number' && Number.isSafeInteger(data) ? data : (adopt(data, shape) as Value);
        },
      };
    default:
  }
  if (shape.nullable) return { type: DYN, run: (frame) => selfDescribing(adopt(run(frame), shape), shape) };
  return { type: SCALARS[shape.kind] ?? DYN, run: (frame) => adopt(run(frame), shape) as Value };
}

function shapeType(shape: DataShape): CelType {
  return shape.kind === 'list' ? listType(DYN) : mapType(DYN, DYN);
}

/** Plans a part of a value. `type` is the known type of the part. The part is converted to the form of this type. */
export function part(run: (frame: Frame) => Value, type: CelType): PlannedNode {
  if (type.kind === 'double') return { type, run: (frame) => unboxDouble(run(frame)) };
  return { type, run: (frame) => raise(run(frame)) };
}

/** The number of a boxed double. */
export function unboxDouble(value: Value): number {
  return doubleOf(raise(value)) ?? fail('no such overload');
}
