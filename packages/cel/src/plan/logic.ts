import type { Frame } from '../eval/frame.ts';
import { raise } from '../eval/shaped.ts';
import { BOOL, DYN, sameType } from '../types.ts';
import { type Value, EvalFailure, fail } from '../values.ts';
import { describing } from './coerce.ts';
import type { PlannedNode } from './planned-node.ts';

type Run = (frame: Frame) => Value;

/** Returns an error that `&&`, `||`, `all` and `exists` may absorb; throws any other error again. */
export function absorbable(thrown: unknown): EvalFailure {
  if (thrown instanceof EvalFailure && !thrown.fatal) return thrown;
  throw thrown;
}

/** Returns the value of a predicate, or its error if the error is absorbable. Throws any other error again. */
export function attempt(run: Run, frame: Frame): Value | EvalFailure {
  try {
    return run(frame);
  } catch (thrown) {
    return absorbable(thrown);
  }
}

/**
 * `a && b` (`decisive` false) and `a || b` (`decisive` true). The decisive value has precedence over an error of the
 * other operand.
 */
export function planLogic(left: PlannedNode, right: PlannedNode, decisive: boolean): PlannedNode {
  const a: Run = left.run;
  const b: Run = right.run;
  return {
    type: BOOL,
    run: (frame) => {
      let first: Value;
      try {
        first = a(frame);
      } catch (thrown) {
        const failure = absorbable(thrown);
        if (absorbed(b, frame) === decisive) return decisive;
        // oxlint-disable-next-line typescript/only-throw-error -- stackless on purpose, see EvalFailure
        throw failure;
      }
      if (first === decisive) return decisive;
      if (typeof first !== 'boolean') return absorbed(b, frame) === decisive ? decisive : notBool(first);
      const second = b(frame);
      return typeof second === 'boolean' ? second : notBool(second);
    },
  };
}

/** Returns the value; undefined when the evaluation throws an absorbable error. */
function absorbed(run: Run, frame: Frame): Value | undefined {
  try {
    return run(frame);
  } catch (thrown) {
    absorbable(thrown);
    return undefined;
  }
}

function notBool(value: Value): never {
  raise(value);
  return fail('no such overload');
}

/** `condition ? a : b`. */
export function planConditional(condition: PlannedNode, then: PlannedNode, otherwise: PlannedNode): PlannedNode {
  const test = condition.run;
  const same = then.shape === undefined && otherwise.shape === undefined && sameType(then.type, otherwise.type);
  const a = same ? then : describing(then);
  const b = same ? otherwise : describing(otherwise);
  const { run: x } = a;
  const { run: y } = b;
  return {
    type: sameType(a.type, b.type) ? a.type : DYN,
    run: (frame) => {
      const chosen = test(frame);
      return chosen === true ? x(frame) : chosen === false ? y(frame) : notBool(chosen);
    },
  };
}
