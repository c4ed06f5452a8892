import { macro } from './build.ts';
import { type Node, type Variable, isLiteral } from './node.ts';
import { type StaticType, listOf } from './types.ts';

/** A loop over a list: its accumulator, and the value of the accumulator after each iteration. */
export interface ListFold {
  readonly list: Node;
  readonly loop: Variable;
  readonly element: StaticType;
  readonly accumulator: Variable;
  /** The value of the accumulator before the loop. */
  readonly initial: Node;
  /** The value of the accumulator after one iteration, in terms of the accumulator and the loop variable. */
  readonly next: Node;
}

/** A list with the value of an expression for each element. */
export function mapped(fold: ListFold, body: Node): Node {
  return body.kind === 'var' && body.variable === fold.loop
    ? fold.list
    : macro('map', fold.list, [fold.loop], [body], listOf(body.type));
}

/** The elements for which a condition is true. */
export function filtered(fold: ListFold, test: Node): Node {
  return isLiteral(test, true) ? fold.list : macro('filter', fold.list, [fold.loop], [test], listOf(fold.element));
}
